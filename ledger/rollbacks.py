"""Rollbacks: what is to be undone and why, who asked and who released it, and how far it is. Knows no outside system."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import Row, func, select, text, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlmodel import col

from contracts.records import EffectKey
from ledger.scopes import EFFECTS, WHICH, Scope
from ledger.tables import Effect, EffectState, Rollback, RollbackItem
from lifecycle.undo import STANDS_ALONE, Ending, Judgement, RollbackState, Verdict

OURSELVES = "towline"
"""Who asks for a rollback that the failure matrix wants."""

DEEDS = text(
    """
SELECT e.key, e.case_id, e.event_id, i.type AS event_type, e.step, e.system, e.undo, e.vendor_id, e.before, e.after, e.state,
       e.generation, e.act_key, u.outcome, u.verdict, i.contract, c.owner,
       e.step = ANY(:shared) AND EXISTS (
         SELECT 1 FROM effects o WHERE o.vendor_id = e.vendor_id AND o.step = e.step AND o.state = 'done' AND NOT EXISTS (
           SELECT 1 FROM rollback_items x WHERE x.rollback_id = u.rollback_id AND x.effect_key = o.key))
       OR e.step = ANY(:of_account) AND EXISTS (
         SELECT 1 FROM cases own JOIN cases c ON c.account_id = own.account_id AND c.id <> own.id
         JOIN effects o ON o.case_id = c.id AND o.state = 'done' AND o.system <> 'chat'
         WHERE own.id = e.case_id AND NOT EXISTS (
           SELECT 1 FROM rollback_items x WHERE x.rollback_id = u.rollback_id AND x.effect_key = o.key)) AS shared
FROM rollback_items u JOIN effects e ON e.key = u.effect_key JOIN inbox i ON i.id = e.event_id JOIN cases c ON c.id = e.case_id
WHERE u.rollback_id = :rollback AND (CAST(:cases AS uuid[]) IS NULL OR u.case_id = ANY(CAST(:cases AS uuid[]))) ORDER BY u.place
"""
)
"""What a rollback undoes, the latest first. What another deal of ours stands on is shared, and stays."""
SHARED = ("upsert_company", "upsert_contact")
OF_ACCOUNT = ("create_account_folder", "upsert_customer")

TAKE = text(
    """
UPDATE rollbacks SET state = 'running', started_at = coalesce(started_at, now()),
       leased_by = :worker, lease_until = now() + make_interval(secs => :seconds)
WHERE id = (SELECT id FROM rollbacks WHERE state IN ('released', 'running') AND (lease_until IS NULL OR lease_until < now())
            ORDER BY released_at LIMIT 1 FOR UPDATE SKIP LOCKED)
RETURNING id
"""
)
OPEN_CASES = text(
    """
SELECT case_id FROM rollback_items WHERE rollback_id = :rollback AND outcome IS NULL AND system <> 'chat'
GROUP BY case_id ORDER BY min(place) LIMIT :limit
"""
)
BUSY = text(
    """
SELECT case_id FROM (SELECT case_id, status FROM inbox WHERE case_id = ANY(:cases) FOR UPDATE) AS held WHERE status = 'running'
"""
)
"""The rows are locked for a moment, so that whoever claimed one just now is seen."""
LEAVING = text(
    """
SELECT e.step, e.system, e.undo, e.vendor_id FROM rollback_items u JOIN effects e ON e.key = u.effect_key
WHERE u.rollback_id = :rollback AND u.case_id <> ALL(:cases) AND u.verdict = 'undo' AND coalesce(u.outcome, 'undone') = 'undone'
  AND e.undo = ANY(:undos) AND e.vendor_id IS NOT NULL
"""
)
PROPOSE = text(
    """
UPDATE rollback_items u SET verdict = n.verdict, reason = n.reason
FROM unnest(CAST(:keys AS uuid[]), CAST(:verdicts AS text[]), CAST(:reasons AS text[])) AS n(key, verdict, reason)
WHERE u.rollback_id = :rollback AND u.effect_key = n.key
"""
)
SETTLE = text(
    """
UPDATE rollback_items u SET outcome = n.outcome, reason = n.reason, settled_at = now()
FROM unnest(CAST(:keys AS uuid[]), CAST(:outcomes AS text[]), CAST(:reasons AS text[])) AS n(key, outcome, reason)
WHERE u.rollback_id = :rollback AND u.effect_key = n.key AND u.outcome IS NULL
"""
)
OVERVIEW = """
SELECT r.*, count(u.*) AS effects, count(DISTINCT u.case_id) AS cases, count(u.outcome) AS settled,
       count(*) FILTER (WHERE u.verdict = 'undo') AS to_undo,
       count(*) FILTER (WHERE u.outcome = 'undone') AS undone, count(*) FILTER (WHERE u.outcome = 'kept') AS kept,
       count(*) FILTER (WHERE u.outcome = 'changed') AS changed, count(*) FILTER (WHERE u.outcome = 'failed') AS failed,
       CASE WHEN r.state = 'running' AND count(u.outcome) > 0 THEN
         now() + (now() - r.started_at) * (count(*) - count(u.outcome)) / count(u.outcome) END AS ends_at
FROM rollbacks r LEFT JOIN rollback_items u ON u.rollback_id = r.id {which} GROUP BY r.id ORDER BY r.asked_at DESC LIMIT :limit
"""
ALL, ONE = text(OVERVIEW.format(which="WHERE r.state <> 'cancelled'")), text(OVERVIEW.format(which="WHERE r.id = :id"))
ITEMS = text(
    """
SELECT u.effect_key, u.case_id, u.event_id, u.verdict, u.outcome, u.reason, u.settled_at, e.step, e.system, e.undo, e.vendor_id,
       e.vendor_url, c.owner, i.type AS event_type, i.contract
FROM rollback_items u JOIN effects e ON e.key = u.effect_key JOIN inbox i ON i.id = u.event_id JOIN cases c ON c.id = u.case_id
WHERE u.rollback_id = :rollback ORDER BY u.place
"""
)
IN_THE_WAY = text(
    """
SELECT (SELECT r.id FROM rollback_items o JOIN rollbacks r ON r.id = o.rollback_id
        WHERE r.id <> :id AND r.state IN ('released', 'running', 'stopped') AND o.outcome IS NULL AND o.case_id IN (
          SELECT case_id FROM rollback_items WHERE rollback_id = :id) LIMIT 1) AS other,
       EXISTS (SELECT 1 FROM effects e, rollbacks r WHERE r.id = :id AND e.finished_at > r.asked_at AND e.state = 'done'
               AND e.case_id IN (SELECT case_id FROM rollback_items WHERE rollback_id = :id)) AS moved_on
"""
)


UNDO_EVENTS = text(
    """
UPDATE inbox SET status = 'undone', holds_up = true, finished_at = now() WHERE status IN ('done', 'parked') AND id IN (
  SELECT event_id FROM rollback_items WHERE rollback_id = :rollback AND case_id = ANY(:cases) GROUP BY event_id
  HAVING bool_and(system = 'chat' OR coalesce(outcome IN ('undone', 'kept'), false))
     AND bool_or(outcome = 'undone' OR (system = 'chat' AND verdict = 'undo')))
AND NOT EXISTS (SELECT 1 FROM rollback_items o WHERE o.rollback_id = :rollback AND o.case_id = inbox.case_id
                AND o.outcome IS NULL AND o.system <> 'chat')
RETURNING id, case_id
"""
)
"""An event is undone when all is that can be, and nothing of it was changed by a person; messages follow by themselves."""


class Rollbacks:
    """Questions and changes on one transaction."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def of_failed_event(self, event_id: UUID, steps: Collection[str], reason: str) -> UUID | None:
        """Record a released rollback of what these steps of an event have done, in the transaction that parks it.

        Return its id, or None where nothing was done. The event stays parked; done again, its steps are new acts.
        """
        done = (col(Effect.event_id) == event_id, col(Effect.step).in_(list(steps)), col(Effect.state) == EffectState.DONE)
        rows = (await self._connection.execute(select(Effect).where(*done).order_by(col(Effect.started_at).desc()))).all()
        if not rows:
            return None
        rollback = await self.draw_up(f"failed event {event_id}", reason, OURSELVES, rows, after_failure=True)
        await self.move(rollback, (RollbackState.CANCELLED,), RollbackState.RELEASED, released_at=func.now())
        return rollback

    async def effects_in(self, scope: Scope) -> Sequence[Row[Any]]:
        """Return the effects of a scope's events that stand, and of all later ones in their cases, the latest first."""
        statement = text(EFFECTS.format(which=WHICH[scope.kind]))
        return (await self._connection.execute(statement, {**scope.values, "alone": list(STANDS_ALONE)})).all()

    async def draw_up(
        self, scope: str, reason: str, asked_by: str, effects: Sequence[Row[Any]], *, after_failure: bool = False
    ) -> UUID:
        """Write down a rollback of effects, the latest first, that is nobody's plan yet."""
        rollback = uuid4()
        values = {"scope": scope, "reason": reason, "asked_by": asked_by, "after_failure": after_failure}
        await self._connection.execute(insert(Rollback).values(id=rollback, state=RollbackState.CANCELLED, **values))
        items = [
            {
                "rollback_id": rollback,
                "effect_key": row.key,
                "place": place,
                "case_id": row.case_id,
                "event_id": row.event_id,
                "system": row.system,
                "verdict": Verdict.UNDO,
            }
            for place, row in enumerate(effects)
        ]
        await self._connection.execute(insert(RollbackItem), items)
        return rollback

    async def propose(self, rollback: UUID, judged: Mapping[EffectKey, Judgement]) -> None:
        """Make a plan of a rollback that was drawn up: with what a look outside says of each effect."""
        verdicts, reasons = [one.verdict.value for one in judged.values()], [one.reason for one in judged.values()]
        values = {"rollback": rollback, "keys": list(judged), "verdicts": verdicts, "reasons": reasons}
        await self._connection.execute(PROPOSE, values)
        await self.move(rollback, (RollbackState.CANCELLED,), RollbackState.PROPOSED)

    async def move(self, rollback: UUID, found_at: Collection[RollbackState], state: RollbackState, **values: Any) -> bool:
        """Move a rollback on from one of these states; return whether it stood there."""
        which = (col(Rollback.id) == rollback, col(Rollback.state).in_(list(found_at)))
        return bool((await self._connection.execute(update(Rollback).where(*which).values(state=state, **values))).rowcount)

    async def get(self, rollback: UUID) -> Row[Any] | None:
        """Return a rollback with its counts, and when it will be done."""
        return (await self._connection.execute(ONE, {"id": rollback, "limit": 1})).one_or_none()

    async def latest(self, *, limit: int) -> Sequence[Row[Any]]:
        """Return the newest rollbacks that are not cancelled, as `get` does."""
        return (await self._connection.execute(ALL, {"limit": limit})).all()

    async def items(self, rollback: UUID) -> Sequence[Row[Any]]:
        """Return what a rollback undoes, in its order, with what is said of each."""
        return (await self._connection.execute(ITEMS, {"rollback": rollback})).all()

    async def in_the_way(self, rollback: UUID) -> Row[Any]:
        """Return which `other` rollback works on the same cases, and whether they have `moved_on` since the dry run."""
        return (await self._connection.execute(IN_THE_WAY, {"id": rollback})).one()

    async def take(self, worker: str, *, seconds: float) -> UUID | None:
        """Lease the oldest rollback that is released, or whose worker is gone."""
        return (await self._connection.execute(TAKE, {"worker": worker, "seconds": seconds})).scalar_one_or_none()

    async def extend(self, worker: str, rollbacks: Collection[UUID], *, seconds: float) -> None:
        """Prolong a worker's leases of these rollbacks, and end those of all its others."""
        until = func.now() + func.make_interval(0, 0, 0, 0, 0, 0, seconds)
        own = update(Rollback).where(col(Rollback.leased_by) == worker, col(Rollback.lease_until).is_not(None))
        await self._connection.execute(own.where(col(Rollback.id).in_(list(rollbacks))).values(lease_until=until))
        await self._connection.execute(own.where(col(Rollback.id).not_in(list(rollbacks))).values(lease_until=None))

    async def let_go(self, rollback: UUID, *, delay: float = 0) -> None:
        """Give a lease back, to be taken up after `delay` seconds if the rollback is not over."""
        until = func.now() + func.make_interval(0, 0, 0, 0, 0, 0, delay)
        await self._connection.execute(update(Rollback).where(col(Rollback.id) == rollback).values(lease_until=until))

    async def begin(self, rollback: UUID, flow_run_id: UUID | None) -> None:
        """Write down which run carries a rollback out."""
        await self._connection.execute(update(Rollback).where(col(Rollback.id) == rollback).values(flow_run_id=flow_run_id))

    async def end(self, rollback: UUID) -> None:
        """Take a rollback as done that runs."""
        await self.move(rollback, (RollbackState.RUNNING,), RollbackState.DONE, finished_at=func.now())

    async def open_cases(self, rollback: UUID, *, limit: int) -> tuple[Sequence[UUID], set[UUID]]:
        """Return the next cases to be undone, and those of them in which an event is worked on right now."""
        cases = (await self._connection.execute(OPEN_CASES, {"rollback": rollback, "limit": limit})).scalars().all()
        return cases, set((await self._connection.execute(BUSY, {"cases": cases})).scalars()) if cases else set()

    async def deeds(self, rollback: UUID, cases: Collection[UUID] | None = None) -> Sequence[Row[Any]]:
        """Return what is undone in these cases (in all), the latest first, with what it left outside."""
        values: dict[str, Any] = {"rollback": rollback, "cases": None if cases is None else list(cases), "shared": list(SHARED)}
        values["of_account"] = list(OF_ACCOUNT)
        return (await self._connection.execute(DEEDS, values)).all()

    async def leaving(self, rollback: UUID, undos: Collection[str], *, besides: Collection[UUID]) -> Sequence[Row[Any]]:
        """Return what the rollback takes away by these undos in other cases than these."""
        return (
            await self._connection.execute(LEAVING, {"rollback": rollback, "undos": list(undos), "cases": list(besides)})
        ).all()

    async def settle(self, rollback: UUID, endings: Mapping[EffectKey, tuple[Ending, str]]) -> None:
        """Write down what became of effects, and why; what is written already stays."""
        outcomes, reasons = [ending.value for ending, _ in endings.values()], [reason for _, reason in endings.values()]
        values = {"rollback": rollback, "keys": list(endings), "outcomes": outcomes, "reasons": reasons}
        await self._connection.execute(SETTLE, values)

    async def undo_events(self, rollback: UUID, cases: Collection[UUID]) -> Mapping[UUID, UUID]:
        """Take the events as undone whose effects are, where nothing of their case is open any more; return them with it."""
        rows = await self._connection.execute(UNDO_EVENTS, {"rollback": rollback, "cases": list(cases)})
        return {row.id: row.case_id for row in rows}
