"""Follows one deal in the ledger: waits for what becomes of it, and counts. It must not move it."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, TypeVar
from uuid import UUID

from sqlalchemy import Row

from cli.lanes import Lane, Lanes
from contracts.errors import RefusedError, RetryableError
from ledger.database import Books, Ledger
from ledger.tables import EffectState, EventStatus
from ledger.trace import effects_of
from lifecycle.decisions import Decision

T = TypeVar("T")
PATIENCE = 60.0
PAUSE = 0.1
STOPPED = (EventStatus.PARKED, EventStatus.QUARANTINED)


@dataclass(slots=True)
class Count:
    """What a deal took so far: events, outside changes, exceptions that were opened and that are closed again."""

    events: int = 0
    effects: int = 0
    opened: int = 0
    closed: int = 0


class Walk:
    """One deal on its way, known by its first event."""

    def __init__(self, ledger: Ledger, lanes: Lanes, lane: Lane) -> None:
        self.ledger = ledger
        self.lanes = lanes
        self.lane = lane
        self.event: UUID | None = None
        self.lead_is_through = asyncio.Event()

    async def until(self, what: str, question: Callable[[Books], Awaitable[T | None]]) -> T:
        """Ask the ledger until the answer is something, and return it.

        Raises:
            RetryableError: it did not come to that in a minute.
        """
        begun = time.monotonic()
        while time.monotonic() - begun < PATIENCE:
            async with self.ledger.begin() as books:
                answer = await question(books)
            if answer:
                return answer
            await asyncio.sleep(PAUSE)
        raise RetryableError(f"waited {PATIENCE:.0f} s for {what}; `towline events` shows how it goes on")

    async def done(self, event_type: str) -> Row[Any]:
        """Wait until the deal's event of this type is done; return the case. Raises RefusedError when one of them stops."""
        return await self.until(event_type, lambda books: self._after(books, event_type))

    async def stopped(self) -> Row[Any]:
        """Wait until the deal's first event needs a person; return why."""
        return await self.until("the exception", self._stop)

    async def asked(self) -> Row[Any]:
        """Wait until a decision about the deal waits for a person; return it."""
        return await self.until("the question to an approver", self._question)

    async def record(self, kind: str) -> str:
        """Return the outside id of the deal's record of this kind (`request`, `invoice`)."""
        return await self.until(f"the {kind}", lambda books: self._record(books, kind))

    async def count(self, books: Books) -> Count:
        """Count what the deal took so far."""
        events, counted = await self.events(books), Count()
        for event in events:
            effects, stops = await effects_of(books, event), await books.exceptions.of_event(event.id)
            counted.events += event.status == EventStatus.DONE
            counted.effects += sum(one.state == EffectState.DONE and one.event_id == event.id for one in effects)
            counted.opened += len(stops)
            counted.closed += sum(stop.closed_at is not None for stop in stops)
        return counted

    async def events(self, books: Books) -> list[Row[Any]]:
        """Return the deal's events so far, and show those that are done."""
        case = await self.case_id(books)
        events = list(await books.inbox.of_case(case)) if case else []
        for event in events:
            if event.status == EventStatus.DONE:
                self.lanes.passed(self.lane, event.type)
        return events

    async def case_id(self, books: Books) -> UUID | None:
        """Return the case that the deal's first event belongs to by now."""
        found = await books.inbox.get([self.event]) if self.event else ()
        return found[0].case_id if found else None

    async def _after(self, books: Books, event_type: str) -> Row[Any] | None:
        events = await self.events(books)
        for event in events:
            if event.status in STOPPED:
                stops = [stop for stop in await books.exceptions.of_event(event.id) if stop.closed_at is None]
                raise RefusedError(f"{event.type} stopped: {stops[0].reason if stops else event.status}")
        if not any(event.type == event_type and event.status == EventStatus.DONE for event in events):
            return None
        return (await books.cases.get([events[0].case_id])).get(events[0].case_id)

    async def _stop(self, books: Books) -> Row[Any] | None:
        stops = await books.exceptions.of_event(self.event) if self.event else ()
        return next((stop for stop in stops if stop.closed_at is None), None)

    async def _question(self, books: Books) -> Row[Any] | None:
        case = await self.case_id(books)
        asked = await books.decisions.of_case(case) if case else ()
        return next((one for one in asked if one.state == Decision.WAITING), None)

    async def _record(self, books: Books, kind: str) -> str | None:
        case = await self.case_id(books)
        known = await books.cases.references_of(case) if case else ()
        return next((one.partition(":")[2] for one in known if one.startswith(f"{kind}:")), None)
