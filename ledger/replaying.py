"""How events that stopped, or are done, are taken up again: what would become of each, and the doing of it, by one judgement."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import Row

from contracts.catalog import Catalog
from contracts.errors import MisconfiguredError, RefusedError
from ledger.database import Books, Ledger
from ledger.intake import STOPPED, misfit, quarantine
from ledger.tables import EffectState, EventStatus
from ledger.trace import effects_of
from lifecycle.paths import PATHS

EVERY_ROW = 1_000_000


class Replay(StrEnum):
    """What a replay does with an event."""

    GOES_ON = "goes on"
    IS_DONE = "is done already"
    MOVED_ON = "its deal has moved on"
    QUARANTINED = "does not fit its contract"
    NOT_STOPPED = "has not stopped"


@dataclass(frozen=True, slots=True)
class Choice:
    """Which events to replay: by id, or all that stopped for a cause, are of a type, came in within a time."""

    events: Sequence[UUID] = ()
    cause: str | None = None
    event_type: str | None = None
    since: datetime | None = None
    until: datetime | None = None

    def require_sense(self, catalog: Catalog) -> None:
        """Make sure that this chooses something that can be.

        Raises:
            MisconfiguredError: it chooses nothing, in two ways at once, or a type or a time that there is not.
        """
        if sum([bool(self.events), self.cause is not None, bool(self.event_type or self.since or self.until)]) != 1:
            raise MisconfiguredError("name events, or a cause, or a type and a time (`towline exceptions` shows the causes)")
        if self.event_type is not None and self.event_type not in catalog.entries:
            raise MisconfiguredError(f"there is no event {self.event_type}; the types are {', '.join(sorted(catalog.entries))}")
        if any(moment is not None and moment.tzinfo is None for moment in (self.since, self.until)):
            raise MisconfiguredError("a time needs its zone, as in 2026-11-21T09:30:00Z")
        if self.since and self.until and self.since >= self.until:
            raise MisconfiguredError("since must be before until")


@dataclass(frozen=True, slots=True)
class Prospect:
    """What a replay does with one event, and why it does not go on."""

    event: Row[Any]
    becomes: Replay
    why: str = ""


async def replay(ledger: Ledger, catalog: Catalog, choice: Choice, *, from_start: bool = False) -> list[Prospect]:
    """Let the events go on that fit today's contracts, from the failed step, or `from_start`; say what became of each.

    All in one transaction. What is done is trusted; from its start, each thing that stands in an outside system is looked for
    again, and made anew where people have removed it. A done event whose deal has moved on since is left alone.

    Raises:
        MisconfiguredError, RefusedError: nothing, or nothing that is there, is chosen.
    """
    async with ledger.begin(wake=True) as books:
        return await take_up(books, catalog, choice, from_start=from_start)


async def take_up(
    books: Books, catalog: Catalog, choice: Choice, *, from_start: bool = False, closed_as: str = "replayed"
) -> list[Prospect]:
    """Let the events go on, in a transaction that somebody else commits. Raises as `replay` does."""
    prospects = await foresee(books, catalog, choice, from_start=from_start)
    bad = [one.event for one in prospects if one.becomes is Replay.QUARANTINED]
    good = [one.event.id for one in prospects if one.becomes is Replay.GOES_ON]
    await books.exceptions.close([*(row.id for row in bad), *good], closed_as=closed_as)
    await quarantine(books, catalog, bad)
    gone = set(good) - await books.inbox.reopen(sorted(good), from_start=from_start)
    return [Prospect(one.event, Replay.NOT_STOPPED) if one.event.id in gone else one for one in prospects]


async def foresee(books: Books, catalog: Catalog, choice: Choice, *, from_start: bool) -> list[Prospect]:
    """Say what a replay would do, and do nothing."""
    choice.require_sense(catalog)
    rows = await books.inbox.get(await _chosen(books, choice, from_start))
    followed = await books.inbox.followed([row.id for row in rows if row.status == EventStatus.DONE])
    return [_prospect(row, followed.get(row.id), from_start) for row in rows]


async def steps_of(books: Books, event: Row[Any]) -> tuple[list[str], list[str]]:
    """Return which steps of an event's path are done, and which are not."""
    done = [row.step for row in await effects_of(books, event) if row.state == EffectState.DONE]
    return done, [step.name for step in PATHS.get(event.type, ()) if step.name not in done]


async def _chosen(books: Books, choice: Choice, from_start: bool) -> Sequence[UUID]:
    if choice.events:
        known = {row.id for row in await books.inbox.get(choice.events)}
        if unknown := [str(event) for event in choice.events if event not in known]:
            raise RefusedError(f"there is no event {', '.join(unknown)}")
        return choice.events
    if choice.cause is not None:
        rows = await books.exceptions.latest(limit=EVERY_ROW, cause=choice.cause)
        found = [row.event_id for row in rows if row.event_id]
    else:
        stopped = [status for status in STOPPED if status is not EventStatus.UNDONE]  # that was meant
        statuses = [*stopped, EventStatus.DONE] if from_start else stopped
        window = {"since": choice.since, "until": choice.until}
        found = await books.inbox.chosen(statuses, event_type=choice.event_type, **window)
    if not found:
        raise RefusedError("nothing stopped there; `towline exceptions` lists the causes")
    return found


def _prospect(row: Row[Any], newest: UUID | None, from_start: bool) -> Prospect:
    if row.status == EventStatus.DONE and not from_start:
        return Prospect(row, Replay.IS_DONE)
    if row.status == EventStatus.DONE and newest:
        return Prospect(row, Replay.MOVED_ON, f"replay {newest} instead")
    if row.status not in (*STOPPED, EventStatus.DONE):
        return Prospect(row, Replay.NOT_STOPPED, f"it is {row.status}")
    if row.status != EventStatus.DONE and (fault := misfit(row)):
        return Prospect(row, Replay.QUARANTINED, f"{fault.field}: {fault.text}" if fault.field not in fault.text else fault.text)
    return Prospect(row, Replay.GOES_ON)
