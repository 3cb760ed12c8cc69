"""Watches events in the ledger until each is done or needs a person; it must not know who shows it."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Collection, Mapping
from uuid import UUID

from ledger.database import Ledger
from ledger.tables import EventStatus

UNDER_WAY = frozenset({EventStatus.RECEIVED, EventStatus.RUNNING})
CHUNK = 5000
"""Ids in one question: PostgreSQL takes at most 32,767 parameters."""


async def tallies(ledger: Ledger, ids: Collection[UUID], *, pause: float = 0.3) -> AsyncIterator[Mapping[str, int]]:
    """Yield how many of these events stand where, again and again until none is under way."""
    while True:
        tally = await tally_of(ledger, ids)
        yield tally
        if not any(tally.get(status) for status in UNDER_WAY):
            return
        await asyncio.sleep(pause)


async def tally_of(ledger: Ledger, ids: Collection[UUID]) -> Mapping[str, int]:
    """Count these events by status."""
    everything = list(ids)
    counted: Counter[str] = Counter()
    async with ledger.begin() as books:
        for start in range(0, len(everything), CHUNK):
            counted.update(await books.inbox.tally(everything[start : start + CHUNK]))
    return counted
