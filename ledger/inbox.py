"""The inbox: every event once, in order per case, worked on under a lease."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import orjson
from sqlalchemy import Row, case, false, func, or_, select, text, update
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlmodel import col

from ledger.circuits import OPEN_CIRCUIT
from ledger.deaths import ALONE, DIED_IN_A_PROCESS, DIED_WITH_ITS_LEASE, DIED_WITH_ITS_WORKER, SILENT
from ledger.switches import PAUSED
from ledger.tables import Event, EventStatus
from lifecycle.circuits import needs


@dataclass(frozen=True, slots=True)
class NewEvent:
    """An event as it comes in: `payload` is the whole envelope as received, `contract` what it claims to fit."""

    id: UUID
    source: str
    external_id: str
    type: str
    contract: str
    case_id: UUID
    payload: Any
    occurred_at: datetime
    status: EventStatus = EventStatus.RECEIVED


READY = f"""
status = 'received' AND (not_before IS NULL OR not_before <= now()) AND type = :type
AND NOT EXISTS ({PAUSED})
AND NOT EXISTS (
  SELECT 1 FROM inbox earlier WHERE earlier.case_id = inbox.case_id AND earlier.id <> inbox.id AND (
    earlier.status = 'running'
    OR ((earlier.occurred_at, earlier.seq) < (inbox.occurred_at, inbox.seq)
        AND (earlier.status = 'received'
          OR (earlier.status = 'parked' AND earlier.holds_up AND inbox.type <> 'deal.cancelled')))))
AND NOT EXISTS (
  SELECT 1 FROM rollback_items undoing JOIN rollbacks r ON r.id = undoing.rollback_id WHERE undoing.case_id = inbox.case_id
    AND undoing.outcome IS NULL AND undoing.system <> 'chat' AND r.state IN ('released', 'running', 'stopped'))
"""  # noqa: S608
"""What may be worked on now: at most one event per case, the oldest first. A parked one holds up its own case, unless that is
given up, or the event contradicts it: nothing behind it depends on what will not happen. What is paused is left alone, and a
rollback that is released has its cases for itself until they are back."""

ACCEPT = text(
    """
INSERT INTO inbox (id, source, external_id, type, contract, case_id, payload, occurred_at, status, attempts)
SELECT id, source, external_id, type, contract, case_id, payload, occurred_at, status, 0
FROM ROWS FROM (jsonb_to_recordset(CAST(:events AS jsonb)) AS (
  id uuid, source text, external_id text, type text, contract text, case_id uuid, payload jsonb,
  occurred_at timestamptz, status text)) WITH ORDINALITY AS n
WHERE NOT EXISTS (SELECT 1 FROM retired r WHERE r.id = n.id)
ORDER BY n.ordinality
ON CONFLICT DO NOTHING RETURNING id
"""
)
"""One constant statement for any number of events, so that it is compiled and planned once."""

HELD = "status = 'running' AND flow_run_id = :run"
"""Whether an event is still the run's that says so: what a process slept through its lease for is another run's, or nobody's."""

LEASE = """
UPDATE inbox SET status = 'running', attempts = attempts + 1, turns = turns + 1, flow_run_id = NULL,
       leased_by = :worker, lease_until = now() + make_interval(secs => :seconds)
WHERE id IN ({which})
RETURNING id, type, seq, turns, deaths
"""
ONE = f"SELECT id FROM inbox WHERE id = :id AND {READY} FOR UPDATE SKIP LOCKED"  # noqa: S608
TAKE = text(LEASE.format(which=ONE))
CLAIM = text(
    f"""
WITH first AS (
  SELECT least(deaths, {ALONE}) AS deaths FROM inbox WHERE {READY} AND NOT EXISTS ({OPEN_CIRCUIT})
  ORDER BY seq LIMIT 1 FOR UPDATE SKIP LOCKED)
"""  # noqa: S608
    + LEASE.format(
        which=f"""
  SELECT id FROM inbox WHERE {READY} AND least(deaths, {ALONE}) = (SELECT deaths FROM first) ORDER BY seq
  LIMIT (SELECT CASE deaths WHEN 0 THEN :limit WHEN {ALONE} THEN 1 ELSE ceil(sqrt(:limit)) END FROM first)
  FOR UPDATE SKIP LOCKED"""  # noqa: S608
    )
)
"""What killed a process is claimed in ever smaller company: a hundred, then ten, then one, so that the killer stands alone."""

FOLLOWED = text(
    """
SELECT e.id, (array_agg(l.id ORDER BY l.occurred_at DESC, l.seq DESC))[1] AS newest
FROM inbox e JOIN inbox l ON l.case_id = e.case_id AND (l.occurred_at, l.seq) > (e.occurred_at, e.seq)
WHERE e.id = ANY(:ids) AND l.status NOT IN ('quarantined', 'undone') GROUP BY e.id
"""
)
WAITING = text(
    """
SELECT type, status, count(*) AS events, min(received_at) AS oldest FROM inbox
WHERE status NOT IN ('done', 'undone') GROUP BY type, status ORDER BY type, status
"""
)


class Inbox:
    """Questions and changes on one transaction."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def accept(self, events: Sequence[NewEvent]) -> set[UUID]:
        """Store events once each; return the ids of those that are new."""
        if not events:
            return set()
        rows = orjson.dumps(list(events), default=str).decode()  # the driver has a UUID class of its own
        return set((await self._connection.execute(ACCEPT, {"events": rows})).scalars())

    async def follow(self, events: Sequence[NewEvent]) -> None:
        """Store what follows, once each; one that was undone with what came before it is ready again."""
        known = {event.id for event in events} - await self.accept(events)
        if known:
            undone = [row.id for row in await self.get(known) if row.status == EventStatus.UNDONE]
            await self.reopen(undone)

    async def claim(self, event_type: str, *, limit: int, worker: str, seconds: float) -> Sequence[Row[Any]]:
        """Lease up to `limit` ready events of a type, at most one per case, oldest first; none of a path that a system which is
        down holds up. Return id, turns and deaths of each: how often it has been leased, which names its run.

        Those that killed a process come apart from the others, in small company or alone.
        """
        systems, steps = needs(event_type)
        values = {"type": event_type, "limit": limit, "worker": worker, "seconds": seconds, "systems": systems, "steps": steps}
        rows = await self._connection.execute(CLAIM, values)
        return sorted(rows.all(), key=lambda row: row.seq)

    async def take(self, ids: Collection[UUID], *, worker: str, seconds: float) -> set[UUID]:
        """Lease these events if they are ready, though a system may be down; return those that are now leased by `worker`."""
        held: set[UUID] = set()
        for row in await self.get(ids):
            values = {
                "type": row.type,
                "worker": worker,
                "seconds": seconds,
                "id": row.id,
                "systems": needs(row.type)[0],
            }
            held |= {found.id for found in await self._connection.execute(TAKE, values)}
        return held

    async def get(self, ids: Collection[UUID]) -> Sequence[Row[Any]]:
        """Return the events with these ids, in the order of their arrival."""
        statement = select(Event).where(col(Event.id).in_(list(ids))).order_by(col(Event.seq))
        return (await self._connection.execute(statement)).all()

    async def latest(self, *, limit: int, status: str | None = None, event_type: str | None = None) -> Sequence[Row[Any]]:
        """Return the newest events."""
        statement = select(Event).order_by(col(Event.seq).desc()).limit(limit)
        if status is not None:
            statement = statement.where(col(Event.status) == status)
        if event_type is not None:
            statement = statement.where(col(Event.type) == event_type)
        return (await self._connection.execute(statement)).all()

    async def chosen(
        self, statuses: Collection[EventStatus], *, event_type: str | None, since: datetime | None, until: datetime | None
    ) -> list[UUID]:
        """Return the events that stand here, of this type, and came in within this time, oldest first."""
        statement = select(col(Event.id)).where(col(Event.status).in_(list(statuses))).order_by(col(Event.seq))
        if event_type is not None:
            statement = statement.where(col(Event.type) == event_type)
        if since is not None:
            statement = statement.where(col(Event.received_at) >= since)
        if until is not None:
            statement = statement.where(col(Event.received_at) < until)
        return list((await self._connection.execute(statement)).scalars())

    async def followed(self, ids: Collection[UUID]) -> Mapping[UUID, UUID]:
        """Return, of those of these events whose case has moved on since, the newest event of the case."""
        return {row.id: row.newest for row in await self._connection.execute(FOLLOWED, {"ids": list(ids)})}

    async def of_case(self, case_id: UUID) -> Sequence[Row[Any]]:
        """Return a case's events in order."""
        statement = select(Event).where(col(Event.case_id) == case_id).order_by(col(Event.occurred_at), col(Event.seq))
        return (await self._connection.execute(statement)).all()

    async def open_work(self) -> Sequence[Row[Any]]:
        """Count what is not finished, by type and status, with the oldest arrival."""
        return (await self._connection.execute(WAITING)).all()

    async def tally(self, ids: Collection[UUID]) -> Mapping[str, int]:
        """Count these events by status."""
        statement = select(col(Event.status), func.count()).where(col(Event.id).in_(list(ids))).group_by(col(Event.status))
        rows = await self._connection.execute(statement)
        return {str(row[0]): int(row[1]) for row in rows}

    async def assign(self, ids: Collection[UUID], flow_run_id: UUID, *, worker: str) -> Sequence[Row[Any]]:
        """Give events that `worker` leased to a run; return those that are this run's now, in the order of their arrival."""
        free = or_(col(Event.flow_run_id).is_(None), col(Event.flow_run_id) == flow_run_id)
        statement = update(Event).where(col(Event.id).in_(list(ids)), col(Event.leased_by) == worker, free)
        rows = await self._connection.execute(statement.values(flow_run_id=flow_run_id).returning(Event))
        return sorted(rows.all(), key=lambda row: row.seq)

    async def extend(self, worker: str, *, runs: Collection[UUID], events: Collection[UUID], seconds: float) -> None:
        """Prolong a worker's leases of what these runs work on, and of these events; what it forgot about ends by itself."""
        until = func.now() + func.make_interval(0, 0, 0, 0, 0, 0, seconds)
        alive = or_(col(Event.flow_run_id).in_(list(runs)), col(Event.id).in_(list(events)))
        statement = update(Event).where(col(Event.leased_by) == worker, col(Event.status) == EventStatus.RUNNING, alive)
        await self._connection.execute(statement.values(lease_until=until))

    async def settle(self, outcomes: Mapping[UUID, EventStatus], *, run: UUID | None = None) -> set[UUID]:
        """Write how events ended, and give their leases back; return those written.

        With `run`, what is not this run's any more is left to whoever has it.
        """
        settled: set[UUID] = set()
        for status in sorted(set(outcomes.values())):
            ids = [event for event, outcome in outcomes.items() if outcome == status]
            ended: dict[str, Any] = {"status": status, "leased_by": None, "lease_until": None, "finished_at": func.now()}
            if status == EventStatus.DONE:
                ended |= {"deaths": 0, "failures": 0, "from_start": False}
            statement = update(Event).where(col(Event.id).in_(ids), *_held_by(run)).values(**ended)
            settled |= set((await self._connection.execute(statement.returning(col(Event.id)))).scalars())
        return settled

    async def step_aside(self, ids: Collection[UUID]) -> None:
        """Let what comes after these events in their cases go on while they are parked."""
        await self._set(ids, holds_up=False)

    async def release(
        self,
        ids: Collection[UUID],
        *,
        delay: float = 0,
        forget_attempt: bool = False,
        failed: bool = False,
        run: UUID | None = None,
    ) -> None:
        """Give running events back, to be taken up after `delay` seconds; with `run`, only those that are still this run's.

        An attempt that never began is forgotten; one that `failed` by itself is counted.
        """
        ready = func.now() + func.make_interval(0, 0, 0, 0, 0, 0, delay)
        values: dict[str, Any] = {"status": EventStatus.RECEIVED, "leased_by": None, "lease_until": None, "not_before": ready}
        if forget_attempt:
            values["attempts"] = func.greatest(col(Event.attempts) - 1, 0)
        if failed:
            values["failures"] = col(Event.failures) + 1
        running = (col(Event.id).in_(list(ids)), col(Event.status) == EventStatus.RUNNING, *_held_by(run))
        statement = update(Event).where(*running)
        await self._connection.execute(statement.values(**values))

    async def release_dead(self, ids: Collection[UUID]) -> Sequence[Row[Any]]:
        """Give back running events whose process died, and count the death; return each with its deaths."""
        return (await self._connection.execute(DIED_IN_A_PROCESS, {"ids": list(ids)})).all()

    async def release_of(self, worker: str) -> Sequence[Row[Any]]:
        """Give back everything a dead worker held, and count the death; return each with its deaths."""
        return (await self._connection.execute(DIED_WITH_ITS_WORKER, {"worker": worker})).all()

    async def release_expired(self) -> Sequence[Row[Any]]:
        """Give back what nobody has prolonged; return each with its deaths. It counts as a death where the worker is dead."""
        given_back: list[Row[Any]] = []
        for leased_by, is_dead in (await self._connection.execute(SILENT)).all():
            if is_dead:
                given_back += (await self._connection.execute(DIED_WITH_ITS_LEASE, {"worker": leased_by})).all()
            else:
                given_back += await self._give_back(col(Event.leased_by) == leased_by, col(Event.lease_until) < func.now())
        return given_back

    async def of_run(self, flow_run_id: UUID) -> Sequence[Row[Any]]:
        """Return the events that a run works on now."""
        statement = select(Event).where(col(Event.flow_run_id) == flow_run_id, col(Event.status) == EventStatus.RUNNING)
        return (await self._connection.execute(statement)).all()

    async def reopen(self, ids: Collection[UUID], *, from_start: bool = False) -> set[UUID]:
        """Make parked, quarantined or undone events ready again, and done ones `from_start`; return those that were.

        One that killed its processes runs alone.
        """
        over = [EventStatus.PARKED, EventStatus.QUARANTINED, EventStatus.UNDONE, *([EventStatus.DONE] if from_start else [])]
        stopped = col(Event.status).in_(over)
        statement = update(Event).where(col(Event.id).in_(list(ids)), stopped)
        told = case((col(Event.told).in_(over), EventStatus.RECEIVED.value), else_=col(Event.told))
        fresh: dict[str, Any] = {"status": EventStatus.RECEIVED, "not_before": None, "finished_at": None, "told": told}
        fresh |= {"holds_up": True, "from_start": from_start, "failures": 0, "deaths": func.least(col(Event.deaths), ALONE)}
        return set((await self._connection.execute(statement.values(**fresh).returning(col(Event.id)))).scalars())

    async def let_lie(self, named: Collection[UUID], *, source: str) -> Sequence[UUID]:
        """Leave undone what would follow these events or decisions and has not been done; return it."""
        open_still = col(Event.status).in_([EventStatus.RECEIVED, EventStatus.WAITING, EventStatus.PARKED])
        after = func.split_part(col(Event.external_id), "/", 1).in_([str(one) for one in named])
        statement = update(Event).where(col(Event.source) == source, open_still, after)
        undone = {"status": EventStatus.UNDONE, "finished_at": func.now()}
        return (await self._connection.execute(statement.values(**undone).returning(col(Event.id)))).scalars().all()

    async def done_in(self, cases: Collection[UUID]) -> Sequence[Row[Any]]:
        """Return the events of cases that are done, in the order in which they were."""
        done = (col(Event.case_id).in_(list(cases)), col(Event.status) == EventStatus.DONE)
        statement = select(Event).where(*done).order_by(col(Event.finished_at), col(Event.seq))
        return (await self._connection.execute(statement)).all()

    async def quarantine(self, ids: Collection[UUID]) -> None:
        """Set events aside that do not fit their contract."""
        await self._set(ids, status=EventStatus.QUARANTINED)

    async def correct(self, event_id: UUID, payload: Mapping[str, Any]) -> None:
        """Put a corrected payload in the place of an event's one; the first, as it was received, is kept."""
        statement = update(Event).where(col(Event.id) == event_id)
        kept = func.coalesce(col(Event.original), col(Event.payload))
        await self._connection.execute(statement.values(original=kept, payload=dict(payload)))

    async def _give_back(self, *whose: Any) -> Sequence[Row[Any]]:
        statement = update(Event).where(*whose, col(Event.status) == EventStatus.RUNNING)
        cleared = {"status": EventStatus.RECEIVED, "leased_by": None, "lease_until": None}
        returned = (col(Event.id), col(Event.flow_run_id), false().label("is_dead"))
        return (await self._connection.execute(statement.values(**cleared).returning(*returned))).all()

    async def _set(self, ids: Collection[UUID], **values: Any) -> None:
        if ids:
            await self._connection.execute(update(Event).where(col(Event.id).in_(list(ids))).values(**values))


def _held_by(run: UUID | None) -> tuple[Any, ...]:
    return () if run is None else (text(HELD).bindparams(run=run),)
