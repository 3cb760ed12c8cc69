"""Deaths of processes: which events they died under, how often in a row, and whether that proves anything."""

from __future__ import annotations

from collections.abc import Collection
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

ALONE = 2
"""From so many deaths on an event is claimed alone, and runs alone in its process."""
PARKED = 3
"""After so many deaths in a row, the last one alone in its process, an event is taken for the killer."""
CERTAIN = 10
"""After so many it is, whoever else is killing processes."""

DIED = """
UPDATE inbox SET status = 'received', leased_by = NULL, lease_until = NULL, died_at = now(), deaths = d.deaths,
       not_before = now() + make_interval(secs => least(60, 2 ^ (d.deaths - 1) - 1))
FROM (SELECT id, leased_by, CASE WHEN died_at IS NULL OR EXISTS (
        SELECT 1 FROM effects e WHERE e.event_id = inbox.id AND e.state = 'done' AND e.finished_at > inbox.died_at)
      THEN 1 ELSE deaths + 1 END AS deaths
      FROM inbox WHERE status = 'running' AND {whose} ORDER BY id FOR UPDATE) d
WHERE inbox.id = d.id
RETURNING inbox.id, inbox.flow_run_id, inbox.type, inbox.contract, inbox.case_id, inbox.deaths, d.leased_by, true AS is_dead
"""
"""A death is counted on from the last one unless the event has got something done since: a killer dies where it died before."""
DIED_IN_A_PROCESS = text(DIED.format(whose="id = ANY(:ids)"))
DIED_WITH_ITS_WORKER = text(DIED.format(whose="leased_by = :worker"))
DIED_WITH_ITS_LEASE = text(DIED.format(whose="leased_by = :worker AND lease_until < now()"))
SILENT = text(
    """
SELECT leased_by, pg_try_advisory_xact_lock(hashtextextended('worker ' || leased_by, 0)) AS is_dead
FROM (SELECT DISTINCT leased_by FROM inbox WHERE status = 'running' AND lease_until < now()) AS s
"""
)
"""Workers whose leases have ended. One that lives still holds its name (`Ledger.alone`)."""

NOTE = text(
    """
INSERT INTO deaths (process, events) VALUES (:process, CAST(:events AS uuid[]))
ON CONFLICT (process) DO UPDATE SET events = deaths.events || excluded.events
"""
)
FORGET = text("DELETE FROM deaths WHERE at < now() - interval '1 day'")
ELSEWHERE = text(
    """
SELECT EXISTS (
  SELECT 1 FROM deaths d WHERE d.at > now() - interval '5 minutes' AND NOT :event = ANY(d.events) AND NOT EXISTS (
    SELECT 1 FROM inbox i WHERE i.id = ANY(d.events) AND i.deaths > 1 AND i.status NOT IN ('done', 'undone')))
"""
)
"""Whether a process has died of late that neither had to do with this event, nor with another one that is suspect itself."""


class Deaths:
    """Questions and changes on one transaction."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def note(self, process: UUID, events: Collection[UUID]) -> None:
        """Write down that a process died while it worked on these events; a day later that is forgotten."""
        await self._connection.execute(FORGET)
        await self._connection.execute(NOTE, {"process": process, "events": list(events)})

    async def happen_elsewhere(self, event: UUID) -> bool:
        """Say whether somebody kills processes that have nothing to do with this event, so that its own death proves nothing."""
        return bool((await self._connection.execute(ELSEWHERE, {"event": event})).scalar_one())
