"""One flat row per event, as the suites read it. It must stay free of Great Expectations, which takes seconds to import."""

from __future__ import annotations

from functools import singledispatch
from typing import Any
from uuid import UUID

from contracts.lead import LeadQualifiedV1
from contracts.opportunity import OpportunityCreatedV1
from contracts.values import Contract, Money

Row = dict[str, Any]
"""Column to value; every row of a suite has the same columns, and None where the event says nothing."""


@singledispatch
def row(payload: Contract, *, event: UUID, case: UUID) -> Row:
    """Return the row of an event for its path's suite; amounts are in major units.

    Raises:
        TypeError: the event's path has no suite.
    """
    raise TypeError(f"{type(payload).__name__} has no quality suite")


@row.register
def _lead(payload: LeadQualifiedV1, *, event: UUID, case: UUID) -> Row:
    company, person = payload.company, payload.person
    return {
        "event_id": event,
        "case_id": case,
        "company": company.name if company else None,
        "domain": company.domain if company else None,
        "email": person.email if person else None,
        "owner": payload.owner,
        "confidence": payload.confidence,
        **_amount(payload.amount),
    }


@row.register
def _opportunity(payload: OpportunityCreatedV1, *, event: UUID, case: UUID) -> Row:
    return {
        "event_id": event,
        "case_id": case,
        "account": payload.account.name if payload.account else None,
        "owner": payload.owner,
        "stage": payload.stage.value,
        **_amount(payload.amount),
    }


def _amount(money: Money | None) -> Row:
    return {"amount": float(money.decimal()) if money else None, "currency": money.currency if money else None}
