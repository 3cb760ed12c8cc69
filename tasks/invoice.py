"""The steps of the invoice path: what was delivered is owed, to the cent, and the client hears of it."""

from __future__ import annotations

from functools import partial
from typing import Any

from prefect import task

from contracts.billing import InvoiceRecord
from contracts.delivery import DeliveryCompletedV1
from contracts.errors import RefusedError
from contracts.invoice import InvoiceIssuedV1
from contracts.letters import Letter
from contracts.records import DealChange
from contracts.values import Money
from ledger.continuity import line
from lifecycle.continuity import Kind
from lifecycle.letters import cover_note
from lifecycle.proposal import total_of
from lifecycle.references import reference
from runtime.wiring import runtime
from tasks.batch import Batch, Item
from tasks.deal import person_facts
from tasks.effects import once
from tasks.follow_up import follower
from tasks.letters import addressed, letter, read_threads
from tasks.options import retries_of
from tasks.proposal import lines_from

Deliveries = Batch[DeliveryCompletedV1]
RETRIES = retries_of("delivery.completed")


@task(name="Read what was agreed", **RETRIES)
async def read_agreements(batch: Deliveries) -> None:
    """Note what a person has approved last in each case, and what its money stands at."""
    cases = [item.case for item in batch]
    async with runtime().ledger.begin() as books:
        decisions = await books.decisions.latest_approved(cases)
        entries = await books.continuity.of_cases(cases)
    for item in batch:
        decision, before = decisions.get(item.case), line(entries.get(item.case, ()), without=item.event)
        agreed = Money(minor=before.agreed, currency=before.currency) if before.currency else None
        delivered = item.payload.amount or agreed
        item.payload = item.payload.model_copy(update={"amount": delivered})
        item.facts |= {
            "before": before,
            "agreed": agreed,
            "lines": lines_from(decision.terms, decision.currency) if decision else (),
            "payment_days": decision.terms["payment_days"] if decision else None,
        }


def delivery_facts(item: Item[DeliveryCompletedV1]) -> dict[str, Any]:
    """Return what the gate of an invoice looks at beside its payload."""
    amount, agreed, lines = item.payload.amount, item.facts["agreed"], item.facts["lines"]
    return person_facts(item) | {
        "amount": float(amount.decimal()) if amount else None,
        "currency": amount.currency if amount else None,
        "agreed": float(agreed.decimal()) if agreed else None,
        "line_currency": agreed.currency if agreed else None,
        "lines_total": float(total_of(lines).decimal()) if lines else None,
        "payment_days": item.facts["payment_days"],
    }


@task(name="Draft invoices", **RETRIES)
async def draft_invoices(batch: Deliveries) -> None:
    """Draft each invoice in billing, with the positions that were approved; one that billing makes different is not owed."""
    billing = runtime().billing
    await once(batch, "draft_invoice", record=_invoice, act=billing.draft_invoices, find=partial(billing.find, "invoice"))
    found = await billing.read_invoices([item.refs["draft_invoice"].id for item in batch])
    for item in batch:
        draft = found.get(item.refs["draft_invoice"].id)
        if draft is None:
            batch.park(item, RefusedError("the draft of the invoice is gone", cause="billing.gone"), step="draft_invoice")
        elif draft.total != item.payload.amount:
            error = RefusedError("the draft of the invoice differs from what was delivered", cause="differs")
            batch.park(item, error, step="draft_invoice")


@task(name="Finalise invoices", **RETRIES)
async def finalise_invoices(batch: Deliveries) -> None:
    """Finalise each draft, so that it is owed, and read its number and when it is due."""
    billing = runtime().billing
    await once(batch, "finalise_invoice", record=lambda item: item.refs["draft_invoice"].id, act=billing.finalise_invoices)
    found = await billing.read_invoices([item.refs["finalise_invoice"].id for item in batch])
    for item in batch:
        invoice = item.facts["invoice"] = found.get(item.refs["finalise_invoice"].id)
        if invoice is None:
            batch.park(item, RefusedError("the invoice is gone", cause="billing.gone"), step="finalise_invoice")


@task(name="Record invoices on deals", **RETRIES)
async def record_invoices(batch: Deliveries) -> None:
    """Put each invoice's address and amount on its deal in the CRM."""
    crm = runtime().crm
    await once(batch, "record_invoice", record=_recorded, act=crm.change_deals, image=crm.images)


@task(name="Send invoices", **RETRIES)
async def send_invoices(batch: Deliveries) -> None:
    """Let billing send each invoice to its customer."""
    billing = runtime().billing
    await once(batch, "send_invoice", record=lambda item: item.refs["finalise_invoice"].id, act=billing.send_invoices)


@task(name="Send cover notes", **RETRIES)
async def send_cover_notes(batch: Deliveries) -> None:
    """Write to each client, in the thread of the deal, what the invoice is for and when it is due."""
    await read_threads(batch, list(batch))
    await once(batch, "send_cover_note", record=_cover_note, act=runtime().mail.send, find=runtime().mail.find)


def follow_with_invoices(batch: Deliveries) -> None:
    """Note what was delivered and invoiced, and let each delivery be followed by its invoice."""
    for item in batch:
        invoice, amount = item.facts["invoice"], item.payload.amount
        if amount is None:
            raise ValueError("the gate let a delivery pass without its amount")
        item.enter(Kind.DELIVERED, amount.minor, amount.currency)
        item.enter(Kind.INVOICED, invoice.total.minor, invoice.total.currency, reference=invoice.id, due_on=invoice.due_on)
        item.references.append(reference("invoice", invoice.id))
        if then := batch.entry.then:
            issued = InvoiceIssuedV1(
                deal_id=item.deal_id or "",
                invoice_id=invoice.id,
                number=invoice.number,
                amount=invoice.total,
                due_on=invoice.due_on,
                url=invoice.url,
            )
            item.then = follower(item, then, issued)


def _invoice(item: Item[DeliveryCompletedV1]) -> InvoiceRecord:
    return InvoiceRecord(
        item.refs["upsert_customer"].id, item.deal_id or "", item.facts["lines"], item.facts["payment_days"], note=item.title
    )


def _recorded(item: Item[DeliveryCompletedV1]) -> DealChange:
    return DealChange(item.deal_id or "", amount=item.payload.amount, invoice_url=item.facts["invoice"].url, payment="open")


def _cover_note(item: Item[DeliveryCompletedV1]) -> Letter:
    invoice = item.facts["invoice"]
    return letter(
        item,
        cover_note(
            **addressed(item),
            number=invoice.number or invoice.id,
            amount=invoice.total,
            due_on=invoice.due_on,
            url=invoice.url,
        ),
    )
