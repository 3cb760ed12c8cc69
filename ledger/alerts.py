"""Alerts: what an owner was told about a cause, so that it is told once and then kept up to date."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any

from sqlalchemy import Row, func, select, update
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlmodel import col

from ledger.tables import Alert


class Alerts:
    """Questions and changes on one transaction."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def open(self) -> Sequence[Row[Any]]:
        """Return the alerts that are open."""
        return (await self._connection.execute(select(Alert).where(col(Alert.closed_at).is_(None)))).all()

    async def announce(self, cause: str, channel: str) -> int | None:
        """Write down that an alert is about to be posted, once per open cause; return its id, None where that was done before."""
        statement = upsert(Alert).values(cause=cause, channel=channel).on_conflict_do_nothing()
        return (await self._connection.execute(statement.returning(col(Alert.id)))).scalar_one_or_none()

    async def take(self, alert_id: int) -> Row[Any] | None:
        """Return an open alert and keep others off it until this transaction ends; None if another one does, or it is closed."""
        which = (col(Alert.id) == alert_id, col(Alert.closed_at).is_(None))
        return (await self._connection.execute(select(Alert).where(*which).with_for_update(skip_locked=True))).one_or_none()

    async def said(self, alert_id: int, *, message_id: str, deals: int) -> None:
        """Write down what was posted last."""
        statement = update(Alert).where(col(Alert.id) == alert_id)
        await self._connection.execute(statement.values(message_id=message_id, said=deals, changed_at=func.now()))

    async def close(self, alert_ids: Collection[int]) -> None:
        """Close alerts whose cause is gone."""
        await self._connection.execute(update(Alert).where(col(Alert.id).in_(list(alert_ids))).values(closed_at=func.now()))
