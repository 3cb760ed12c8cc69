"""The path of `payment.failed`."""

from __future__ import annotations

from uuid import UUID

from prefect import flow
from prefect.client.schemas.objects import State

from contracts.payment import PaymentFailedV1
from tasks import announce, money
from tasks.gate import check
from tasks.money import money_facts
from tasks.opening import batch_of
from tasks.options import FLOW, obeying

tell_finance, tell_owners, mark_payments, read_invoices = obeying(
    "payment.failed", announce.tell_finance, announce.tell_owners, money.mark_payments, money.read_invoices
)


@flow(name="dunning", description="Tell whom it concerns that a payment did not go through.", **FLOW)
async def dunning(events: list[UUID]) -> State[None]:
    """Tell whom it concerns that a payment did not go through."""
    async with batch_of("payment.failed", events, PaymentFailedV1) as batch:
        await read_invoices(batch)
        await check(batch, money_facts)  # Great Expectations; failing rows leave the batch
        await mark_payments(batch)
        await tell_finance(batch)  # cannot be unsent, as the message behind it
        await tell_owners(batch)
    return batch.outcome()
