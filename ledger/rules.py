"""The figures that trigger rules judge: what ended on each path lately, what waits there, and when it last got through."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Row, text
from sqlalchemy.ext.asyncio import AsyncConnection

SETTLING = 60
"""Seconds of waiting that are the usual way of events, and cost nobody anything."""

FIGURES = text(
    """
WITH waits AS MATERIALIZED (
  SELECT type, received_at AS since, true AS is_held_up FROM inbox WHERE status IN ('received', 'running')
  UNION ALL
  SELECT i.type, i.finished_at, bool_and(x.cause NOT LIKE 'gate/%' AND x.cause NOT LIKE '%/stage/%')
  FROM exceptions x JOIN inbox i ON i.id = x.event_id WHERE x.closed_at IS NULL AND i.status = 'parked' GROUP BY i.id
)
SELECT t.type, now() AS now, e.ended, d.done_at, w.waiting, w.first
FROM unnest(CAST(:types AS text[])) AS t(type)
CROSS JOIN LATERAL (
  SELECT jsonb_agg(to_jsonb(o) ORDER BY o.seconds) AS ended FROM (
    SELECT n.seconds, count(i.id) AS events, count(i.id) FILTER (WHERE i.status = 'parked') AS stopped,
           min(i.finished_at) FILTER (WHERE i.status = 'parked') AS since
    FROM unnest(CAST(:windows AS float8[])) AS n(seconds)
    LEFT JOIN inbox i ON i.type = t.type AND i.finished_at >= now() - make_interval(secs => n.seconds)
                     AND i.status IN ('done', 'parked')
    GROUP BY n.seconds) AS o) AS e
LEFT JOIN LATERAL (
  SELECT finished_at AS done_at FROM inbox i WHERE i.type = t.type AND i.finished_at IS NOT NULL AND i.status = 'done'
  ORDER BY i.finished_at DESC LIMIT 1) AS d ON true
CROSS JOIN LATERAL (
  SELECT count(*) FILTER (WHERE since < now() - make_interval(secs => :settling)) AS waiting,
         min(since) FILTER (WHERE is_held_up AND since > coalesce(d.done_at, '-infinity')) AS first
  FROM waits WHERE waits.type = t.type) AS w
WHERE (SELECT pg_try_advisory_xact_lock(hashtextextended('towline rules', 0)))
ORDER BY t.type
"""
)
"""What a gate or a stage has stopped says nothing about a path that is down: its data is wrong."""

TOUCHED = text(
    """
SELECT count(DISTINCT i.case_id) FROM inbox i WHERE i.type = ANY(CAST(:types AS text[])) AND i.finished_at >= :since
AND EXISTS (SELECT 1 FROM effects e WHERE e.event_id = i.id AND e.state = 'done')
"""
)
FIRED = text("SELECT cause, reason FROM exceptions WHERE closed_at IS NULL AND cause LIKE 'rules/%'")


class Rules:
    """Questions on one transaction."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def figures(self, types: Collection[str], windows: Collection[float]) -> Sequence[Row[Any]]:
        """Return the figures of these types of events, to one caller at a time; nothing while another one looks at them."""
        values = {"types": list(types), "windows": list(windows), "settling": SETTLING}
        return (await self._connection.execute(FIGURES, values)).all()

    async def touched(self, types: Collection[str], since: datetime) -> int:
        """Return how many deals were changed outside by events that ended since then."""
        return int((await self._connection.execute(TOUCHED, {"types": list(types), "since": since})).scalar_one())

    async def fired(self) -> dict[str, str]:
        """Return the reasons of the rules that fired and still hold, by cause."""
        return {row.cause: row.reason for row in await self._connection.execute(FIRED)}
