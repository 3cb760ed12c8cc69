"""The path of `delivery.completed`."""

from __future__ import annotations

from uuid import UUID

from prefect import flow
from prefect.client.schemas.objects import State

from contracts.delivery import DeliveryCompletedV1
from tasks import deal, proposal
from tasks.gate import check
from tasks.invoice import (
    delivery_facts,
    draft_invoices,
    finalise_invoices,
    follow_with_invoices,
    read_agreements,
    record_invoices,
    send_cover_notes,
    send_invoices,
)
from tasks.opening import batch_of
from tasks.options import FLOW, obeying

read_deals, upsert_customers = obeying("delivery.completed", deal.read_deals, proposal.upsert_customers)


@flow(name="invoice", description="Invoice what was delivered, to the cent, and write to the client.", **FLOW)
async def invoice(events: list[UUID]) -> State[None]:
    """Invoice what was delivered, to the cent, and write to the client."""
    async with batch_of("delivery.completed", events, DeliveryCompletedV1) as batch:
        await read_agreements(batch)
        await read_deals(batch)
        await check(batch, delivery_facts)  # Great Expectations; failing rows leave the batch
        await upsert_customers(batch)
        await draft_invoices(batch)
        await finalise_invoices(batch)
        await record_invoices(batch)
        await send_invoices(batch)  # cannot be unsent, as the letter behind it
        await send_cover_notes(batch)
        follow_with_invoices(batch)
    return batch.outcome()
