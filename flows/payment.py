"""The path of `payment.confirmed`."""

from __future__ import annotations

from uuid import UUID

from prefect import flow
from prefect.client.schemas.objects import State

from contracts.payment import PaymentConfirmedV1
from tasks import announce
from tasks.gate import check
from tasks.money import mark_payments, money_facts, note_payments, read_invoices
from tasks.opening import batch_of
from tasks.options import FLOW, obeying

(tell_owners,) = obeying("payment.confirmed", announce.tell_owners)


@flow(name="payment", description="Mark a deal as paid and close its case.", **FLOW)
async def payment(events: list[UUID]) -> State[None]:
    """Mark a deal as paid and close its case."""
    async with batch_of("payment.confirmed", events, PaymentConfirmedV1) as batch:
        await read_invoices(batch)
        await check(batch, money_facts)  # Great Expectations; failing rows leave the batch
        await mark_payments(batch)
        await tell_owners(batch)  # cannot be unsent, so it is last
        note_payments(batch)
    return batch.outcome()
