"""The path of `invoice.voided`."""

from __future__ import annotations

from uuid import UUID

from prefect import flow
from prefect.client.schemas.objects import State

from contracts.invoice import InvoiceVoidedV1
from tasks import announce, money
from tasks.gate import check
from tasks.money import money_facts, note_voids
from tasks.opening import batch_of
from tasks.options import FLOW, obeying

tell_finance, tell_owners, mark_payments, read_invoices = obeying(
    "invoice.voided", announce.tell_finance, announce.tell_owners, money.mark_payments, money.read_invoices
)


@flow(name="void", description="Note that an invoice was taken back; its delivery can be completed again.", **FLOW)
async def void(events: list[UUID]) -> State[None]:
    """Note that an invoice was taken back; its delivery can be completed again."""
    async with batch_of("invoice.voided", events, InvoiceVoidedV1) as batch:
        await read_invoices(batch)
        await check(batch, money_facts)  # Great Expectations; failing rows leave the batch
        await mark_payments(batch)
        await tell_finance(batch)  # cannot be unsent, as the message behind it
        await tell_owners(batch)
        note_voids(batch)
    return batch.outcome()
