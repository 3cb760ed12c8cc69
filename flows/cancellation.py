"""The path of `deal.cancelled`."""

from __future__ import annotations

from uuid import UUID

from prefect import flow
from prefect.client.schemas.objects import State

from contracts.cancellation import DealCancelledV1
from tasks import announce, deal
from tasks.cancellation import (
    cancel_estimates,
    cancellation_facts,
    close_requests,
    leave_stopped,
    lose_deals,
    note_cancellations,
    read_bindings,
    void_invoices,
)
from tasks.gate import check
from tasks.opening import batch_of
from tasks.options import FLOW, obeying

tell_owners, read_deals = obeying("deal.cancelled", announce.tell_owners, deal.read_deals)


@flow(name="cancellation", description="Take back what binds anybody to a deal that was given up.", **FLOW)
async def cancellation(events: list[UUID]) -> State[None]:
    """Take back what binds anybody to a deal that was given up."""
    async with batch_of("deal.cancelled", events, DealCancelledV1) as batch:
        await read_bindings(batch)
        await read_deals(batch)
        await check(batch, cancellation_facts)  # Great Expectations; failing rows leave the batch
        await cancel_estimates(batch)
        await void_invoices(batch)
        await close_requests(batch)
        await lose_deals(batch)
        await note_cancellations(batch)
        await leave_stopped(batch)
        await tell_owners(batch)  # cannot be unsent, so it is last
    return batch.outcome()
