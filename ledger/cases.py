"""Cases: one row per deal's trip, moved along as its events are done."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import Row, func, select, update
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlmodel import col

from ledger.tables import Case


class Cases:
    """Questions and changes on one transaction."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def open(self, ids: Collection[UUID]) -> Mapping[UUID, Row[Any]]:
        """Return the cases, opening those that are not there yet."""
        rows = [{"id": case} for case in sorted(set(ids))]
        await self._connection.execute(upsert(Case).values(rows).on_conflict_do_nothing())
        return await self.get(ids)

    async def get(self, ids: Collection[UUID]) -> Mapping[UUID, Row[Any]]:
        """Return the cases that exist among these."""
        rows = (await self._connection.execute(select(Case).where(col(Case.id).in_(list(ids))))).all()
        return {row.id: row for row in rows}

    async def of_deals(self, deal_ids: Collection[str]) -> Mapping[str, UUID]:
        """Return which case each CRM deal belongs to."""
        statement = select(col(Case.crm_deal_id), col(Case.id)).where(col(Case.crm_deal_id).in_(list(deal_ids)))
        return {str(deal): case for deal, case in await self._connection.execute(statement)}

    async def change(self, case_id: UUID, **values: Any) -> None:
        """Set fields of a case."""
        await self._connection.execute(update(Case).where(col(Case.id) == case_id).values(changed_at=func.now(), **values))

    async def count(self) -> Sequence[Row[str, int]]:
        """Count cases by stage."""
        statement = select(col(Case.stage), func.count().label("cases")).group_by(col(Case.stage)).order_by(col(Case.stage))
        return (await self._connection.execute(statement)).all()
