from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Any
from uuid import uuid4

import pytest

from expectations.gate import Gate
from expectations.rows import Row

RowOf = Callable[..., Row]


@pytest.fixture(scope="session")
def gate() -> Gate:
    """The gate as every process has it: one, warm."""
    return Gate()


@pytest.fixture
def good_row() -> RowOf:
    """Rows that pass their suite, each of its own event and case, with columns to be changed."""

    def of(suite: str, **changed: Any) -> Row:
        return {"event_id": uuid4(), "case_id": uuid4(), **GOOD[suite], **changed}

    return of


TOLD: Row = {"late": 0.0}
DEAL: Row = {**TOLD, "account": "Northwind GmbH", "email": "ada@northwind.example", "owner": "sales-1"}
MONEY: Row = {"amount": 15000.1, "currency": "EUR", "line_currency": "EUR"}
OFFER: Row = {"service": "training", "lines_total": 15000.1, "clauses": 4, "unapproved_clauses": 0, "payment_days": 30}
DECISION: Row = {"decision": "approved", "deal_in_decision": True, "approved_by": "head-of-sales", "document_of_deal": True}
BILLED: Row = {"billed": 15000.1, "billed_currency": "EUR", "invoice_of_deal": True}
OPEN: Row = {"crm_stage": "won"}
GOOD: dict[str, Row] = {
    "lead": {
        **TOLD,
        "company": "Northwind GmbH",
        "domain": "northwind.example",
        "email": "ada@northwind.example",
        "slip_of": None,
        "owner": "sales-1",
        "confidence": 0.93,
        "amount": 15000.0,
        "currency": "EUR",
    },
    "discovery": {
        **TOLD,
        "account": "Northwind GmbH",
        "owner": "sales-1",
        "stage": "engaging",
        "amount": 15000.0,
        "currency": "EUR",
    },
    "proposal": {**DEAL, **MONEY, **OFFER, "crm_stage": "discovered", "line_currency": None},
    "change": {**DEAL, **OPEN, **MONEY, **OFFER},
    "delivery": {**DEAL, **OPEN, **MONEY, **DECISION, "lines_total": 15000.1},
    "milestone": {**DEAL, **OPEN, "request": "8101", "approved_notes": 1, "milestone": "Data is loaded"},
    "invoice": {**DEAL, **OPEN, **MONEY, "agreed": 15000.1, "lines_total": 15000.1, "payment_days": 30},
    "receivable": {**DEAL, **MONEY, **BILLED, "invoice_status": "open", "due_on": date(2026, 12, 23)},
    "reminder": {**DEAL, **MONEY, **BILLED, "invoice_status": "open", "days": 7},
    "void": {**DEAL, **MONEY, "invoice_of_deal": True, "invoice_status": "void", "invoiced": 15000.1, "paid": 0.0},
    "payment": {**DEAL, **MONEY, **BILLED, "invoice_status": "paid", "invoiced": 15000.1},
    "dunning": {**DEAL, **MONEY, "invoice_of_deal": True, "invoice_status": "open", "invoiced": 15000.1, "paid": 0.0},
    "refund": {**DEAL, **MONEY, "invoice_of_deal": True, "invoice_status": "paid", "invoiced": 15000.1, "paid": 15000.1},
    "cancellation": {**DEAL, "invoice_status": "open", "reason": "The client has no budget any more"},
}
