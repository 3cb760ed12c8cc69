"""Circuits: failures in a row, counted across runs and processes, and who is let through to find out whether they are over."""

from __future__ import annotations

import random
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Row, func, select, text, update
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlmodel import col

from contracts.errors import RefusedError, TowlineError
from contracts.records import Outcome, Ref
from ledger.tables import CircuitRow
from lifecycle.circuits import Circuit, after, failure_of, pause_after, stopped_by

OPEN = "opened_at IS NOT NULL AND closed_at IS NULL"
OPEN_CIRCUIT = f"SELECT 1 FROM circuits WHERE {OPEN} AND system || '/' || step = ANY(:steps)"  # noqa: S608
"""Whether one of these steps (`crm/open_deal`) fails in a system that is down."""
CLOSE = text(
    """
WITH passing AS (DELETE FROM circuits WHERE system = :system AND step = ANY(:steps) AND opened_at IS NULL AND closed_at IS NULL)
UPDATE circuits SET closed_at = now(), closed_by = :event
WHERE system = :system AND step = ANY(:steps) AND opened_at IS NOT NULL AND closed_at IS NULL RETURNING id
"""
)
HASTEN = text(
    f"""
UPDATE circuits SET probe_at = now() WHERE id IN (
  SELECT id FROM circuits WHERE system = :system AND {OPEN} FOR UPDATE SKIP LOCKED)
"""  # noqa: S608
)
GUILTY = text(
    """
SELECT 1 FROM circuits WHERE system = :system AND step = :step AND event_id = :event AND NOT several
  AND closed_by <> event_id AND closed_at > now() - interval '1 day' LIMIT 1
"""
)
"""An event that opened a circuit alone, which another one then closed, is the fault itself: it opens none again."""
DUE = text(
    f"""
UPDATE circuits SET probe_at = now() + make_interval(secs => :seconds) WHERE id IN (
  SELECT id FROM circuits WHERE {OPEN} AND probe_at <= now() AND NOT EXISTS (
    SELECT 1 FROM switches s WHERE s.lifted_at IS NULL AND (s.scope = 'all' OR (s.scope = 'system' AND s.name = circuits.system)))
  AND NOT EXISTS (SELECT 1 FROM inbox i WHERE i.id = circuits.probe_event AND i.status = 'running')
  FOR UPDATE SKIP LOCKED) RETURNING *
"""  # noqa: S608
)
WAITING = text("SELECT id FROM inbox WHERE status = 'received' AND type = ANY(:types) AND id <> :first ORDER BY seq LIMIT 10")
UNFINISHED = text("SELECT 1 FROM inbox WHERE status IN ('received', 'running') AND type = ANY(:types) LIMIT 1")
AFFECTED = text(
    """
SELECT i.type, count(*) AS events, min(i.received_at) AS oldest,
       sum(extract(epoch FROM coalesce(:until, now()) - greatest(i.received_at, :since)))::float AS seconds
FROM inbox i WHERE i.type = ANY(:types) AND i.received_at < coalesce(:until, now())
  AND (i.status IN ('received', 'running') OR i.finished_at >= :until) GROUP BY i.type ORDER BY count(*) DESC, i.type
"""
)
AT_STAKE = text(
    """
SELECT currency, sum(minor)::bigint AS minor FROM (
  SELECT coalesce(i.payload#>>'{data,amount,currency}', c.currency) AS currency,
         coalesce((i.payload#>>'{data,amount,minor}')::bigint, c.amount_minor) AS minor
  FROM inbox i LEFT JOIN cases c ON c.id = i.case_id
  WHERE i.type = ANY(:types) AND i.status IN ('received', 'running')) AS sums
WHERE currency IS NOT NULL AND minor IS NOT NULL GROUP BY currency ORDER BY currency
"""
)


class Circuits:
    """Questions and changes on one transaction."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection
        self.has_closed = False
        """Whether a circuit was closed in this transaction, so that what waited can go on after it."""

    async def hear(self, system: str, step: str, outcomes: Mapping[UUID, Outcome]) -> bool:
        """Take note of what a step's calls came to, by event; say whether its circuit is open now.

        A success or a refusal of any of them is an answer, and closes it; only where there is none do failures count.
        """
        answered = next((event for event, outcome in outcomes.items() if _is_answer(outcome, system)), None)
        if answered is not None:
            await self.answered(system, [step], answered)
            return False
        failing = [event for event, outcome in outcomes.items() if failure_of(outcome, system)]
        error = outcomes[failing[0]] if failing else None
        return isinstance(error, TowlineError) and await self.failed(system, step, failing, error)

    async def answered(self, system: str, steps: Sequence[str], event: UUID | None) -> bool:
        """Close the circuits of these steps, forget failures that opened none; say whether one was open.

        The system's other steps are tried at once.
        """
        closed = (await self._connection.execute(CLOSE, {"system": system, "steps": list(steps), "event": event})).all()
        if closed:
            self.has_closed = True
            await self._connection.execute(HASTEN, {"system": system})
        return bool(closed)

    async def failed(self, system: str, step: str, events: Sequence[UUID], error: TowlineError, *, times: int = 1) -> bool:
        """Count a failure that these events have met; say whether the circuit is open now."""
        failure = failure_of(error, system)
        if failure is None or (len(events) == 1 and await self._is_guilty(system, step, events[0])):
            return False
        first = upsert(CircuitRow).values(system=system, step=step, event_id=events[0], cause=error.cause, failures=0)
        await self._connection.execute(first.values(silent=False, several=False, probes=0).on_conflict_do_nothing())
        which = (col(CircuitRow.system) == system, col(CircuitRow.step) == step, col(CircuitRow.closed_at).is_(None))
        row = (await self._connection.execute(select(CircuitRow).where(*which).with_for_update())).one_or_none()
        if row is None:  # somebody has got through just now
            return False
        others = len(events) > 1 or events[0] != row.event_id
        now = after(Circuit(row.failures, row.silent, row.several), failure, times=times, others=others)
        values: dict[str, Any] = {"failures": now.failures, "silent": now.silent, "several": now.several, "cause": error.cause}
        if now.opens and row.opened_at is None:
            values |= {"opened_at": func.now(), "probe_at": _in(pause_after(0))}
        await self._connection.execute(update(CircuitRow).where(col(CircuitRow.id) == row.id).values(**values))
        return now.opens

    async def open(self) -> Sequence[Row[Any]]:
        """Return the circuits that are open, the oldest first."""
        open_now = (col(CircuitRow.opened_at).is_not(None), col(CircuitRow.closed_at).is_(None))
        return (await self._connection.execute(select(CircuitRow).where(*open_now).order_by(col(CircuitRow.id)))).all()

    async def closed_since(self, system: str, moment: datetime) -> Sequence[Row[Any]]:
        """Return the outages of a system that have ended since a moment, the oldest first."""
        over = (col(CircuitRow.opened_at).is_not(None), col(CircuitRow.closed_at) >= moment)
        statement = select(CircuitRow).where(col(CircuitRow.system) == system, *over).order_by(col(CircuitRow.id))
        return (await self._connection.execute(statement)).all()

    async def due(self, *, every: float) -> Sequence[Row[Any]]:
        """Return the open circuits whose system may be asked now, to one caller every so many seconds; none that is paused."""
        return (await self._connection.execute(DUE, {"seconds": every})).all()

    async def put_off(self, circuits: Collection[int], *, seconds: float) -> None:
        """Ask the system of these open circuits again only after so many seconds."""
        await self._connection.execute(update(CircuitRow).where(col(CircuitRow.id).in_(circuits)).values(probe_at=_in(seconds)))

    async def candidates(self, circuit: Row[Any]) -> Sequence[UUID]:
        """Return who may be let through, in order: in turns the one that met the failure first, and the oldest of the others."""
        waiting = {"types": stopped_by(circuit.system, circuit.step), "first": circuit.event_id}
        others = list((await self._connection.execute(WAITING, waiting)).scalars())
        return [*others, circuit.event_id] if circuit.probes % 2 else [circuit.event_id, *others]

    async def let_through(self, circuit: Row[Any], event: UUID) -> None:
        """Let one event pass an open circuit, and the next one only after a pause that has grown."""
        values = {"probes": circuit.probes + 1, "probe_event": event, "probe_at": _in(pause_after(circuit.probes))}
        await self._connection.execute(update(CircuitRow).where(col(CircuitRow.id) == circuit.id).values(**values))

    async def forget(self, circuit: Row[Any]) -> bool:
        """Close a circuit for which nobody waits any more: whoever comes next finds out by itself."""
        types = {"types": stopped_by(circuit.system, circuit.step)}
        if (await self._connection.execute(UNFINISHED, types)).first():
            return False
        return await self.answered(circuit.system, [circuit.step], None)

    async def affected(self, types: Sequence[str], *, since: datetime, until: datetime | None) -> Sequence[Row[Any]]:
        """Return who has waited between these moments (or until now), by type: how many, the oldest, seconds in all."""
        return (await self._connection.execute(AFFECTED, {"types": list(types), "since": since, "until": until})).all()

    async def at_stake(self, types: Sequence[str]) -> Mapping[str, int]:
        """Return the amounts in the unfinished events of these types, in minor units by currency."""
        rows = await self._connection.execute(AT_STAKE, {"types": list(types)})
        return {row.currency: row.minor for row in rows}

    async def _is_guilty(self, system: str, step: str, event: UUID) -> bool:
        return (await self._connection.execute(GUILTY, {"system": system, "step": step, "event": event})).first() is not None


def _is_answer(outcome: Outcome, system: str) -> bool:
    return isinstance(outcome, Ref) or (isinstance(outcome, RefusedError) and outcome.cause.startswith(f"{system}."))


def _in(seconds: float) -> Any:
    """A moment from now; with jitter, so that what failed together does not come back together."""
    return func.now() + func.make_interval(0, 0, 0, 0, 0, 0, seconds * random.uniform(0.75, 1.25))  # noqa: S311
