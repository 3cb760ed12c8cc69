"""The steps of the cancellation path: what binds is taken back, and the CRM keeps what was taken back and what stays."""

from __future__ import annotations

from typing import Any

from prefect import task

from contracts.cancellation import DealCancelledV1
from contracts.records import DealChange, RequestChange
from ledger.deciding import CHANGED, REJECTED
from ledger.tables import EventStatus
from lifecycle.cancellation import cancellation_note
from runtime.wiring import runtime
from tasks.batch import Batch, Item
from tasks.deal import person_facts
from tasks.effects import once
from tasks.estimates import cancel_all
from tasks.options import retries_of

Cancellations = Batch[DealCancelledV1]
RETRIES = retries_of("deal.cancelled")
ESTIMATE, DRAFT, INVOICE, REQUEST = "open_estimate", "draft_invoice", "finalise_invoice", "open_request"
OWED = ("draft", "open", "uncollectible")


@task(name="Read what binds", **RETRIES)
async def read_bindings(batch: Cancellations) -> None:
    """Note the estimates, invoice and delivery request that earlier paths have made."""
    cases = [item.case for item in batch]
    async with runtime().ledger.begin() as books:
        done = await books.effects.latest(cases, (DRAFT, INVOICE, REQUEST))
        estimates = await books.effects.standing(cases, ESTIMATE)
    for item in batch:
        if offers := estimates.get(item.case):
            item.facts[ESTIMATE] = [row.vendor_id for row in offers]
        if request := done.get((item.case, REQUEST)):
            item.facts[REQUEST] = request.vendor_id
        bills = [row for step in (DRAFT, INVOICE) if (row := done.get((item.case, step)))]
        item.facts["invoice_id"] = max(bills, key=lambda row: row.finished_at).vendor_id if bills else None
    found = await runtime().billing.read_invoices({item.facts["invoice_id"] for item in batch if item.facts["invoice_id"]})
    for item in batch:
        item.facts["invoice"] = found.get(item.facts["invoice_id"])


def cancellation_facts(item: Item[DealCancelledV1]) -> dict[str, Any]:
    """Return what the gate of a cancellation looks at beside its payload."""
    invoice = item.facts["invoice"]
    return person_facts(item) | {"invoice_status": invoice.status if invoice else None, "reason": item.payload.reason or None}


@task(name="Withdraw offers", **RETRIES)
async def cancel_estimates(batch: Cancellations) -> None:
    """Withdraw what waits for a decision, and cancel the open estimates: a changed offer has one beside the first."""
    async with runtime().ledger.begin() as books:
        await books.decisions.withdraw([item.case for item in batch])
        for item in batch:
            await books.exceptions.close_case(item.case, (REJECTED, CHANGED), closed_as="cancelled")
    items = [item for item in batch if ESTIMATE in item.facts]
    await once(batch, "cancel_estimate", record=_fact(ESTIMATE), act=cancel_all, items=items)


@task(name="Take invoices back", **RETRIES)
async def void_invoices(batch: Cancellations) -> None:
    """Void the invoice of each deal that has one which is not settled."""
    items = [item for item in batch if item.facts["invoice"] and item.facts["invoice"].status in OWED]
    await once(batch, "void_invoice", record=_fact("invoice_id"), act=runtime().billing.void_invoices, items=items)


@task(name="Close delivery requests", **RETRIES)
async def close_requests(batch: Cancellations) -> None:
    """Close the delivery request of each deal that has one."""
    items = [item for item in batch if REQUEST in item.facts]
    await once(batch, "close_request", record=_closed, act=runtime().crm.change_requests, items=items)


@task(name="Mark deals as lost", **RETRIES)
async def lose_deals(batch: Cancellations) -> None:
    """Mark each deal as lost in the CRM."""
    await once(batch, "lose_deal", record=_lost, act=runtime().crm.change_deals)


@task(name="Note cancellations", **RETRIES)
async def note_cancellations(batch: Cancellations) -> None:
    """Write on each deal in the CRM what was taken back and what stays."""
    await once(batch, "note_cancellation", record=_note, act=runtime().crm.add_notes)


@task(name="Leave what had stopped", **RETRIES)
async def leave_stopped(batch: Cancellations) -> None:
    """Take what had stopped or still waited in each deal off everybody's desk: nobody has to finish it any more."""
    async with runtime().ledger.begin() as books:
        rows = [row for item in batch for row in await books.inbox.of_case(item.case)]
        stopped = [row.id for row in rows if row.status in (EventStatus.PARKED, EventStatus.WAITING)]
        await books.inbox.settle(dict.fromkeys(stopped, EventStatus.UNDONE))
        await books.exceptions.close(stopped, closed_as="cancelled")


def _fact(name: str) -> Any:
    return lambda item: item.facts[name]


def _closed(item: Item[DealCancelledV1]) -> RequestChange:
    return RequestChange(item.facts[REQUEST], "closed")


def _lost(item: Item[DealCancelledV1]) -> DealChange:
    return DealChange(item.deal_id or "", stage="lost")


WORDS = {"cancel_estimate": "the estimate", "void_invoice": "the invoice", "close_request": "the delivery request"}


def _note(item: Item[DealCancelledV1]) -> tuple[str, str]:
    taken_back = [words for step, words in WORDS.items() if step in item.refs]
    return item.deal_id or "", cancellation_note(taken_back, item.payload.reason)
