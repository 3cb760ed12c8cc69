"""Looking at open invoices: what became of them in the billing system becomes of them here; an overdue one is a reminder."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import UTC, date, datetime
from typing import Any

from prefect import task

from contracts.billing import InvoiceSnapshot
from contracts.event import Envelope
from contracts.invoice import InvoiceOverdueV1, InvoiceVoidedV1
from contracts.payment import PaymentConfirmedV1
from contracts.values import Contract
from ledger.intake import Receipt, receive
from lifecycle.ageing import reminder_due
from lifecycle.events import envelope
from runtime.wiring import runtime
from tasks.options import retries_of

PAID, OVERDUE, VOIDED = "payment.confirmed", "invoice.overdue", "invoice.voided"
BILLING_SOURCE = "stripe"
"""Where the billing system's own webhook says it comes from: what is found here and told there is one event."""


@task(name="Read open invoices from the billing system", **retries_of(OVERDUE))
async def read_invoices(ids: Collection[str]) -> Mapping[str, InvoiceSnapshot]:
    """Return the invoices that exist there among `ids`."""
    return await runtime().billing.read_invoices(ids) if ids else {}


@task(name="Enter what became of them", **retries_of(OVERDUE))
async def enter(events: Sequence[dict[str, Any]]) -> Sequence[Receipt]:
    """Let these events come in; those that came in before are answered as duplicates."""
    house = runtime()
    return await receive(house.ledger, house.catalog, [(Envelope.model_validate(one), one) for one in events])


def event_of(row: Any, invoice: InvoiceSnapshot, today: date) -> dict[str, Any] | None:
    """Return the event that an open invoice gives cause for: paid, taken back, overdue, or None."""
    if invoice.status == "paid":
        paid = PaymentConfirmedV1(deal_id=row.crm_deal_id, invoice_id=invoice.id, amount=invoice.paid)
        return _event(PAID, f"{invoice.id}/paid", paid) | {"source": BILLING_SOURCE}
    if invoice.status == "void":
        void = InvoiceVoidedV1(deal_id=row.crm_deal_id, invoice_id=invoice.id, amount=invoice.total)
        return _event(VOIDED, f"{invoice.id}/voided", void) | {"source": BILLING_SOURCE}
    due_on = invoice.due_on or row.due_on
    days = reminder_due(due_on, today) if due_on and invoice.status == "open" else None
    if days is None:
        return None
    overdue = InvoiceOverdueV1(deal_id=row.crm_deal_id, invoice_id=invoice.id, days=days, amount=invoice.total)
    return _event(OVERDUE, f"{invoice.id}/overdue/{days}", overdue)


def _event(event_type: str, external_id: str, data: Contract) -> dict[str, Any]:
    contract = f"{event_type}/{runtime().catalog[event_type].contract}"
    return envelope(event_type, external_id, contract, data.model_dump(mode="json", exclude_none=True), datetime.now(UTC))
