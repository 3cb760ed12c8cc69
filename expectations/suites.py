"""All suites by the flow whose batch they check; one more path's suite is one more line."""

from __future__ import annotations

from collections.abc import Mapping

from expectations.cancellation import CANCELLATION
from expectations.delivery import DELIVERY
from expectations.discovery import DISCOVERY
from expectations.invoice import INVOICE, RECEIVABLE, REMINDER, VOID
from expectations.lead import LEAD
from expectations.milestone import MILESTONE
from expectations.named import Expectation
from expectations.payment import DUNNING, PAYMENT, REFUND
from expectations.proposal import PROPOSAL
from expectations.report import Route

SUITES: Mapping[str, Mapping[type[Expectation], Route]] = {
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
