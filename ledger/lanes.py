"""How the path stands now, for those who watch it: deals by stage, what is stuck and since when, how the day goes."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Row, TextClause, text
from sqlalchemy.ext.asyncio import AsyncConnection

from ledger.rules import SETTLING

MARK = text(
    """
SELECT (SELECT max(received_at) FROM inbox), (SELECT max(changed_at) FROM cases), (SELECT max(id) FROM exceptions),
  (SELECT count(*) FROM exceptions WHERE closed_at IS NULL),
  (SELECT array_agg(concat_ws('/', type, status, events, oldest) ORDER BY type, status) FROM (
    SELECT type, status, count(*) AS events, min(received_at) AS oldest FROM inbox
    WHERE status NOT IN ('done', 'undone') GROUP BY type, status) AS work),
  (SELECT array_agg(id ORDER BY id) FROM circuits WHERE opened_at IS NOT NULL AND closed_at IS NULL),
  (SELECT array_agg(id ORDER BY id) FROM switches WHERE lifted_at IS NULL),
  (SELECT concat_ws('/', count(*), max(asked_at)) FROM decisions WHERE state = 'waiting')
"""
)
STAGES = text(
    """
SELECT stage, currency, count(*) AS cases, sum(amount_minor)::bigint AS minor FROM cases
GROUP BY stage, currency ORDER BY currency
"""
)
NEWEST = text(
    """
SELECT n.* FROM unnest(CAST(:stages AS text[])) AS s(stage) CROSS JOIN LATERAL (
  SELECT id, title, stage, changed_at FROM cases c WHERE c.stage = s.stage ORDER BY c.changed_at DESC LIMIT :limit) AS n
"""
)
STUCK = text(
    """
WITH found AS (
  SELECT i.id AS event_id, i.case_id, i.seq, i.type, i.status, x.cause, x.owner, coalesce(c.stage, 'new') AS stage, c.title,
    coalesce(x.opened_at, i.received_at) AS since, coalesce(r.rate, 0) AS rate,
    CASE WHEN x.amount_minor IS NOT NULL THEN x.amount_minor WHEN c.amount_minor IS NOT NULL THEN c.amount_minor
      WHEN i.status <> 'quarantined' THEN (i.payload#>>'{data,amount,minor}')::bigint END AS minor,
    CASE WHEN x.amount_minor IS NOT NULL THEN x.currency WHEN c.amount_minor IS NOT NULL THEN c.currency
      WHEN i.status <> 'quarantined' THEN i.payload#>>'{data,amount,currency}' END AS currency
  FROM inbox i
  LEFT JOIN LATERAL (
    SELECT * FROM exceptions x WHERE x.event_id = i.id AND x.closed_at IS NULL ORDER BY x.id LIMIT 1) AS x ON true
  LEFT JOIN cases c ON c.id = i.case_id
  LEFT JOIN unnest(CAST(:types AS text[]), CAST(:rates AS bigint[])) AS r(type, rate) ON r.type = i.type
  WHERE i.status NOT IN ('done', 'undone') AND (i.status IN ('parked', 'quarantined') OR x.cause IS NOT NULL
    OR (i.status IN ('received', 'running') AND i.received_at < now() - make_interval(secs => :settling)))),
stuck AS MATERIALIZED (
  SELECT *, extract(epoch FROM now() - since)::float8 AS seconds,
    row_number() OVER (PARTITION BY case_id ORDER BY cause IS NULL, since, seq) = 1 AS is_first FROM found),
ordered AS (
  SELECT *, row_number() OVER w AS place,
    row_number() OVER (PARTITION BY stage ORDER BY rate * seconds DESC, seq) AS place_in_stage
  FROM stuck WHERE is_first WINDOW w AS (ORDER BY rate * seconds DESC, seq)),
sums AS (
  SELECT type, stage, currency, count(*) AS events, count(*) FILTER (WHERE is_first) AS deals, max(seconds) AS oldest,
    sum(seconds) AS seconds, sum(minor) FILTER (WHERE is_first)::bigint AS minor
  FROM stuck GROUP BY type, stage, currency)
SELECT
  (SELECT coalesce(jsonb_agg(to_jsonb(o) ORDER BY place), '[]') FROM ordered o WHERE place <= :limit OR place_in_stage <= :each),
  (SELECT coalesce(jsonb_agg(to_jsonb(s)), '[]') FROM sums s)
"""
)
"""What stopped, and what has waited for longer than is usual; of a deal the first such event, which holds up the others.

Both answers from one look, since to find them is what takes time."""

DAY = text(
    """
SELECT count(*) AS events, count(*) FILTER (WHERE status = 'done') AS done,
  count(*) FILTER (WHERE status IN ('parked', 'quarantined')) AS stopped,
  percentile_cont(0.5) WITHIN GROUP (ORDER BY extract(epoch FROM finished_at - received_at))
    FILTER (WHERE status = 'done') AS median
FROM inbox WHERE received_at >= :since AND status <> 'undone'
"""
)
HOURS = text(
    """
SELECT date_trunc('hour', received_at, 'UTC') AS hour, count(*) FILTER (WHERE status = 'done') AS done,
  count(*) FILTER (WHERE status IN ('parked', 'quarantined')) AS stopped,
  count(*) FILTER (WHERE status IN ('received', 'running', 'waiting')) AS open
FROM inbox WHERE received_at >= :since GROUP BY 1 ORDER BY 1
"""
)
CAME_IN = """
SELECT i.id, i.type, i.status, i.case_id, i.received_at, i.flow_run_id, c.title,
  extract(epoch FROM coalesce(i.finished_at, now()) - i.received_at)::float8 AS seconds
FROM inbox i LEFT JOIN cases c ON c.id = i.case_id
WHERE i.received_at >= :since AND i.status = ANY(:statuses) ORDER BY {order} DESC LIMIT :limit
"""
LATEST, SLOWEST = (text(CAME_IN.format(order=order)) for order in ("i.received_at", "seconds"))
LAG = text(
    """
SELECT e.system, percentile_cont(0.5) WITHIN GROUP (ORDER BY extract(epoch FROM e.finished_at - i.received_at)) AS median
FROM (SELECT id, received_at FROM inbox ORDER BY received_at DESC LIMIT :events) AS i
CROSS JOIN LATERAL (SELECT system, finished_at FROM effects WHERE event_id = i.id AND state = 'done' OFFSET 0) AS e
GROUP BY e.system
"""
)
"""Without OFFSET all effects that there ever were would be read."""
ASKED = text("SELECT count(*) AS decisions, min(asked_at) AS oldest FROM decisions WHERE state = 'waiting'")
BYPASSED = text("SELECT system, count(*) AS open FROM incidents WHERE state = 'open' GROUP BY system")


class Lanes:
    """Questions on one transaction."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def mark(self) -> tuple[Any, ...]:
        """Return what differs as soon as something has moved, stopped or gone on; it costs the ledger next to nothing."""
        return tuple((await self._connection.execute(MARK)).one())

    async def stages(self) -> Sequence[Row[Any]]:
        """Count deals and sum their amounts, by stage and currency."""
        return await self._all(STAGES)

    async def newest(self, stages: Collection[str], *, limit: int) -> Sequence[Row[Any]]:
        """Return the deals of each stage that were moved last, so many of each."""
        return await self._all(NEWEST, stages=list(stages), limit=limit)

    async def stuck(
        self, rates: Mapping[str, int], *, limit: int, each: int = 0
    ) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
        """Return the deals whose waiting has cost most so far, by the cost of an hour of each type, and `each` of every stage.

        And all that is stuck by type, stage and currency: events with their seconds of waiting, deals with their amounts.
        """
        waiting = {"types": list(rates), "rates": list(rates.values()), "settling": SETTLING}
        deals, sums = (await self._connection.execute(STUCK, waiting | {"limit": limit, "each": each})).one()
        return deals, sums

    async def day(self, since: datetime) -> Row[Any]:
        """Count what came in since then, what of it is done or stopped, and the median of seconds until it was done."""
        return (await self._connection.execute(DAY, {"since": since})).one()

    async def hours(self, since: datetime) -> Sequence[Row[Any]]:
        """Count what came in since then by the hour, and how it stands."""
        return await self._all(HOURS, since=since)

    async def asked(self) -> Row[Any]:
        """Count the decisions that wait for a person, with the time of the oldest."""
        return (await self._connection.execute(ASKED)).one()

    async def came_in(self, since: datetime, statuses: Collection[str], *, slowest: bool, limit: int) -> Sequence[Row[Any]]:
        """Return what came in since then and stands here, the latest first, or the slowest."""
        return await self._all(SLOWEST if slowest else LATEST, since=since, statuses=list(statuses), limit=limit)

    async def lag(self, *, events: int) -> Mapping[str, float]:
        """Return, by system, the median of seconds from an event to its change there, of so many of the newest events."""
        return {row.system: row.median for row in await self._all(LAG, events=events)}

    async def bypassed(self) -> Mapping[str, int]:
        """Count the fields that somebody changed past us and nobody has answered for, by system."""
        return {row.system: row.open for row in await self._all(BYPASSED)}

    async def _all(self, statement: TextClause, **values: Any) -> Sequence[Row[Any]]:
        return (await self._connection.execute(statement, values)).all()
