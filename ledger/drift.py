"""What vendors send beside what we expect, each difference once: an exception for whoever answers for the integration."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import asdict

from sqlalchemy import func, insert, select, text, update
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlmodel import col

from contracts.drift import OWNER, ROUTE, Finding
from ledger.exceptions import NewException
from ledger.tables import ExceptionRow

OPEN = (col(ExceptionRow.closed_at).is_(None), func.starts_with(col(ExceptionRow.cause), "drift/"))
ONE_AT_A_TIME = text("SELECT pg_advisory_xact_lock(hashtextextended('towline drift', 0))")


class Drift:
    """Questions and changes on one transaction."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def note(self, findings: Collection[Finding]) -> None:
        """Write differences down, each once while it is open."""
        await self._connection.execute(ONE_AT_A_TIME)
        known = await self.open()
        new = {finding.cause: finding for finding in findings if finding.cause not in known}
        if new:
            await self._connection.execute(insert(ExceptionRow), [asdict(_exception(one)) for one in new.values()])

    async def open(self) -> Sequence[str]:
        """Return the causes of the differences that are open."""
        return (await self._connection.execute(select(col(ExceptionRow.cause)).where(*OPEN).distinct())).scalars().all()

    async def settle(self, causes: Collection[str]) -> None:
        """Close differences that are expected by now; what could not be read stays open as long as its event lies there."""
        which = (*OPEN, col(ExceptionRow.cause).in_(list(causes)), col(ExceptionRow.event_id).is_(None))
        await self._connection.execute(update(ExceptionRow).where(*which).values(closed_at=func.now(), closed_as="expected"))


def _exception(finding: Finding) -> NewException:
    return NewException(
        event_id=None,
        case_id=None,
        event_type=f"{finding.vendor}.{finding.object}",
        contract="",
        cause=finding.cause,
        field=finding.path,
        reason=finding.text,
        route=ROUTE,
        owner=OWNER,
    )
