"""The steps of the paths behind an invoice: it is told, reminded of, paid, failed, refunded or taken back."""

from __future__ import annotations

from typing import Any

from prefect import task

from contracts.billing import InvoiceSnapshot
from contracts.invoice import InvoiceOverdueV1, InvoiceVoidedV1
from contracts.letters import Letter
from contracts.payment import PaymentConfirmedV1, PaymentRefundedV1
from contracts.records import DealChange
from contracts.values import Money
from ledger.continuity import line
from lifecycle.continuity import Kind
from lifecycle.letters import reminder
from lifecycle.payment import MARKS
from lifecycle.references import reference
from runtime.wiring import runtime
from tasks.batch import Batch, Item
from tasks.deal import person_facts
from tasks.effects import once
from tasks.letters import addressed, letter, read_threads
from tasks.options import retries_of

RETRIES = retries_of("payment.confirmed")
RECONCILE = (
    "compare the payment in billing with the deal's line (`towline case`); correct one of them, or close it with `towline leave`"
)


@task(name="Read invoices from billing", **RETRIES)
async def read_invoices(batch: Batch[Any]) -> None:
    """Note each case's line and its invoice as billing shows it, and fill in what the event leaves to be read there."""
    async with runtime().ledger.begin() as books:
        entries = await books.continuity.of_cases([item.case for item in batch])
    for item in batch:
        rows = entries.get(item.case, ())
        item.facts["before"] = line(rows, without=item.event)
        ours = [row.reference for row in rows if row.kind == Kind.INVOICED and row.minor > 0]
        item.facts["invoice_id"] = getattr(item.payload, "invoice_id", None) or next(reversed(ours), None)
        item.facts["invoice_of_deal"] = item.facts["invoice_id"] in ours
    found = await runtime().billing.read_invoices({item.facts["invoice_id"] for item in batch if item.facts["invoice_id"]})
    for item in batch:
        invoice = item.facts["invoice"] = found.get(item.facts["invoice_id"])
        item.facts |= {"url": invoice.url, "detail": invoice.number or ""} if invoice else {}
        if item.payload.amount is None:
            item.payload = item.payload.model_copy(update={"amount": _billed(item)})


def money_facts(item: Item[Any]) -> dict[str, Any]:
    """Return what the gates of these paths look at beside the payload."""
    amount, before, invoice = item.payload.amount, item.facts["before"], item.facts["invoice"]
    billed = _billed(item)
    return person_facts(item) | {
        "billed": float(billed.decimal()) if billed else None,
        "billed_currency": billed.currency if billed else None,
        "amount": float(amount.decimal()) if amount else None,
        "currency": amount.currency if amount else None,
        "invoiced": _major(before.invoiced, before.currency),
        "paid": _major(before.paid, before.currency),
        "line_currency": before.currency,
        "invoice_status": invoice.status if invoice else None,
        "invoice_of_deal": item.facts["invoice_of_deal"],
        "due_on": invoice.due_on if invoice else None,
        "days": getattr(item.payload, "days", None),
        "reason": getattr(item.payload, "reason", None),
    }


@task(name="Leave what is settled", **RETRIES)
async def leave_settled(batch: Batch[InvoiceOverdueV1]) -> None:
    """Let go of reminders whose invoice is not open any more: nobody is reminded of what they have paid."""
    for item in batch:
        if item.facts["invoice"] is not None and item.facts["invoice"].status != "open":
            batch.skip(item)


@task(name="Mark payments on deals", **RETRIES)
async def mark_payments(batch: Batch[Any]) -> None:
    """Say on each deal in the CRM what became of its payment."""

    def mark(item: Item[Any]) -> DealChange:
        return DealChange(item.deal_id or "", payment=MARKS[batch.entry.event])

    crm = runtime().crm
    await once(batch, "mark_payment", record=mark, act=crm.change_deals, image=crm.images)


@task(name="Send reminders", **RETRIES)
async def send_reminders(batch: Batch[InvoiceOverdueV1]) -> None:
    """Remind each client of their invoice, in the thread of the deal."""
    await read_threads(batch, list(batch))
    await once(batch, "send_reminder", record=_reminder, act=runtime().mail.send, find=runtime().mail.find)


def note_payments(batch: Batch[PaymentConfirmedV1]) -> None:
    """Note what was paid in each case."""
    for item in batch:
        amount = _amount(item)
        item.enter(Kind.PAID, amount.minor, amount.currency, reference=item.facts["invoice_id"])
        if payment := getattr(item.facts["invoice"], "payment_id", None):
            item.references.append(reference("payment", payment))


def note_refunds(batch: Batch[PaymentRefundedV1]) -> None:
    """Note what went back in each case, and give finance the difference that is left."""
    for item in batch:
        amount = _amount(item)
        item.enter(Kind.PAID, -amount.minor, amount.currency, reference=item.facts["invoice_id"])
        less = "what is paid is less than what is invoiced"
        batch.complain(item, cause="continuity/refunded", reason=less, route=RECONCILE, about=item.event)


def note_voids(batch: Batch[InvoiceVoidedV1]) -> None:
    """Note what is not owed any more: neither delivered nor invoiced, until the delivery is completed again."""
    for item in batch:
        amount = _amount(item)
        item.enter(Kind.DELIVERED, -amount.minor, amount.currency)
        item.enter(Kind.INVOICED, -amount.minor, amount.currency, reference=item.facts["invoice_id"])


def _billed(item: Item[Any]) -> Money | None:
    """What billing shows of an invoice: what was paid where that is what the event is about, else what is owed."""
    invoice: InvoiceSnapshot | None = item.facts["invoice"]
    if invoice is None:
        return None
    return invoice.paid if isinstance(item.payload, PaymentConfirmedV1) else invoice.total


def _amount(item: Item[Any]) -> Money:
    amount: Money | None = item.payload.amount
    if amount is None:
        raise ValueError("the gate let an event pass without its amount")
    return amount


def _major(minor: int, currency: str | None) -> float | None:
    return float(Money(minor=minor, currency=currency).decimal()) if currency else None


def _reminder(item: Item[InvoiceOverdueV1]) -> Letter:
    invoice = item.facts["invoice"]
    return letter(
        item,
        reminder(
            **addressed(item),
            number=invoice.number or invoice.id,
            amount=invoice.total,
            due_on=invoice.due_on,
            url=invoice.url,
            days=item.payload.days,
        ),
    )
