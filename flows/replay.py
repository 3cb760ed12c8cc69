"""Taking up again what stopped, on demand."""

from __future__ import annotations

from uuid import UUID

from prefect import flow
from prefect.client.schemas.objects import State
from prefect.states import Completed

from ledger.intake import reopen
from runtime.wiring import runtime
from tasks.options import FLOW


@flow(
    name="replay",
    description="Let stopped events go on; what is done already is not repeated, what was undone is done again.",
    **FLOW,
)
async def replay(events: list[UUID]) -> State[None]:
    """Judge these events by today's contracts and let those that fit go on from where they stopped; say how many do."""
    house = runtime()
    going_on = await reopen(house.ledger, house.catalog, events)
    return Completed(message=f"{len(going_on)} of {len(events)} events go on")
