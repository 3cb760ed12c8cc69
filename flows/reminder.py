"""The path of `invoice.overdue`."""

from __future__ import annotations

from uuid import UUID

from prefect import flow
from prefect.client.schemas.objects import State

from contracts.invoice import InvoiceOverdueV1
from tasks import announce, deal, money
from tasks.gate import check
from tasks.money import money_facts
from tasks.opening import batch_of
from tasks.options import FLOW, obeying

tell_owners, read_deals, leave_settled, read_invoices, send_reminders = obeying(
    "invoice.overdue", announce.tell_owners, deal.read_deals, money.leave_settled, money.read_invoices, money.send_reminders
)


@flow(name="reminder", description="Remind a client of an invoice that is not paid.", **FLOW)
async def reminder(events: list[UUID]) -> State[None]:
    """Remind a client of an invoice that is not paid."""
    async with batch_of("invoice.overdue", events, InvoiceOverdueV1) as batch:
        await read_invoices(batch)
        await leave_settled(batch)
        await read_deals(batch)
        await check(batch, money_facts)  # Great Expectations; failing rows leave the batch
        await tell_owners(batch)  # cannot be unsent, as the letter behind it
        await send_reminders(batch)
    return batch.outcome()
