"""Looks at the mailbox: where the next one goes on from, and how much of what came was worth keeping."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Row, select, text
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlmodel import col

from ledger.tables import Capture

MEASURED = text(
    """
SELECT coalesce(sum(seen), 0)::int AS seen, coalesce(sum(kept), 0)::int AS kept, coalesce(sum(unplaced), 0)::int AS unplaced
FROM captures WHERE at > now() - make_interval(days => :days)
"""
)
DAYS = 30


class Captures:
    """Questions and changes on one transaction."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def cursor(self) -> str:
        """Return where the last look ended; nothing before the first."""
        statement = select(col(Capture.after)).order_by(col(Capture.id).desc()).limit(1)
        return (await self._connection.execute(statement)).scalar_one_or_none() or ""

    async def looked(self, before: str, after: str, *, seen: int = 0, kept: int = 0, unplaced: int = 0) -> None:
        """Write a look down; of two that began at the same place one counts."""
        values = {"before": before, "after": after, "seen": seen, "kept": kept, "unplaced": unplaced}
        await self._connection.execute(upsert(Capture).values(**values).on_conflict_do_nothing())

    async def measured(self, days: int = DAYS) -> Row[Any]:
        """Count the letters that came, those that were put on record, and those tagged ones whose deal nobody could tell."""
        return (await self._connection.execute(MEASURED, {"days": days})).one()
