"""What was measured of each path lately: how much came, how soon it was done, and what it called for."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from contracts.systems import System
from lifecycle.advice import Measured

PATHS = text(
    """
WITH e AS (
  SELECT i.type, i.received_at, i.status = 'done' AS is_done,
         count(*) OVER (PARTITION BY i.type, date_trunc('hour', i.received_at)) AS of_hour,
         count(*) OVER (PARTITION BY i.type, date_trunc('minute', i.received_at)) AS of_minute,
         extract(epoch FROM coalesce((SELECT max(x.finished_at) FROM effects x WHERE x.event_id = i.id AND x.state = 'done'),
                                     i.finished_at) - i.received_at) AS lag
  FROM inbox i WHERE i.received_at >= now() - make_interval(days => :days) AND i.status <> 'quarantined')
SELECT type, count(*) AS events, greatest(extract(epoch FROM now() - min(received_at)) / 3600, 1) AS hours,
       max(of_hour) AS peak_hour, max(of_minute) AS peak_minute, count(*) FILTER (WHERE is_done) AS done,
       percentile_cont(0.5) WITHIN GROUP (ORDER BY lag) FILTER (WHERE is_done) AS median,
       percentile_cont(0.95) WITHIN GROUP (ORDER BY lag) FILTER (WHERE is_done) AS slow
FROM e GROUP BY type
"""
)
CALLS = text(
    """
SELECT i.type, x.system, sum(x.attempts) AS calls FROM effects x JOIN inbox i ON i.id = x.event_id
WHERE i.received_at >= now() - make_interval(days => :days) AND i.status = 'done' AND x.state = 'done' GROUP BY i.type, x.system
"""
)


class Measures:
    """Questions on one transaction."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def paths(self, days: int) -> Mapping[str, Measured]:
        """Return what was measured of events received in so many days, by type; a type without any is left out."""
        calls: defaultdict[str, dict[System, int]] = defaultdict(dict)
        for row in await self._connection.execute(CALLS, {"days": days}):
            calls[row.type][System(row.system)] = int(row.calls)
        return {
            row.type: Measured(
                events=row.events,
                hours=float(row.hours),
                peak_hour=row.peak_hour,
                peak_minute=row.peak_minute,
                done=row.done,
                median=row.median,
                slow=row.slow,
                calls=calls[row.type],
            )
            for row in await self._connection.execute(PATHS, {"days": days})
        }
