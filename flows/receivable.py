"""The path of `invoice.issued`."""

from __future__ import annotations

from uuid import UUID

from prefect import flow
from prefect.client.schemas.objects import State

from contracts.invoice import InvoiceIssuedV1
from tasks import announce, money
from tasks.gate import check
from tasks.money import money_facts
from tasks.opening import batch_of
from tasks.options import FLOW, obeying

tell_finance, tell_owners, read_invoices = obeying(
    "invoice.issued", announce.tell_finance, announce.tell_owners, money.read_invoices
)


@flow(name="receivable", description="Tell finance and the owner what is owed.", **FLOW)
async def receivable(events: list[UUID]) -> State[None]:
    """Tell finance and the owner what is owed."""
    async with batch_of("invoice.issued", events, InvoiceIssuedV1) as batch:
        await read_invoices(batch)
        await check(batch, money_facts)  # Great Expectations; failing rows leave the batch
        await tell_finance(batch)  # cannot be unsent, as the message behind it
        await tell_owners(batch)
    return batch.outcome()
