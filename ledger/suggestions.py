"""Suggestions: what was proposed for events that stopped, and what became of it; and at which level each action stands."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Row, func, insert, select, text, update
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlmodel import col

from ledger.tables import AutonomyLevel, Suggestion
from lifecycle.autonomy import RIGHT, WRONG, Outcome

MOST = 2000
"""Events whose accounts are looked at, the newest, and words that people have accepted."""

UNCONSIDERED = text(
    """
SELECT x.id, x.cause, x.event_id, x.case_id, x.event_type, x.route, x.owner, i.contract, i.payload -> 'data' AS data,
       extract(epoch FROM now() - i.received_at) / 86400 AS age_days
FROM exceptions x JOIN inbox i ON i.id = x.event_id
WHERE x.closed_at IS NULL AND x.cause LIKE ANY(CAST(:causes AS text[])) AND i.status IN ('quarantined', 'parked')
AND x.id > (SELECT coalesce(max(exception_id), 0) - 10000 FROM suggestions)
AND NOT EXISTS (SELECT 1 FROM suggestions s WHERE s.exception_id = x.id)
AND (SELECT pg_try_advisory_xact_lock(hashtextextended('towline suggestions', 0)))
ORDER BY x.id LIMIT :limit
"""
)
"""The oldest first, so all that is far behind the last one was looked at; near it some may have been committed later."""
ACCOUNTS = text(
    """
SELECT DISTINCT ON (lower(c.company ->> 'domain')) c.company ->> 'name' AS name, lower(c.company ->> 'domain') AS domain,
       extract(epoch FROM now() - c.received_at) / 86400 AS age_days
FROM (SELECT coalesce(payload -> 'data' -> 'company', payload -> 'data' -> 'account') AS company, received_at FROM inbox
      WHERE type IN ('lead.qualified', 'opportunity.created') AND status = 'done' ORDER BY seq DESC LIMIT :most) AS c
WHERE c.company ->> 'domain' IS NOT NULL AND c.company ->> 'name' IS NOT NULL
ORDER BY lower(c.company ->> 'domain'), c.received_at DESC
"""
)
OPEN = """
SELECT s.*, x.cause, x.owner, x.closed_at AS gone_on FROM suggestions s LEFT JOIN exceptions x ON x.id = s.exception_id
"""
WAITING = text(
    OPEN + "WHERE s.outcome IN ('waiting', 'rejected') AND x.id IS NOT NULL AND x.closed_at IS NULL ORDER BY x.id LIMIT :limit"
)
NAMED = text(
    OPEN + "WHERE replace(s.event_id::text, '-', '') LIKE :begin || '%' ORDER BY s.exception_id DESC LIMIT 100 FOR UPDATE OF s"
)
PASSED = text(
    """
UPDATE suggestions s SET outcome = 'passed', settled_at = now() WHERE s.outcome = 'waiting' AND s.completed IS NULL
AND NOT EXISTS (SELECT 1 FROM exceptions x WHERE x.id = s.exception_id AND x.closed_at IS NULL)
"""
)
ENDED = text(
    """
UPDATE suggestions s SET completed = (i.status = 'done') FROM inbox i
WHERE i.id = s.event_id AND s.completed IS NULL AND s.outcome IN ('alone', 'accepted', 'overridden')
AND (i.status IN ('done', 'undone') OR s.settled_at < now() - interval '1 day')
"""
)
"""An event that was corrected and is not done a day later was not completed, whatever became of it then."""
DECIDED = text(
    """
SELECT 1.0 AS confidence, state = 'approved' AS is_right, decided_at AS at, NULL AS completed FROM decisions
WHERE kind = :kind AND state IN ('approved', 'rejected') ORDER BY decided_at DESC LIMIT :limit
"""
)
ONE_AT_A_TIME = text("SELECT pg_advisory_xact_lock(hashtextextended('towline autonomy', 0))")
LEVELS = text('SELECT DISTINCT ON (action) action, level, since, "by", reason FROM autonomy ORDER BY action, id DESC')


@dataclass(frozen=True, slots=True)
class NewSuggestion:
    """What is proposed for an event that stopped, and what is done with that."""

    exception_id: int
    action: str
    event_id: UUID
    case_id: UUID
    field: str
    was: str | None
    proposed: str | None
    confidence: float
    parts: Mapping[str, float]
    reasons: Sequence[str]
    level: str
    treatment: str


class Suggestions:
    """Questions and changes on one transaction."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def unconsidered(self, causes: Collection[str], *, limit: int) -> Sequence[Row[Any]]:
        """Return what stopped for causes like these and nobody has looked at, the oldest first; to one caller at a time."""
        return (await self._connection.execute(UNCONSIDERED, {"causes": list(causes), "limit": limit})).all()

    async def accounts(self) -> Sequence[Row[Any]]:
        """Return the companies of events that are done, each by its domain, with how many days ago it was heard of."""
        return (await self._connection.execute(ACCOUNTS, {"most": MOST})).all()

    async def accepted(self, action: str, field: str) -> Sequence[Row[Any]]:
        """Return what was written and what was accepted for it, where that was never wrong."""
        which = (col(Suggestion.action) == action, col(Suggestion.field) == field, col(Suggestion.was).is_not(None))
        pair = (col(Suggestion.was), col(Suggestion.proposed))
        settled = col(Suggestion.outcome).in_([Outcome.ACCEPTED, *WRONG])
        statement = select(*pair).where(*which, settled).group_by(*pair).limit(MOST)
        return (
            await self._connection.execute(statement.having(func.bool_and(col(Suggestion.outcome) == Outcome.ACCEPTED)))
        ).all()

    async def keep(self, suggestion: NewSuggestion) -> None:
        """Write down what is proposed."""
        await self._connection.execute(insert(Suggestion).values(**asdict(suggestion)))

    async def waiting(self, *, limit: int) -> Sequence[Row[Any]]:
        """Return what waits for a person, the oldest first."""
        return (await self._connection.execute(WAITING, {"limit": limit})).all()

    async def of_event(self, event_id: UUID) -> Sequence[Row[Any]]:
        """Return what was suggested for an event, the newest first."""
        statement = select(Suggestion).where(col(Suggestion.event_id) == event_id)
        return (await self._connection.execute(statement.order_by(col(Suggestion.exception_id).desc()))).all()

    async def named(self, begin: str) -> Sequence[Row[Any]]:
        """Return the suggestions for events whose ids begin so, the newest first, and keep others off them."""
        return (await self._connection.execute(NAMED, {"begin": begin})).all()

    async def settle(self, exception_id: int, outcome: Outcome, *, by: str, given: str | None) -> None:
        """Write down what became of a suggestion."""
        statement = update(Suggestion).where(col(Suggestion.exception_id) == exception_id)
        values = {"outcome": outcome, "by": by, "given": given, "settled_at": func.now()}
        await self._connection.execute(statement.values(**values))

    async def contradict(self, event_id: UUID, field: str, value: str) -> None:
        """Count as wrong what was done alone for an event in which a person now gives another value."""
        which = (col(Suggestion.event_id) == event_id, col(Suggestion.field) == field, col(Suggestion.proposed) != value)
        statement = update(Suggestion).where(*which, col(Suggestion.outcome) == Outcome.ALONE)
        await self._connection.execute(statement.values(outcome=Outcome.REVERTED, settled_at=func.now()))

    async def answered(self, events: Collection[UUID]) -> Mapping[UUID, set[str]]:
        """Return, by event, the fields for which a person has given the value: they are not questioned again."""
        given = col(Suggestion.outcome).in_([Outcome.ACCEPTED, Outcome.OVERRIDDEN])
        statement = select(col(Suggestion.event_id), col(Suggestion.field))
        found: defaultdict[UUID, set[str]] = defaultdict(set)
        for event, field in await self._connection.execute(statement.where(col(Suggestion.event_id).in_(list(events)), given)):
            found[event].add(field)
        return found

    async def follow(self) -> None:
        """Write down of which events the end is known by now, and which went on without an answer."""
        for statement in (PASSED, ENDED):
            await self._connection.execute(statement)

    async def revert(self, events: Collection[UUID]) -> None:
        """Count as wrong what was done alone for events that a person left or took back: in doubt against the machine."""
        which = (col(Suggestion.event_id).in_(list(events)), col(Suggestion.outcome) == Outcome.ALONE)
        statement = update(Suggestion).where(*which)
        await self._connection.execute(statement.values(outcome=Outcome.REVERTED, settled_at=func.now()))

    async def told(self, action: str, decides: str | None, *, limit: int) -> Sequence[Row[Any]]:
        """Return what turned out right or wrong of an action lately: its proposals, or the answers to a kind of decision."""
        if decides:
            return (await self._connection.execute(DECIDED, {"kind": decides, "limit": limit})).all()
        is_right = col(Suggestion.outcome).in_(RIGHT).label("is_right")
        columns: tuple[Any, ...] = (
            col(Suggestion.confidence),
            is_right,
            col(Suggestion.settled_at).label("at"),
            col(Suggestion.completed),
        )
        which = (col(Suggestion.action) == action, col(Suggestion.outcome).in_([*RIGHT, *WRONG]))
        statement = select(*columns).where(*which).order_by(col(Suggestion.settled_at).desc()).limit(limit)
        return (await self._connection.execute(statement)).all()

    async def counted(self, action: str) -> Mapping[str, int]:
        """Count an action's suggestions by what became of them."""
        outcome = col(Suggestion.outcome)
        rows = await self._connection.execute(
            select(outcome, func.count()).where(col(Suggestion.action) == action).group_by(outcome)
        )
        return {str(row[0]): int(row[1]) for row in rows}

    async def one_at_a_time(self) -> None:
        """Wait until nobody else judges or moves actions, and keep others off until this transaction ends."""
        await self._connection.execute(ONE_AT_A_TIME)

    async def now(self) -> datetime:
        """Return the time of the ledger, by which evidence is counted."""
        found: datetime = (await self._connection.execute(select(func.now()))).scalar_one()
        return found

    async def levels(self) -> Mapping[str, Row[Any]]:
        """Return at which level actions stand that somebody has moved, or that fell."""
        return {row.action: row for row in await self._connection.execute(LEVELS)}

    async def stand(self, action: str, level: str, *, by: str, reason: str) -> None:
        """Let an action stand at a level from now on; what was before stays written down."""
        await self._connection.execute(insert(AutonomyLevel).values(action=action, level=level, by=by, reason=reason))
