"""`invoice.issued`, `invoice.overdue`, `invoice.voided`: what is owed."""

from __future__ import annotations

from datetime import date
from typing import Annotated

from pydantic import Field

from contracts.deal import OfDeal, Record
from contracts.values import Money, Name


class InvoiceIssuedV1(OfDeal):
    """An invoice is out, version 1; what is not named is read in the billing system. Identity: the event's source and id."""

    invoice_id: Record | None = None
    number: Name | None = None
    amount: Money | None = None
    due_on: date | None = None
    url: Annotated[str, Field(max_length=2000)] | None = None


class InvoiceOverdueV1(OfDeal):
    """An invoice is not paid so many days after it was due, version 1. Identity: the invoice and the days."""

    invoice_id: Record
    days: Annotated[int, Field(strict=True, ge=1, le=3650, description="Days since it was due")]
    amount: Money | None = None


class InvoiceVoidedV1(OfDeal):
    """An invoice was taken back, version 1. Identity: the invoice."""

    invoice_id: Record
    amount: Money
