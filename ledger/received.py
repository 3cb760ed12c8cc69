"""What came in from outside lately, page by page, for those who measure how well it fits."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Row, func, select
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlmodel import col

from ledger.tables import Event
from lifecycle.events import OURSELVES


class Received:
    """Questions on one transaction."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def since(self, moment: datetime, *, after: int, limit: int) -> Sequence[Row[Any]]:
        """Return events of others that were received since then, as they came, the next `limit` behind `after`, in order."""
        columns: list[Any] = [col(getattr(Event, name)) for name in ("seq", "id", "source", "type", "status", "contract")]
        columns.append(func.coalesce(col(Event.original), col(Event.payload)).label("payload"))
        which = (col(Event.received_at) >= moment, col(Event.seq) > after, col(Event.source) != OURSELVES)
        statement = select(*columns).where(*which).order_by(col(Event.seq)).limit(limit)
        return (await self._connection.execute(statement)).all()
