"""Exceptions: work that stopped and that a person can finish, each with cause, route and owner."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import Row, and_, func, insert, or_, select, text, update
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlmodel import col

from ledger.tables import ExceptionRow
from lifecycle.causes import Closing


@dataclass(frozen=True, slots=True)
class NewException:
    """Why an event stopped, or a run that no event started. `cause` groups what one repair mends.

    `reason` is for people and holds no personal data.
    """

    event_id: UUID | None
    case_id: UUID | None
    event_type: str
    contract: str
    cause: str
    reason: str
    route: str
    owner: str
    field: str | None = None
    amount_minor: int | None = None
    currency: str | None = None
    flow_run_id: UUID | None = None


TOP = text(
    """
SELECT cause, min(event_type) AS event_type, min(owner) AS owner, count(*) AS times,
       count(*) FILTER (WHERE closed_at IS NULL) AS open, mode() WITHIN GROUP (ORDER BY closed_because) AS because
FROM exceptions WHERE opened_at > now() - make_interval(days => :days) GROUP BY cause ORDER BY count(*) DESC, cause LIMIT :limit
"""
)
WEEK = timedelta(days=7)
"""The span of an owner's budget."""
CAUSES = text(
    """
SELECT cause, min(event_type) AS event_type, min(reason) AS reason, min(route) AS route, min(owner) AS owner, count(*) AS deals,
       min(opened_at) AS oldest, (array_agg(flow_run_id ORDER BY id DESC))[1] AS flow_run_id,
       (SELECT jsonb_object_agg(currency, minor) FROM (
          SELECT currency, sum(amount_minor) AS minor FROM exceptions s
          WHERE s.cause = x.cause AND s.closed_at IS NULL AND s.currency IS NOT NULL GROUP BY currency) AS sums) AS amounts
FROM exceptions x WHERE closed_at IS NULL GROUP BY cause ORDER BY count(*) DESC, cause
"""
)


class Exceptions:
    """Questions and changes on one transaction."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def open(self, exceptions: Sequence[NewException]) -> None:
        """Write exceptions down."""
        if exceptions:
            await self._connection.execute(insert(ExceptionRow), [asdict(exception) for exception in exceptions])

    async def close(self, event_ids: Collection[UUID], *, closed_as: str, because: Closing | None = None) -> set[UUID]:
        """Close all open exceptions of these events; return those that had any. A person says why, from the list."""
        statement = update(ExceptionRow).where(
            col(ExceptionRow.event_id).in_(list(event_ids)), col(ExceptionRow.closed_at).is_(None)
        )
        values = {"closed_at": func.now(), "closed_as": closed_as, "closed_because": because}
        closed = statement.values(**values).returning(col(ExceptionRow.event_id))
        return {event for event in (await self._connection.execute(closed)).scalars() if event}

    async def close_case(self, case_id: UUID, causes: Collection[str], *, closed_as: str) -> None:
        """Close a case's open exceptions of these causes."""
        which = (
            col(ExceptionRow.case_id) == case_id,
            col(ExceptionRow.cause).in_(list(causes)),
            col(ExceptionRow.closed_at).is_(None),
        )
        await self._connection.execute(update(ExceptionRow).where(*which).values(closed_at=func.now(), closed_as=closed_as))

    async def close_cause(self, cause: str, *, closed_as: str) -> None:
        """Close all open exceptions of a cause."""
        statement = update(ExceptionRow).where(col(ExceptionRow.cause) == cause, col(ExceptionRow.closed_at).is_(None))
        await self._connection.execute(statement.values(closed_at=func.now(), closed_as=closed_as))

    async def restate(self, cause: str, reason: str) -> None:
        """Give the open exceptions of a cause a reason that is up to date."""
        statement = update(ExceptionRow).where(col(ExceptionRow.cause) == cause, col(ExceptionRow.closed_at).is_(None))
        await self._connection.execute(statement.values(reason=reason))

    async def reroute(self, exception_id: int, route: str, owner: str) -> None:
        """Send an open exception another way, to this owner."""
        which = (col(ExceptionRow.id) == exception_id, col(ExceptionRow.closed_at).is_(None))
        await self._connection.execute(update(ExceptionRow).where(*which).values(route=route, owner=owner))

    async def latest(self, *, limit: int, cause: str | None = None) -> Sequence[Row[Any]]:
        """Return open exceptions, the newest first."""
        statement = (
            select(ExceptionRow).where(col(ExceptionRow.closed_at).is_(None)).order_by(col(ExceptionRow.id).desc()).limit(limit)
        )
        if cause is not None:
            statement = statement.where(col(ExceptionRow.cause) == cause)
        return (await self._connection.execute(statement)).all()

    async def of_event(self, event_id: UUID) -> Sequence[Row[Any]]:
        """Return an event's exceptions, also closed ones."""
        statement = select(ExceptionRow).where(col(ExceptionRow.event_id) == event_id).order_by(col(ExceptionRow.id))
        return (await self._connection.execute(statement)).all()

    async def top(self, *, days: int, limit: int) -> Sequence[Row[Any]]:
        """Return the causes that so many days brought most of, closed ones, too, with what they were mostly closed because of."""
        return (await self._connection.execute(TOP, {"days": days, "limit": limit})).all()

    async def burn(self) -> Mapping[str, Row[Any]]:
        """Return by owner how many exceptions the last seven days brought, and how many are open."""
        lately = func.count().filter(col(ExceptionRow.opened_at) > func.now() - WEEK)
        still = func.count().filter(col(ExceptionRow.closed_at).is_(None))
        which = or_(col(ExceptionRow.opened_at) > func.now() - WEEK, col(ExceptionRow.closed_at).is_(None))
        statement = select(col(ExceptionRow.owner), lately.label("week"), still.label("open")).where(which)
        return {row.owner: row for row in await self._connection.execute(statement.group_by(col(ExceptionRow.owner)))}

    async def open_of(self, event_ids: Collection[UUID], flow_run_id: UUID) -> Sequence[Row[Any]]:
        """Return what is open of these events, and what this run has left open that is no event's."""
        of_run = (col(ExceptionRow.event_id).is_(None), col(ExceptionRow.flow_run_id) == flow_run_id)
        which = or_(col(ExceptionRow.event_id).in_(list(event_ids)), and_(*of_run))
        statement = select(ExceptionRow).where(col(ExceptionRow.closed_at).is_(None), which).order_by(col(ExceptionRow.id))
        return (await self._connection.execute(statement)).all()

    async def causes(self) -> Sequence[Row[Any]]:
        """Return open exceptions grouped by cause: deals, amounts by currency in minor units, oldest, owner, latest run."""
        return (await self._connection.execute(CAUSES)).all()
