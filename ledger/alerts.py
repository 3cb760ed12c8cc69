"""Alerts: what an owner was told about a cause, so that it is told once and then kept up to date; and who has seen it when."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any

from sqlalchemy import Float, Row, cast, func, select, text, update
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlmodel import col

from ledger.tables import Alert

SINCE = [
    cast(func.extract("epoch", func.now() - moment), Float).label(name)
    for name, moment in (("unseen", col(Alert.posted_at)), ("unsaid", col(Alert.opened_at)), ("unchanged", col(Alert.changed_at)))
]
SEEN = text(
    """
SELECT CASE WHEN escalated_at IS NULL THEN 'owner' ELSE 'escalated' END AS level, count(*) AS alerts,
       percentile_cont(0.5) WITHIN GROUP (ORDER BY extract(epoch FROM acknowledged_at - posted_at))::float AS median,
       percentile_cont(0.95) WITHIN GROUP (ORDER BY extract(epoch FROM acknowledged_at - posted_at))::float AS p95
FROM alerts WHERE acknowledged_at > now() - make_interval(days => :days) AND posted_at IS NOT NULL GROUP BY 1 ORDER BY 1
"""
)
STANDING = text(
    """
SELECT count(*) FILTER (WHERE closed_at IS NULL) AS open,
       count(*) FILTER (WHERE closed_at IS NULL AND acknowledged_at IS NULL) AS unseen,
       min(opened_at) FILTER (WHERE closed_at IS NULL AND acknowledged_at IS NULL) AS oldest,
       count(*) FILTER (WHERE closed_at IS NULL AND message_id IS NULL) AS unsaid,
       max(posted_at) FILTER (WHERE cause LIKE 'drill/%') AS drilled
FROM alerts
"""
)
DAYS = 30


class Alerts:
    """Questions and changes on one transaction."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def open(self) -> Sequence[Row[Any]]:
        """Return the alerts that are open, with the seconds for which each has been `unseen`, `unsaid` and `unchanged`."""
        statement = select(Alert, *SINCE).where(col(Alert.closed_at).is_(None)).order_by(col(Alert.id))
        return (await self._connection.execute(statement)).all()

    async def announce(self, cause: str, channel: str, owner: str) -> int | None:
        """Write down that an alert is about to be posted, once per open cause; return its id, None where that was done before."""
        statement = upsert(Alert).values(cause=cause, channel=channel, owner=owner).on_conflict_do_nothing()
        return (await self._connection.execute(statement.returning(col(Alert.id)))).scalar_one_or_none()

    async def take(self, alert_id: int) -> Row[Any] | None:
        """Return an open alert and keep others off it until this transaction ends; None if another one does, or it is closed."""
        which = (col(Alert.id) == alert_id, col(Alert.closed_at).is_(None))
        return (await self._connection.execute(select(Alert).where(*which).with_for_update(skip_locked=True))).one_or_none()

    async def said(self, alert_id: int, *, message_id: str, deals: int) -> None:
        """Write down what was posted last."""
        posted = func.coalesce(col(Alert.posted_at), func.clock_timestamp())
        values = {"message_id": message_id, "said": deals, "posted_at": posted, "changed_at": func.now()}
        await self._connection.execute(update(Alert).where(col(Alert.id) == alert_id).values(**values))

    async def escalated(self, alert_id: int, *, message_id: str) -> None:
        """Write down that nobody had seen it in time, and where that was said."""
        statement = update(Alert).where(col(Alert.id) == alert_id)
        await self._connection.execute(statement.values(escalated_at=func.now(), escalation_id=message_id, changed_at=func.now()))

    async def mailed(self, alert_ids: Collection[int]) -> None:
        """Write down that these were sent by mail."""
        statement = update(Alert).where(col(Alert.id).in_(list(alert_ids)), col(Alert.mailed_at).is_(None))
        await self._connection.execute(statement.values(mailed_at=func.now()))

    async def acknowledge(self, alert_id: int, *, by: str) -> bool:
        """Write down who has seen an open alert; say whether they are the first."""
        which = (col(Alert.id) == alert_id, col(Alert.closed_at).is_(None), col(Alert.acknowledged_at).is_(None))
        values = {"acknowledged_at": func.clock_timestamp(), "acknowledged_by": by}
        return bool((await self._connection.execute(update(Alert).where(*which).values(**values))).rowcount)

    async def get(self, alert_id: int) -> Row[Any] | None:
        """Return an alert, also a closed one."""
        return (await self._connection.execute(select(Alert).where(col(Alert.id) == alert_id))).one_or_none()

    async def of_cause(self, cause: str) -> Row[Any] | None:
        """Return the newest alert about a cause."""
        statement = select(Alert).where(col(Alert.cause) == cause).order_by(col(Alert.id).desc()).limit(1)
        return (await self._connection.execute(statement)).one_or_none()

    async def close(self, alert_ids: Collection[int]) -> None:
        """Close alerts whose cause is gone."""
        await self._connection.execute(update(Alert).where(col(Alert.id).in_(list(alert_ids))).values(closed_at=func.now()))

    async def standing(self) -> Row[Any]:
        """Count the open alerts, those that nobody has seen, those that no chat has taken; and when the last drill arrived."""
        return (await self._connection.execute(STANDING)).one()

    async def seen(self, days: int = DAYS) -> Sequence[Row[Any]]:
        """Return how long it took until somebody said that they had seen alerts, by how far those had gone, in seconds."""
        return (await self._connection.execute(SEEN, {"days": days})).all()
