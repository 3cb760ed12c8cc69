"""What others are told of events after the fact: what was not told yet, and what ended in a time."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Row, select, text
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlmodel import col

from ledger.tables import Event, EventStatus

UNTOLD = text(
    """
SELECT id, type, contract, case_id, status, told, attempts, flow_run_id, received_at, finished_at FROM inbox
WHERE status <> 'running' AND told IS DISTINCT FROM status
  AND (status <> 'received' OR received_at < now() - make_interval(secs => :settling))
  AND (SELECT pg_try_advisory_xact_lock(hashtextextended('towline untold', 0)))
ORDER BY seq LIMIT :limit
"""
)
TELL = text(
    """
UPDATE inbox SET told = n.status FROM unnest(CAST(:ids AS uuid[]), CAST(:statuses AS text[])) AS n(id, status)
WHERE inbox.id = n.id AND inbox.id IN (SELECT id FROM inbox WHERE id = ANY(CAST(:ids AS uuid[])) FOR UPDATE SKIP LOCKED)
"""
)
"""Nobody is waited for, so that this cannot come into a deadlock with a path: what is locked now is told once more."""


class Telling:
    """Questions and changes on one transaction."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def untold(self, *, limit: int, settling: float) -> Sequence[Row[Any]]:
        """Return events that Prefect does not know where they stand, to one caller at a time; until its transaction ends.

        An event that is about to be claimed is left alone for `settling` seconds: `tell` would hold its row.
        """
        return (await self._connection.execute(UNTOLD, {"limit": limit, "settling": settling})).all()

    async def tell(self, told: Mapping[UUID, str]) -> None:
        """Write down which status of each event Prefect was told."""
        if told:
            await self._connection.execute(TELL, {"ids": list(told), "statuses": [str(status) for status in told.values()]})

    async def ended(self, event_type: str, since: datetime, until: datetime) -> Sequence[Row[Any]]:
        """Return the events of a type that were done within this time, in that order."""
        within = (col(Event.finished_at) >= since, col(Event.finished_at) < until)
        statement = select(Event).where(col(Event.type) == event_type, col(Event.status) == EventStatus.DONE, *within)
        return (await self._connection.execute(statement.order_by(col(Event.finished_at)))).all()
