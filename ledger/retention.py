"""Retention: the working papers of deals that ended long ago go, page by page; what people and auditors need stays."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import select, text
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlmodel import col

from ledger.tables import Case

PAGE = 500
"""Cases or rows that one transaction goes through: short enough that nobody waits for it."""

OVER = text(
    """
SELECT c.id FROM cases c WHERE c.id = ANY(:cases) AND c.stage = ANY(:stages)
AND EXISTS (SELECT 1 FROM inbox i WHERE i.case_id = c.id)
AND NOT EXISTS (SELECT 1 FROM inbox i WHERE i.case_id = c.id AND (
  i.status NOT IN ('done', 'undone') OR i.told IS DISTINCT FROM i.status
  OR i.finished_at > now() - make_interval(secs => :seconds)))
AND NOT EXISTS (SELECT 1 FROM exceptions x WHERE x.case_id = c.id AND x.event_id IS NOT NULL AND x.closed_at IS NULL)
FOR UPDATE SKIP LOCKED
"""
)
"""A deal is over when it is paid or given up, all that was heard of it was finished long ago, and nothing of it has stopped.
An open exception about the deal as a whole (something that was changed past us) stays on its owner's desk while the papers go."""
RETIRE = text(
    """
WITH gone AS (DELETE FROM inbox WHERE case_id = ANY(:cases) AND status IN ('done', 'undone') RETURNING id)
INSERT INTO retired (id) SELECT id FROM gone ON CONFLICT DO NOTHING
"""
)
EFFECTS = text(
    """
WITH gone AS (DELETE FROM effects WHERE case_id = ANY(:cases) AND NOT step = ANY(:shared) RETURNING key),
pictures AS (DELETE FROM images USING gone WHERE effect_key = gone.key)
SELECT count(*) FROM gone
"""
)
SUGGESTIONS = text("UPDATE suggestions SET was = NULL, proposed = NULL, given = NULL WHERE case_id = ANY(:cases)")
"""What was proposed may name people; how it turned out says nothing of them, and is evidence."""
EXCEPTIONS = text("DELETE FROM exceptions WHERE case_id = ANY(:cases) AND closed_at IS NOT NULL")
INCIDENTS = text("DELETE FROM incidents WHERE case_id = ANY(:cases) AND state <> 'open'")
WARNINGS = text("DELETE FROM warnings WHERE case_id = ANY(:cases)")
OLD = {
    "gate_results": text(
        "DELETE FROM gate_results WHERE id IN (SELECT id FROM gate_results WHERE at < now() - make_interval(secs => :seconds)"
        " ORDER BY id LIMIT :limit)"
    ),
    "alerts": text(
        "DELETE FROM alerts WHERE id IN (SELECT id FROM alerts WHERE closed_at < now() - make_interval(secs => :seconds)"
        " ORDER BY id LIMIT :limit)"
    ),
    "exceptions": text(
        "DELETE FROM exceptions WHERE id IN (SELECT id FROM exceptions WHERE case_id IS NULL"
        " AND closed_at < now() - make_interval(secs => :seconds) ORDER BY id LIMIT :limit)"
    ),
    "circuits": text(
        "DELETE FROM circuits WHERE id IN (SELECT id FROM circuits WHERE closed_at < now() - make_interval(secs => :seconds)"
        " ORDER BY id LIMIT :limit)"
    ),
    "interactions": text(
        "DELETE FROM interactions WHERE id IN (SELECT id FROM interactions"
        " WHERE done_at < now() - make_interval(secs => :seconds) LIMIT :limit)"
    ),
    "captures": text(
        "DELETE FROM captures WHERE id IN (SELECT id FROM captures WHERE at < now() - make_interval(secs => :seconds)"
        " AND id < (SELECT max(id) FROM captures) ORDER BY id LIMIT :limit)"
    ),
    "looks": text(
        "DELETE FROM looks WHERE (system, vendor_id, entity) IN (SELECT system, vendor_id, entity FROM looks"
        " WHERE at < now() - make_interval(secs => :seconds) LIMIT :limit)"
    ),
    "rollback_items": text(
        "DELETE FROM rollback_items WHERE (rollback_id, effect_key) IN (SELECT i.rollback_id, i.effect_key FROM rollback_items i"
        " JOIN rollbacks r ON r.id = i.rollback_id WHERE r.finished_at < now() - make_interval(secs => :seconds) LIMIT :limit)"
    ),
}
"""What belongs to no deal, or needs none to be understood. What people did stays: who paused what, and who took what back."""


@dataclass(frozen=True, slots=True)
class Turned:
    """One page of cases: the last one on it (None behind the last page), and how many rows went, by table."""

    last: UUID | None
    gone: Counter[str]


class Retention:
    """Changes on one transaction."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def turn(self, after: UUID, *, stages: Collection[str], shared: Collection[str], seconds: float) -> Turned:
        """Look at the next page of cases and retire those that are over; `shared` steps are needed by the account's next deal."""
        page = select(col(Case.id)).where(col(Case.id) > after).order_by(col(Case.id)).limit(PAGE)
        ids = list((await self._connection.execute(page)).scalars())
        values = {"cases": ids, "stages": list(stages), "seconds": seconds}
        over = list((await self._connection.execute(OVER, values)).scalars()) if ids else []
        gone: Counter[str] = Counter()
        if over:
            gone["inbox"] = await self._count(RETIRE, cases=over)
            effects = await self._connection.execute(EFFECTS, {"cases": over, "shared": list(shared)})
            gone["effects"] = int(effects.scalar_one())
            await self._connection.execute(SUGGESTIONS, {"cases": over})
            gone["exceptions"] = await self._count(EXCEPTIONS, cases=over)
            gone["incidents"] = await self._count(INCIDENTS, cases=over)
            gone["warnings"] = await self._count(WARNINGS, cases=over)
        return Turned(ids[-1] if ids else None, gone)

    async def drop(self, table: str, *, seconds: float) -> int:
        """Drop a page of old rows that belong to no deal; return how many there were."""
        return await self._count(OLD[table], seconds=seconds, limit=PAGE)

    async def _count(self, statement: object, **values: object) -> int:
        return int((await self._connection.execute(statement, values)).rowcount)  # type: ignore[call-overload]
