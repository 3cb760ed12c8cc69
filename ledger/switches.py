"""Switches: what people have paused, so that no new outside change begins anywhere until they let it go on."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import Row, func, select, text, update
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlmodel import col

from contracts.catalog import catalog
from ledger.tables import Switch
from lifecycle.circuits import needs
from lifecycle.path import Step
from lifecycle.switches import Scope, known, said

PAUSED = """
SELECT 1 FROM switches WHERE lifted_at IS NULL
  AND (scope = 'all' OR (scope = 'path' AND name = :type) OR (scope = 'system' AND name = ANY(:systems)))
"""
"""Whether somebody has paused the path of an event of this type, or one of the systems that it changes."""
STOPS = text(
    """
SELECT scope, name, '' AS cause FROM switches WHERE lifted_at IS NULL
  AND (scope = 'all' OR (scope = 'path' AND name = :type) OR (scope = 'system' AND name = :system))
UNION ALL
SELECT 'circuit', system, cause FROM circuits WHERE opened_at IS NOT NULL AND closed_at IS NULL AND system = :system
  AND step = :step AND (probe_event IS NULL OR NOT probe_event = ANY(CAST(:events AS uuid[])))
LIMIT 1
"""
)
HELD = text(
    """
SELECT type, count(*) AS events, min(received_at) AS oldest FROM inbox
WHERE status IN ('received', 'running') AND type = ANY(:types) GROUP BY type ORDER BY type
"""
)


class Switches:
    """Questions and changes on one transaction."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def pause(self, scope: str, name: str = "", *, reason: str, by: str) -> tuple[Row[Any], bool]:
        """Switch off `all`, a `path` or a `system`; return the switch, and whether it was on before.

        From the end of this transaction on no new outside change begins there; what is off already stays as it was.

        Raises:
            RefusedError: there is no such path or system.
        """
        name = known(Scope(scope), name, _flows())
        values = {"scope": scope, "name": name, "reason": reason, "by": by}
        statement = upsert(Switch).values(**values).on_conflict_do_nothing().returning(col(Switch.id))
        fresh = (await self._connection.execute(statement)).scalar() is not None
        query = select(Switch).where(*_which(scope, name))
        return (await self._connection.execute(query)).one(), fresh

    async def resume(self, scope: str, name: str = "", *, by: str) -> Row[Any] | None:
        """Switch on again; return the switch as it was, None when it was on.

        Raises:
            RefusedError: there is no such path or system.
        """
        which = _which(scope, known(Scope(scope), name, _flows()))
        row = (await self._connection.execute(select(Switch).where(*which).with_for_update())).one_or_none()
        if row is not None:
            lifted = update(Switch).where(col(Switch.id) == row.id).values(lifted_at=func.now(), lifted_by=by)
            await self._connection.execute(lifted)
        return row

    async def open(self) -> Sequence[Row[Any]]:
        """Return what is switched off, the oldest first."""
        statement = select(Switch).where(col(Switch.lifted_at).is_(None)).order_by(col(Switch.id))
        return (await self._connection.execute(statement)).all()

    async def held(self, scope: str, name: str) -> Sequence[Row[Any]]:
        """Return how many unfinished events this switch holds up, by type, with the oldest arrival."""
        types = [event for event in _flows() if scope == Scope.ALL or name == event or name in needs(event)[0]]
        return (await self._connection.execute(HELD, {"types": types})).all()

    async def stops(self, event_type: str, step: Step, events: Collection[UUID]) -> Row[Any] | None:
        """Return what stops this step for these events now: a switch, or the circuit of a system that is down; None for nothing.

        The one event that is let through to find out whether the system is back is not stopped by its circuit.
        """
        values = {"type": event_type, "system": step.system, "step": step.name, "events": list(events)}
        return (await self._connection.execute(STOPS, values)).first()

    async def pauses(self, event_type: str, system: str) -> str | None:
        """Return in words what a person has paused that stops this path in this system; None for nothing."""
        query = text(f"{PAUSED.replace('SELECT 1', 'SELECT scope, name')} LIMIT 1")
        row = (await self._connection.execute(query, {"type": event_type, "systems": [system]})).first()
        return f"{said(row.scope, row.name)} is paused" if row else None


def _which(scope: str, name: str) -> tuple[Any, ...]:
    return col(Switch.scope) == scope, col(Switch.name) == name, col(Switch.lifted_at).is_(None)


def _flows() -> Mapping[str, str]:
    return {event: entry.flow for event, entry in catalog().entries.items()}
