"""What the quality gates said, kept so that it can be looked at and counted."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import asdict, dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import Row, delete, func, insert, select, text
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlmodel import col

from ledger.tables import GateResult, GateWarning

TALLIES = text(
    """
WITH judged AS (
  SELECT g.suite, e.rule, min(e.kind) AS kind, min(e.severity) AS severity, min(e.description) AS reason,
         sum(e.elements)::bigint AS judged, sum(e.unexpected)::bigint AS refused,
         max(g.at) FILTER (WHERE e.unexpected > 0) AS last_refused
  FROM gate_results g, jsonb_to_recordset(g.summary -> 'expectations')
    AS e(rule text, kind text, severity text, description text, elements bigint, unexpected bigint)
  WHERE g.at >= now() - make_interval(days => :days) GROUP BY g.suite, e.rule),
stopped AS (
  SELECT split_part(cause, '/', 2) AS suite, split_part(cause, '/', 3) AS rule,
         count(*) FILTER (WHERE closed_at IS NULL) AS open, max(closed_at) AS closed_at
  FROM exceptions WHERE cause LIKE 'gate/%' GROUP BY 1, 2)
SELECT j.*, coalesce(s.open, 0) AS open, CASE WHEN s.open = 0 THEN s.closed_at END AS closed_at
FROM judged j LEFT JOIN stopped s USING (suite, rule) ORDER BY j.refused DESC, j.suite, j.rule
"""
)
"""A rule is closed when nothing is open that it has stopped: since the last closing."""


@dataclass(frozen=True, slots=True)
class NewWarning:
    """What a gate warns of at an event that it lets pass."""

    event_id: UUID
    case_id: UUID
    suite: str
    rule: str
    field: str
    reason: str


class Gates:
    """Questions and changes on one transaction."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def keep(self, suite: str, *, flow_run_id: UUID | None, checked: int, failed: int, summary: Any) -> None:
        """Keep a gate's verdict; `summary` holds no value of the batch."""
        values = {"suite": suite, "flow_run_id": flow_run_id, "checked": checked, "failed": failed, "summary": summary}
        await self._connection.execute(insert(GateResult).values(**values))

    async def warn(self, events: Collection[UUID], warnings: Sequence[NewWarning]) -> None:
        """Keep what a gate warns of at these events, in the place of what it warned of before."""
        await self._connection.execute(delete(GateWarning).where(col(GateWarning.event_id).in_(list(events))))
        if warnings:
            await self._connection.execute(insert(GateWarning), [asdict(warning) for warning in warnings])

    async def warnings_of(self, case_id: UUID) -> Sequence[Row[Any]]:
        """Return what the gates warn of in a case, oldest first."""
        statement = select(GateWarning).where(col(GateWarning.case_id) == case_id)
        return (await self._connection.execute(statement.order_by(col(GateWarning.at), col(GateWarning.rule)))).all()

    async def warned(self) -> Sequence[Row[Any]]:
        """Count the events of the last day that a gate warns of, by suite and rule."""
        columns = (col(GateWarning.suite), col(GateWarning.rule))
        recent = col(GateWarning.at) >= func.now() - text("interval '1 day'")
        statement = select(*columns, func.count().label("events")).where(recent).group_by(*columns).order_by(*columns)
        return (await self._connection.execute(statement)).all()

    async def tallies(self, *, days: int) -> Sequence[Row[Any]]:
        """Return each rule of each path: rows judged and refused within so many days, the worst first, and when it was closed."""
        return (await self._connection.execute(TALLIES, {"days": days})).all()

    async def latest(self, *, limit: int) -> Sequence[Row[Any]]:
        """Return the newest verdicts."""
        return (await self._connection.execute(select(GateResult).order_by(col(GateResult.id).desc()).limit(limit))).all()
