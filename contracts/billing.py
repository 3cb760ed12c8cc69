"""What travels between the company and its billing system: customers, estimates, invoices."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from contracts.values import Money


@dataclass(frozen=True, slots=True)
class CustomerRecord:
    """Who is billed; `account` is our own stable id of the client company."""

    account: UUID
    name: str
    email: str


@dataclass(frozen=True, slots=True)
class LineItem:
    """One position of an estimate or an invoice."""

    description: str
    amount: Money


@dataclass(frozen=True, slots=True)
class EstimateRecord:
    """An estimate as the billing system should hold it, open for the client until its last day."""

    customer: str
    deal_id: str
    lines: Sequence[LineItem]
    valid_until: date
    note: str = ""


@dataclass(frozen=True, slots=True)
class InvoiceRecord:
    """An invoice as the billing system should hold it as a draft; all lines are in one currency."""

    customer: str
    deal_id: str
    lines: Sequence[LineItem]
    days_until_due: int
    note: str = ""


@dataclass(frozen=True, slots=True)
class InvoiceSnapshot:
    """An invoice as the billing system shows it now; `status` is draft, open, paid, void or uncollectible.

    `payment_id` is the payment that has settled it, by which a refund names it.
    """

    id: str
    key: str | None
    deal_id: str | None
    number: str | None
    status: str
    total: Money
    paid: Money
    due_on: date | None
    url: str
    payment_id: str | None = None
