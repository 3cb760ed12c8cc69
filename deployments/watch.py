"""Looks at the trigger rules all the time: a clause that fires is one exception for the path's owner, as long as it holds."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from contracts.errors import TowlineError
from contracts.rules import Rules, Then
from contracts.rules import rules as house_rules
from ledger.database import Books
from ledger.exceptions import NewException
from lifecycle.rules import Ended, Figures, Fired, judge, paused
from lifecycle.switches import Scope
from runtime.logs import get_logger
from runtime.wiring import Runtime

PAUSE = 5.0
"""Seconds between looks; with the shortest time of the rules it is less than a minute until a spike is seen."""
ROUTE = "read the runbook, look at the figures, then take back, pause, or let it go on"
ENDED = "no longer holds"
BY = "rules"

log = get_logger("watch")


class Watch:
    """Opens an exception when a clause fires, keeps its figures up to date, and closes it when the clause no longer holds."""

    def __init__(self, house: Runtime, rules: Rules | None = None) -> None:
        self._house = house
        self._entries, self._rules = house.catalog.entries, rules or house_rules()

    async def run(self) -> None:
        """Look until cancelled; a ledger that is gone is waited for."""
        while True:
            try:
                await self.look()
            except TowlineError as error:
                log.warning("the rules could not be looked at", error=error.text)
            await asyncio.sleep(PAUSE)

    async def look(self) -> None:
        """Judge once; while another worker does, leave it to that."""
        windows = [minutes * 60 for minutes in self._rules.error_rate.within_minutes]
        async with self._house.ledger.begin() as books:
            rows = await books.rules.figures(self._entries, windows)
            if not rows:
                return
            known, switches = await books.rules.fired(), await books.switches.open()
            still = paused(self._entries, [(row.scope, row.name) for row in switches])
            holds = judge(self._rules, self._entries, [_figures(row) for row in rows], rows[0].now, paused=still)
            ours = {self._entries[row.name].flow for row in switches if row.scope == Scope.PATH and row.by == BY}
            for fired in holds:
                await self._say(books, fired, known, is_paused=fired.scope in ours)
            for cause in known.keys() - {fired.cause for fired in holds}:
                if cause.rpartition("/")[2] not in ours:  # what we paused is a person's to look at until it goes on
                    await books.exceptions.close_cause(cause, closed_as=ENDED)

    async def _say(self, books: Books, fired: Fired, known: Mapping[str, str], *, is_paused: bool) -> None:
        if fired.cause not in known and fired.then is Then.PAUSE:
            await books.switches.pause(Scope.PATH, fired.event, reason=fired.why, by=BY)
            is_paused = True
        touched = await books.rules.touched(self._entries, fired.since) if fired.since else 0
        reason = fired.reason(touched, is_paused=is_paused)
        if fired.cause not in known:
            await books.exceptions.open([_exception(fired, reason)])
            log.warning("a rule has fired", cause=fired.cause)
        elif known[fired.cause] != reason:
            await books.exceptions.restate(fired.cause, reason)


def _figures(row: Any) -> Figures:
    ended = [Ended(one["seconds"], one["events"], one["stopped"], _moment(one["since"])) for one in row.ended]
    return Figures(row.type, ended, row.done_at, row.waiting, row.first)


def _moment(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text) if text else None


def _exception(fired: Fired, reason: str) -> NewException:
    return NewException(
        event_id=None,
        case_id=None,
        event_type=fired.event,
        contract="",
        cause=fired.cause,
        reason=reason,
        route=ROUTE,
        owner=fired.owner,
    )
