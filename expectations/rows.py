"""One flat row per event, as the suites read it. It must stay free of Great Expectations, which takes seconds to import."""

from __future__ import annotations

from collections.abc import Mapping
from functools import singledispatch
from typing import Any, Final
from uuid import UUID

from contracts.cancellation import DealCancelledV1
from contracts.delivery import DeliveryCompletedV1, MilestoneReachedV1
from contracts.domains import misspelt
from contracts.invoice import InvoiceIssuedV1, InvoiceOverdueV1, InvoiceVoidedV1
from contracts.lead import LeadQualified
from contracts.opportunity import OpportunityCreatedV1
from contracts.payment import PaymentConfirmedV1, PaymentFailedV1, PaymentRefundedV1
from contracts.proposal import Offer, ProposalApprovedV1
from contracts.values import Contract, Money

Row = dict[str, Any]
"""Column to value; every row of a suite has the same columns, and None where nothing is known."""

Facts = Mapping[str, Any]
"""What the flow has read of the deal in the CRM, the billing system and the ledger; a fact that it has not looked up is None.

Amounts are in major units. `amount` is what the event says or leaves to be read, `billed` what the billing system shows of it,
`agreed`, `invoiced` and `paid` what the case's continuity line adds up to, and `line_currency` is the currency of that line.
`answered` names the fields for which a person has given the value.
`late` is by how many seconds the source told later than it happened, `crm_stage` where the deal stands in the CRM.
"""

DEAL: Final = ("account", "email", "owner")
CLOSEST: Final = 4
"""Decimals of the finest currency: amounts are compared to the cent, whatever a sum of floats has added behind it."""


@singledispatch
def row(payload: Contract, *, event: UUID, case: UUID, facts: Facts) -> Row:
    """Return the row of an event for its path's suite; amounts are in major units.

    Raises:
        TypeError: the event's path has no suite.
    """
    raise TypeError(f"{type(payload).__name__} has no quality suite")


@row.register
def _lead(payload: LeadQualified, *, event: UUID, case: UUID, facts: Facts) -> Row:
    company, person = payload.company, payload.person
    return {
        **_told(event, case, facts),
        "company": company.name if company else None,
        "domain": company.domain if company else None,
        "email": person.email if person else None,
        "slip_of": None if "person.email" in facts.get("answered", ()) else _slip_of(payload),
        "owner": payload.owner,
        "confidence": payload.confidence,
        **_amount(payload.amount),
    }


def _slip_of(lead: LeadQualified) -> str | None:
    """Which domain the address that a sender wrote is a slip of; what the CRM holds is kept by people there."""
    if lead.person is None or lead.contact_id is not None:
        return None
    return misspelt(lead.person.email.rpartition("@")[2], lead.company.domain if lead.company else None)


@row.register
def _opportunity(payload: OpportunityCreatedV1, *, event: UUID, case: UUID, facts: Facts) -> Row:
    return {
        **_told(event, case, facts),
        "account": payload.account.name if payload.account else None,
        "owner": payload.owner,
        "stage": payload.stage.value,
        **_amount(payload.amount),
    }


@row.register
def _offer(payload: Offer, *, event: UUID, case: UUID, facts: Facts) -> Row:
    looked_up = ("crm_stage", "service", "amount", "currency", "line_currency", "lines_total", "clauses", "unapproved_clauses")
    return {**_told(event, case, facts), **_known(facts, *looked_up), "payment_days": payload.payment_days}


@row.register
def _approval(payload: ProposalApprovedV1, *, event: UUID, case: UUID, facts: Facts) -> Row:
    known = _known(facts, "crm_stage", "decision", "approved_by", "amount", "currency", "line_currency", "lines_total")
    references = {name: facts.get(name) is True for name in ("deal_in_decision", "document_of_deal")}
    return {**_told(event, case, facts), **known, **references}


@row.register
def _milestone(payload: MilestoneReachedV1, *, event: UUID, case: UUID, facts: Facts) -> Row:
    return {
        **_told(event, case, facts),
        **_known(facts, "crm_stage", "request", "approved_notes"),
        "milestone": payload.milestone,
    }


@row.register
def _delivered(payload: DeliveryCompletedV1, *, event: UUID, case: UUID, facts: Facts) -> Row:
    looked_up = ("crm_stage", "agreed", "amount", "currency", "line_currency", "lines_total", "payment_days")
    return {**_told(event, case, facts), **_known(facts, *looked_up)}


@row.register
def _issued(payload: InvoiceIssuedV1, *, event: UUID, case: UUID, facts: Facts) -> Row:
    known = _known(facts, "invoice_status", "amount", "currency", "billed", "billed_currency", "due_on")
    return {**_told(event, case, facts), **known, **_named(facts)}


@row.register
def _overdue(payload: InvoiceOverdueV1, *, event: UUID, case: UUID, facts: Facts) -> Row:
    known = _known(facts, "invoice_status", "amount", "currency", "billed", "billed_currency")
    return {**_told(event, case, facts), **known, **_named(facts), "days": payload.days}


@row.register
def _confirmed(payload: PaymentConfirmedV1, *, event: UUID, case: UUID, facts: Facts) -> Row:
    known = _known(facts, "invoice_status", "amount", "currency", "billed", "billed_currency", "invoiced", "line_currency")
    return {**_told(event, case, facts), **known, **_named(facts)}


@row.register(InvoiceVoidedV1)
@row.register(PaymentFailedV1)
@row.register(PaymentRefundedV1)
def _money_back(payload: Contract, *, event: UUID, case: UUID, facts: Facts) -> Row:
    known = _known(facts, "invoice_status", "amount", "currency", "invoiced", "paid", "line_currency")
    return {**_told(event, case, facts), **known, **_named(facts)}


@row.register
def _cancelled(payload: DealCancelledV1, *, event: UUID, case: UUID, facts: Facts) -> Row:
    return {**_told(event, case, facts), **_known(facts, "invoice_status"), "reason": payload.reason or None}


def _told(event: UUID, case: UUID, facts: Facts) -> Row:
    """What every row has: whose it is, and how late it was told."""
    return {"event_id": event, "case_id": case, "late": facts.get("late")}


def _known(facts: Facts, *names: str) -> Row:
    found = {name: facts.get(name) for name in (*DEAL, *names)}
    return {name: round(value, CLOSEST) if isinstance(value, float) else value for name, value in found.items()}


def _named(facts: Facts) -> Row:
    return {"invoice_of_deal": facts.get("invoice_of_deal") is True}


def _amount(money: Money | None) -> Row:
    return {"amount": float(money.decimal()) if money else None, "currency": money.currency if money else None}
