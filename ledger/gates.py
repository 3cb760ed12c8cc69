"""What the quality gates said, kept so that it can be looked at."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import Row, insert, select
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlmodel import col

from ledger.tables import GateResult


class Gates:
    """Questions and changes on one transaction."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def keep(self, suite: str, *, flow_run_id: UUID | None, checked: int, failed: int, summary: Any) -> None:
        """Keep a gate's verdict; `summary` holds no value of the batch."""
        values = {"suite": suite, "flow_run_id": flow_run_id, "checked": checked, "failed": failed, "summary": summary}
        await self._connection.execute(insert(GateResult).values(**values))

    async def latest(self, *, limit: int) -> Sequence[Row[Any]]:
        """Return the newest verdicts."""
        return (await self._connection.execute(select(GateResult).order_by(col(GateResult.id).desc()).limit(limit))).all()
