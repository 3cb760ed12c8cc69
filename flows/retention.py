"""Retention: what nobody needs any more of deals that ended long ago is deleted, a page at a time."""

from __future__ import annotations

from collections import Counter
from uuid import UUID

from prefect import flow
from prefect.client.schemas.objects import State
from prefect.states import Completed

from ledger.retention import OLD, PAGE
from lifecycle.paths import OF_ACCOUNTS
from lifecycle.stages import Stage
from runtime.wiring import runtime
from tasks.options import FLOW

DAY = 24 * 3600.0
OVER = (Stage.PAID, Stage.CANCELLED)


@flow(name="retention", description="Delete the working papers of deals that ended long ago.", **FLOW)
async def retention() -> State[None]:
    """Retire the events of deals that are over for as long as the settings say, and drop old rows; safe to stop and repeat."""
    house = runtime()
    seconds = house.settings.keep_days * DAY
    gone: Counter[str] = Counter()
    last: UUID | None = UUID(int=0)
    while last is not None:
        async with house.ledger.begin() as books:
            turned = await books.retention.turn(last, stages=OVER, shared=OF_ACCOUNTS, seconds=seconds)
        last = turned.last
        gone += turned.gone
    for table in OLD:
        dropped = PAGE
        while dropped == PAGE:
            async with house.ledger.begin() as books:
                dropped = await books.retention.drop(table, seconds=seconds)
            gone[table] += dropped
    return Completed(message=", ".join(f"{number} {table}" for table, number in gone.items() if number) or "nothing was due")
