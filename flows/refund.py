"""The path of `payment.refunded`."""

from __future__ import annotations

from uuid import UUID

from prefect import flow
from prefect.client.schemas.objects import State

from contracts.payment import PaymentRefundedV1
from tasks import announce, money
from tasks.gate import check
from tasks.money import money_facts, note_refunds
from tasks.opening import batch_of
from tasks.options import FLOW, obeying

tell_finance, tell_owners, mark_payments, read_invoices = obeying(
    "payment.refunded", announce.tell_finance, announce.tell_owners, money.mark_payments, money.read_invoices
)


@flow(name="refund", description="Note that money went back, and give finance the difference.", **FLOW)
async def refund(events: list[UUID]) -> State[None]:
    """Note that money went back, and give finance the difference."""
    async with batch_of("payment.refunded", events, PaymentRefundedV1) as batch:
        await read_invoices(batch)
        await check(batch, money_facts)  # Great Expectations; failing rows leave the batch
        await mark_payments(batch)
        await tell_finance(batch)  # cannot be unsent, as the message behind it
        await tell_owners(batch)
        note_refunds(batch)
    return batch.outcome()
