"""All suites by the flow whose batch they check; one more path's suite is one more line."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from contracts.catalog import catalog
from expectations.cancellation import CANCELLATION
from expectations.delivery import DELIVERY
from expectations.discovery import DISCOVERY
from expectations.freshness import FRESH
from expectations.invoice import INVOICE, RECEIVABLE, REMINDER, VOID
from expectations.lead import LEAD
from expectations.milestone import MILESTONE
from expectations.named import Named
from expectations.payment import DUNNING, PAYMENT, REFUND
from expectations.proposal import PROPOSAL
from expectations.report import Kind, Route

PATHS: Final[Mapping[str, Mapping[type[Named], Route]]] = {
    "lead": LEAD,
    "discovery": DISCOVERY,
    "proposal": PROPOSAL,
    "change": PROPOSAL,
    "delivery": DELIVERY,
    "milestone": MILESTONE,
    "invoice": INVOICE,
    "receivable": RECEIVABLE,
    "reminder": REMINDER,
    "void": VOID,
    "payment": PAYMENT,
    "dunning": DUNNING,
    "refund": REFUND,
    "cancellation": CANCELLATION,
}

SUITES: Final[Mapping[str, Mapping[type[Named], Route]]] = {
    entry.flow: {**PATHS[entry.flow], FRESH[entry.freshness]: Route.INTEGRATION_OWNER}
    for entry in catalog().entries.values()
    if entry.flow in PATHS
}
"""Each path's suite, with how late its event may be told."""

NO_MONEY = "the event moves no money"
OPENING = "the deal is not read in the CRM; that the event follows its case is seen as the batch opens (`lifecycle/stages.py`)"
BEGINS = "the event begins a case: it names nothing of ours that the ledger could know"
SEVERAL = "two such events of a deal are two movements; the inbox keeps each of them once"

WITHOUT: Final[Mapping[str, Mapping[Kind, str]]] = {
    "lead": {Kind.REFERENCE: BEGINS, Kind.TOTAL: "one amount, and no parts to add up", Kind.SEQUENCE: OPENING},
    "discovery": {
        Kind.REFERENCE: BEGINS,
        Kind.TOTAL: "one amount, and no parts to add up",
        Kind.SEQUENCE: "no stage could contradict it; that it comes early or late is seen as the batch opens",
    },
    "milestone": {
        Kind.VOCABULARY: "a milestone's name is its team's own",
        Kind.TOTAL: "milestones carry no amounts: what is owed is agreed once, and invoiced at the end",
        Kind.CURRENCY: NO_MONEY,
    },
    "receivable": {Kind.SEQUENCE: OPENING},
    "reminder": {Kind.SEQUENCE: "an invoice is owed, whatever became of the deal; whether it still is, its status says"},
    "void": {Kind.SEQUENCE: OPENING},
    "payment": {Kind.SEQUENCE: OPENING},
    "dunning": {Kind.UNIQUENESS: SEVERAL, Kind.SEQUENCE: OPENING},
    "refund": {Kind.UNIQUENESS: SEVERAL, Kind.SEQUENCE: OPENING},
    "cancellation": {
        Kind.RANGE: "the event carries no number",
        Kind.REFERENCE: "the event names its deal and nothing else, and by that its case was found",
        Kind.TOTAL: NO_MONEY,
        Kind.CURRENCY: NO_MONEY,
    },
}
"""Why a suite has no expectation of a kind; a test of the house demands the one or the other."""
