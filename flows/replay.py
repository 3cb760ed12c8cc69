"""Taking up again what stopped, on demand."""

from __future__ import annotations

from uuid import UUID

from prefect import flow
from prefect.client.schemas.objects import State
from prefect.states import Completed
from pydantic import AwareDatetime

from contracts.errors import MisconfiguredError, RefusedError
from flows.refusal import refused
from ledger.replaying import Choice, Replay, foresee
from ledger.replaying import replay as replay_events
from runtime.wiring import runtime
from tasks.options import FLOW


@flow(name="replay", description="Let events go on that stopped or were undone; what is done already is not repeated.", **FLOW)
async def replay(
    events: list[UUID] | None = None,
    cause: str | None = None,
    event_type: str | None = None,
    since: AwareDatetime | None = None,
    until: AwareDatetime | None = None,
    from_start: bool = False,
    dry_run: bool = False,
) -> State[None]:
    """Judge events by today's contracts and let those that fit go on from where they stopped; say how many do.

    Args:
        events: Our ids of events; or choose by cause, or by type and time
        cause: All events that stopped for this cause
        event_type: All events of this type that stopped, for instance lead.qualified
        since: All events that stopped and came in since then
        until: And before then
        from_start: Also done events: look for all they made, and make anew what was removed
        dry_run: Only say how many would go on
    """
    house, choice = runtime(), Choice(tuple(events or ()), cause, event_type, since, until)
    try:
        if dry_run:
            async with house.ledger.begin() as books:
                prospects = await foresee(books, house.catalog, choice, from_start=from_start)
        else:
            prospects = await replay_events(house.ledger, house.catalog, choice, from_start=from_start)
    except (MisconfiguredError, RefusedError) as error:
        return refused(error)
    going_on = sum(one.becomes is Replay.GOES_ON for one in prospects)
    return Completed(message=f"{going_on} of {len(prospects)} events {'would ' if dry_run else ''}go on")
