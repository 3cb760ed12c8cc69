"""The alert about a system that is down: one per system, however many of its operations fail, in its owner's channel."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from fractions import Fraction
from typing import Any

from contracts.records import Message
from contracts.runbooks import runbooks
from contracts.systems import System
from contracts.values import Money
from ledger.database import Books
from lifecycle.circuits import is_locked, stopped_by
from lifecycle.outages import Outage, Waiting, outage_alert, outage_forgotten, outage_over
from runtime.wiring import Runtime

PREFIX = "outage/"


def is_outage(cause: str) -> bool:
    """Say whether an alert's cause is that a system is down."""
    return cause.startswith(PREFIX)


def system_of(cause: str) -> System:
    """Return which system is down."""
    return System(cause.removeprefix(PREFIX))


class Outages:
    """Words and figures of outages. It must not know how they are delivered."""

    def __init__(self, house: Runtime) -> None:
        self._house = house

    async def messages(self, books: Books) -> Mapping[str, tuple[int, Message]]:
        """Return, by cause, how many events wait for each system that is down, and what its owner is told."""
        circuits = await books.circuits.open()
        return {f"{PREFIX}{system}": await self._now(books, system, circuits) for system in {row.system for row in circuits}}

    async def _now(self, books: Books, system: str, circuits: Sequence[Any]) -> tuple[int, Message]:
        mine = [row for row in circuits if row.system == system]
        types, now = _types(mine), datetime.now(UTC)
        waiting = await self._waiting(books, types, min(row.began_at for row in mine), None)
        sums = [
            Money.model_construct(minor=minor, currency=code) for code, minor in (await books.circuits.at_stake(types)).items()
        ]
        locked = any(is_locked(row.cause) for row in mine)
        outage = self._outage(system, min(row.began_at for row in mine), now, waiting, sums, is_locked=locked)
        return outage.events, self._message(self._channel(system), *outage_alert(outage))

    async def last_words(self, books: Books, known: Any) -> Message:
        """Return what is said when a system is back whose alert this was."""
        system = system_of(known.cause)
        circuits = await books.circuits.closed_since(system, known.opened_at)
        since = min((row.began_at for row in circuits), default=known.opened_at)
        until = max((row.closed_at for row in circuits), default=datetime.now(UTC))
        waiting = await self._waiting(books, _types(circuits), since, until)
        outage = self._outage(system, since, until, waiting, ())
        is_back = any(row.closed_by for row in circuits)
        return self._message(known.channel, *(outage_over(outage) if is_back else outage_forgotten(outage)))

    async def _waiting(self, books: Books, types: Sequence[str], since: datetime, until: datetime | None) -> list[Waiting]:
        rows = await books.circuits.affected(types, since=since, until=until)
        catalog = self._house.catalog
        return [Waiting(r.type, r.events, r.oldest, Fraction(r.seconds) / 3600, catalog[r.type].cost) for r in rows]

    def _outage(
        self,
        system: str,
        since: datetime,
        until: datetime,
        waiting: Sequence[Waiting],
        amounts: Sequence[Money],
        *,
        is_locked: bool = False,
    ) -> Outage:
        catalog = self._house.catalog
        entry = catalog.systems.systems[System(system)]
        return Outage(entry.title, catalog.owners.owners[entry.process_owner].name, since, until, waiting, amounts, is_locked)

    def _channel(self, system: str) -> str:
        catalog = self._house.catalog
        return catalog.owners.owners[catalog.systems.systems[System(system)].process_owner].channel

    def _message(self, channel: str, text: str, paragraphs: Sequence[str]) -> Message:
        link = f"{self._house.settings.runbooks_url}/{runbooks().of(PREFIX, '').file}"
        return Message(channel, text, paragraphs, {"Runbook": link})


def _types(circuits: Sequence[Any]) -> list[str]:
    return sorted({event for row in circuits for event in stopped_by(row.system, row.step)})
