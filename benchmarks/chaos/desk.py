"""The person at the desk: replays what stopped because of an outage, as the exception's route says, and counts it."""

from __future__ import annotations

import asyncio
import contextlib
from collections import Counter

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from benchmarks.chaos.stream import GONE
from contracts.catalog import catalog
from ledger.database import Ledger
from ledger.replaying import Choice, replay

EVERY = 10.0
STOPPED = text(
    """
SELECT i.id, x.cause FROM inbox i JOIN exceptions x ON x.event_id = i.id AND x.closed_at IS NULL
WHERE i.status = 'parked' AND x.cause NOT LIKE '%/stage/stage'
"""
)
"""What contradicts its case is not a matter of time."""


class Desk:
    """Somebody who looks at the exceptions now and then."""

    def __init__(self, ledger: Ledger, engine: AsyncEngine) -> None:
        self.ledger, self._engine = ledger, engine
        self.replayed: Counter[str] = Counter()

    async def work(self) -> None:
        """Replay what stopped, every few seconds, until cancelled."""
        while True:
            await asyncio.sleep(EVERY)
            with contextlib.suppress(*GONE):
                await self.replay()

    async def replay(self) -> int:
        """Replay everything that stopped, once; return how many events that were."""
        async with self._engine.connect() as connection:
            rows = (await connection.execute(STOPPED)).all()
        if rows:
            await replay(self.ledger, catalog(), Choice([row.id for row in rows]))
        self.replayed.update(row.cause for row in rows)
        return len(rows)
