"""Ageing: what became of open invoices since the billing system last told us."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, date, datetime

from prefect import flow
from prefect.client.schemas.objects import State
from prefect.states import Completed

from ledger.intake import Answer
from runtime.wiring import runtime
from tasks.ageing import OVERDUE, PAID, VOIDED, enter, event_of, read_invoices
from tasks.options import FLOW


@flow(name="ageing", description="Find payments that nobody told us of, and remind clients of overdue invoices.", **FLOW)
async def ageing(today: date | None = None) -> State[None]:
    """Enter what became of every open invoice: paid, taken back, or overdue long enough for a reminder; say how many.

    Args:
        today: The day to run it for, if not this one
    """
    async with runtime().ledger.begin() as books:
        rows = {row.reference: row for row in await books.continuity.open_invoices() if row.reference and row.crm_deal_id}
    invoices = await read_invoices(sorted(rows))
    day = today or datetime.now(UTC).date()
    events = [event for number, one in invoices.items() if (event := event_of(rows[number], one, day))]
    receipts = await enter(events)
    new = Counter(event["type"] for event, one in zip(events, receipts, strict=True) if one.status is not Answer.DUPLICATE)
    gone = len(rows) - len(invoices)
    found = f"{new[PAID]} paid, {new[VOIDED]} taken back, {new[OVERDUE]} reminders, {gone} not in the billing system"
    return Completed(message=f"{len(rows)} open: {found}")
