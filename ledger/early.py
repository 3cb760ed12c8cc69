"""Events that came too early: they wait for their case, and go on when it gets to where they fit."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import Row, func, select, text, update
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlmodel import col

from ledger.tables import Event, EventStatus, ExceptionRow
from lifecycle.references import FIELDS

ADOPT = text(
    """
UPDATE inbox SET case_id = n.case_id FROM unnest(CAST(:events AS uuid[]), CAST(:cases AS uuid[])) AS n(id, case_id)
WHERE inbox.id = n.id
"""
)
NAMES = " OR ".join(f"payload->'data'->>'{field}' = ANY(:named)" for field in FIELDS)
ROUSE = text(
    f"UPDATE inbox SET status = 'received' WHERE status = 'waiting' AND (case_id = ANY(:cases) OR {NAMES}) RETURNING id"  # noqa: S608
)
ROUSE_RESOLVED = text(
    """
UPDATE inbox SET status = 'received' WHERE status = 'waiting' AND EXISTS (
  SELECT 1 FROM cases c WHERE c.crm_deal_id = inbox.payload->'data'->>'deal_id' AND c.id <> inbox.case_id)
RETURNING id
"""
)
"""What came too early goes on when its case moves, or when the deal that it names turns out to be a case's."""


class Early:
    """Questions and changes on one transaction."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def adopt(self, cases: Mapping[UUID, UUID]) -> None:
        """Move events to the cases that they turned out to belong to."""
        if cases:
            await self._connection.execute(ADOPT, {"events": list(cases), "cases": list(cases.values())})

    async def rouse(self, cases: Collection[UUID], named: Collection[str]) -> Sequence[UUID]:
        """Let events go on that came too early for these cases, or that name one of these outside records."""
        return list((await self._connection.execute(ROUSE, {"cases": list(cases), "named": list(named)})).scalars())

    async def rouse_resolved(self) -> Sequence[UUID]:
        """Let events go on that came before their deal was known as a case's."""
        return list((await self._connection.execute(ROUSE_RESOLVED)).scalars())

    async def wait(self, ids: Collection[UUID]) -> None:
        """Let running events wait for their case to get to where they fit."""
        values = {"status": EventStatus.WAITING, "leased_by": None, "lease_until": None}
        if ids:
            await self._connection.execute(update(Event).where(col(Event.id).in_(list(ids))).values(**values))

    async def waiting_since(self, seconds: float) -> Sequence[Row[Any]]:
        """Return the events that have waited for their case for longer than that and have no open exception yet."""
        before = func.now() - func.make_interval(0, 0, 0, 0, 0, 0, seconds)
        told = select(col(ExceptionRow.id)).where(
            col(ExceptionRow.event_id) == col(Event.id), col(ExceptionRow.closed_at).is_(None)
        )
        statement = select(Event).where(col(Event.status) == EventStatus.WAITING, col(Event.received_at) < before, ~told.exists())
        return (await self._connection.execute(statement.limit(1000))).all()
