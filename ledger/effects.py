"""Outside changes: intended before the call, settled after it, once per key whoever comes second."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import orjson
from sqlalchemy import Row, select, text
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlmodel import col

from contracts.errors import TowlineError
from contracts.records import EffectKey, Image, Outcome, Ref
from ledger.inbox import HELD
from ledger.tables import Effect, EffectState
from lifecycle import keys


@dataclass(frozen=True, slots=True)
class Intent:
    """An outside change that is about to be made for an event.

    `act_key` is the key that the outside system carries: the effect's own, or that of one act which serves several effects.
    """

    key: EffectKey
    act_key: EffectKey
    event_id: UUID
    case_id: UUID
    step: str
    system: str
    undo: str | None


@dataclass(frozen=True, slots=True)
class Standing:
    """What the ledger knows of an intent: fresh (first time), done, busy (another event is at it), or left open before.

    `act_key` is the one that an earlier attempt may have left in the outside system, `unseen` the seconds since it began where
    nobody saw its end: it may be under way still. `own_key` is the one that an act of its own carries: a fresh one after an undo.
    """

    fresh: bool
    busy: bool
    done: Ref | None
    act_key: EffectKey
    own_key: EffectKey
    unseen: float | None = None


HOLDS = f"(CAST(:run AS uuid) IS NULL OR EXISTS (SELECT 1 FROM inbox WHERE inbox.id = n.event_id AND {HELD}))"  # noqa: S608
"""Whether the run that says so still holds the event: nothing is begun, or written, for one that somebody else has by now."""
CONTRACT = "(SELECT contract FROM inbox WHERE inbox.id = n.event_id)"
INTEND = text(
    f"""
INSERT INTO effects (key, act_key, event_id, case_id, contract, step, system, undo, state, attempts)
SELECT key, act_key, event_id, case_id, {CONTRACT}, step, system, undo, 'intended', 1
FROM jsonb_to_recordset(CAST(:intents AS jsonb)) AS n(
  key uuid, act_key uuid, event_id uuid, case_id uuid, step text, system text, undo text)
WHERE {HOLDS}
ON CONFLICT DO NOTHING RETURNING key
"""  # noqa: S608
)
STILL_HELD = text(f"SELECT n.event_id FROM unnest(CAST(:events AS uuid[])) AS n(event_id) WHERE {HOLDS}")  # noqa: S608
LOOK = text(
    """
SELECT e.key, e.act_key, e.state,
       CASE WHEN e.state = 'intended' AND e.finished_at IS NULL THEN extract(epoch FROM now() - e.started_at) END AS unseen,
       e.vendor_id, e.vendor_url, e.event_id, e.generation,
       coalesce(i.status = 'running' AND i.lease_until > now(), false) AS worked_on
FROM effects e LEFT JOIN inbox i ON i.id = e.event_id WHERE e.key = ANY(:keys)
"""
)
TAKE_OVER = text(
    f"""
UPDATE effects e SET event_id = n.event_id, case_id = n.case_id, contract = {CONTRACT}, state = 'intended',
       attempts = attempts + 1, started_at = now(), finished_at = NULL
FROM unnest(CAST(:keys AS uuid[]), CAST(:before AS uuid[]), CAST(:events AS uuid[]), CAST(:cases AS uuid[]))
     AS n(key, before, event_id, case_id)
WHERE e.key = n.key AND e.event_id = n.before AND e.state <> 'done' AND {HOLDS} RETURNING e.key
"""  # noqa: S608
)
SETTLE = text(
    f"""
UPDATE effects e SET state = n.state, vendor_id = coalesce(n.vendor_id, e.vendor_id), vendor_url = coalesce(n.url, e.vendor_url),
       cause = n.cause, finished_at = now()
FROM unnest(CAST(:keys AS uuid[]), CAST(:states AS text[]), CAST(:ids AS text[]), CAST(:urls AS text[]), CAST(:causes AS text[]))
     AS n(key, state, vendor_id, url, cause)
WHERE e.key = n.key AND {HOLDS.replace("n.event_id", "e.event_id")}
"""  # noqa: S608
)
PICTURE = text(
    f"""
INSERT INTO images (effect_key, generation, before, after)
SELECT e.key, e.generation, n.before, n.after
FROM jsonb_to_recordset(CAST(:images AS jsonb)) AS n(key uuid, before jsonb, after jsonb) JOIN effects e ON e.key = n.key
WHERE {HOLDS.replace("n.event_id", "e.event_id")}
ON CONFLICT (effect_key) DO UPDATE SET after = excluded.after, generation = excluded.generation,
  before = CASE WHEN images.generation = excluded.generation THEN images.before ELSE excluded.before END
RETURNING effect_key
"""  # noqa: S608
)
"""What stood there before the first attempt stays written: a later one may find what that has made."""

UNDONE = text(
    """
UPDATE effects e SET state = 'undone', undone_at = now(), generation = e.generation + 1, act_key = n.act_key
FROM unnest(CAST(:keys AS uuid[]), CAST(:acts AS uuid[])) AS n(key, act_key) WHERE e.key = n.key AND e.state <> 'undone'
"""
)
REGROUP = text(
    f"""
UPDATE effects e SET act_key = n.act_key FROM unnest(CAST(:keys AS uuid[]), CAST(:acts AS uuid[])) AS n(key, act_key)
WHERE e.key = n.key AND {HOLDS.replace("n.event_id", "e.event_id")} RETURNING e.key
"""  # noqa: S608
)
REOPEN = text(
    f"""
UPDATE effects e SET event_id = n.event_id, case_id = n.case_id, contract = {CONTRACT}, state = 'intended',
       attempts = attempts + 1, started_at = now(), finished_at = NULL
FROM unnest(CAST(:keys AS uuid[]), CAST(:events AS uuid[]), CAST(:cases AS uuid[])) AS n(key, event_id, case_id)
WHERE e.key = n.key AND e.state = 'done' AND {HOLDS} RETURNING e.key
"""  # noqa: S608
)


class Effects:
    """Questions and changes on one transaction."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def intend(self, intents: Sequence[Intent], *, run: UUID | None = None) -> dict[EffectKey, Standing]:
        """Write intentions down, one per key; say of each how it stands.

        An open one of another event is taken over, unless that event is being worked on right now: then it is busy.
        With `run`, an event that is not this run's any more is left out.
        """
        rows = orjson.dumps(list(intents), default=str).decode()  # the driver has a UUID class of its own
        fresh = set((await self._connection.execute(INTEND, {"intents": rows, "run": run})).scalars())
        known = {i.key: i for i in intents if i.key not in fresh}
        standings = {i.key: Standing(True, False, None, i.act_key, i.key) for i in intents if i.key in fresh}
        if known:
            standings.update(await self._standings(known, run))
        return standings

    async def _standings(self, known: Mapping[EffectKey, Intent], run: UUID | None) -> dict[EffectKey, Standing]:
        events = {"events": list({intent.event_id for intent in known.values()}), "run": run}
        held = set((await self._connection.execute(STILL_HELD, events)).scalars())
        ours = [key for key, intent in known.items() if intent.event_id in held]
        found = (await self._connection.execute(LOOK, {"keys": ours})).all()
        taken = await self._take_over([row for row in found if _may_be_taken(row, known[row.key])], known, run)
        return {
            row.key: Standing(
                fresh=False,
                busy=row.state != EffectState.DONE and row.key not in taken,
                done=Ref(row.vendor_id or "", row.vendor_url or "") if row.state == EffectState.DONE else None,
                act_key=row.act_key,
                own_key=keys.again(row.key, row.generation),
                unseen=None if row.unseen is None else float(row.unseen),
            )
            for row in found
        }

    async def _take_over(self, rows: Sequence[Row[Any]], known: Mapping[EffectKey, Intent], run: UUID | None) -> set[EffectKey]:
        if not rows:
            return set()
        values = {
            "keys": [row.key for row in rows],
            "before": [row.event_id for row in rows],
            "events": [known[row.key].event_id for row in rows],
            "cases": [known[row.key].case_id for row in rows],
            "run": run,
        }
        return set((await self._connection.execute(TAKE_OVER, values)).scalars())

    async def settle(
        self, outcomes: Mapping[EffectKey, Outcome], states: Mapping[EffectKey, EffectState], *, run: UUID | None = None
    ) -> None:
        """Write down how intentions ended; with `run`, not of events that somebody else has by now and looks after."""
        if not outcomes:
            return
        refs = [outcome if isinstance(outcome, Ref) else None for outcome in outcomes.values()]
        values = {
            "keys": list(outcomes),
            "states": [states[key].value for key in outcomes],
            "ids": [ref.id if ref else None for ref in refs],
            "urls": [ref.url if ref else None for ref in refs],
            "causes": [o.cause if isinstance(o, TowlineError) else None for o in outcomes.values()],
            "run": run,
        }
        await self._connection.execute(SETTLE, values)

    async def picture(self, images: Mapping[EffectKey, Image], *, run: UUID | None = None) -> set[EffectKey]:
        """Write down what intended changes will find and leave outside, before they are made; return those written."""
        rows = [{"key": key, "before": image.before, "after": image.after} for key, image in images.items()]
        if not rows:
            return set()
        values = {"images": orjson.dumps(rows, default=str).decode(), "run": run}
        return set((await self._connection.execute(PICTURE, values)).scalars())

    async def undone(self, generations: Mapping[EffectKey, int]) -> None:
        """Write down that effects, each of this generation, were taken back: done again, they carry fresh keys."""
        acts = {key: keys.again(key, generation + 1) for key, generation in generations.items()}
        await self._connection.execute(UNDONE, {"keys": list(acts), "acts": list(acts.values())})

    async def regroup(self, act_keys: Mapping[EffectKey, EffectKey], *, run: UUID | None = None) -> set[EffectKey]:
        """Write down under which key the outside system is about to carry each of these effects; return those written."""
        values = {"keys": list(act_keys), "acts": list(act_keys.values()), "run": run}
        return set((await self._connection.execute(REGROUP, values)).scalars())

    async def reopen(self, gone: Mapping[EffectKey, tuple[UUID, UUID]], *, run: UUID | None = None) -> set[EffectKey]:
        """Take effects as not done that the outside system no longer holds, each to be done for this event and case.

        Return those that were done still, so that of two who miss the same thing one makes it anew.
        """
        events, cases = [event for event, _ in gone.values()], [case for _, case in gone.values()]
        values = {"keys": list(gone), "events": events, "cases": cases, "run": run}
        return set((await self._connection.execute(REOPEN, values)).scalars())

    async def latest(self, case_ids: Collection[UUID], steps: Collection[str]) -> Mapping[tuple[UUID, str], Row[Any]]:
        """Return, by case and step, the newest change of these steps that stands."""
        stands = col(Effect.state) == EffectState.DONE
        which = (col(Effect.case_id).in_(list(case_ids)), col(Effect.step).in_(list(steps)), stands)
        rows = await self._connection.execute(select(Effect).where(*which).order_by(col(Effect.finished_at)))
        return {(row.case_id, row.step): row for row in rows}

    async def standing(self, case_ids: Collection[UUID], step: str) -> Mapping[UUID, Sequence[Row[Any]]]:
        """Return, by case, all changes of a step that stand, the oldest first."""
        stands = col(Effect.state) == EffectState.DONE
        which = (col(Effect.case_id).in_(list(case_ids)), col(Effect.step) == step, stands)
        found: dict[UUID, list[Row[Any]]] = defaultdict(list)
        for row in await self._connection.execute(select(Effect).where(*which).order_by(col(Effect.finished_at))):
            found[row.case_id].append(row)
        return found

    async def by_records(self, system: str, records: Collection[str]) -> Sequence[Row[Any]]:
        """Return the changes that stand in these outside records, in the order in which they were begun."""
        which = (col(Effect.system) == system, col(Effect.vendor_id).in_(list(records)), col(Effect.state) == EffectState.DONE)
        return (await self._connection.execute(select(Effect).where(*which).order_by(col(Effect.started_at)))).all()

    async def undone_records(self, step: str, records: Collection[str]) -> set[str]:
        """Return those of these outside records that a step has made and a rollback has taken back."""
        which = (col(Effect.step) == step, col(Effect.vendor_id).in_(list(records)), col(Effect.state) == EffectState.UNDONE)
        return {str(row.vendor_id) for row in await self._connection.execute(select(col(Effect.vendor_id)).where(*which))}

    async def first_letters(self, case_ids: Collection[UUID]) -> Mapping[UUID, Row[Any]]:
        """Return the first letter that was sent in each case, which the later ones answer."""
        sent = (col(Effect.case_id).in_(list(case_ids)), col(Effect.system) == "mail", col(Effect.state) == EffectState.DONE)
        rows = await self._connection.execute(select(Effect).where(*sent).order_by(col(Effect.finished_at).desc()))
        return {row.case_id: row for row in rows}

    async def done_for(self, event_ids: Collection[UUID]) -> Mapping[UUID, set[str]]:
        """Return, by event, the steps that were done for it and stand."""
        which = (col(Effect.event_id).in_(list(event_ids)), col(Effect.state) == EffectState.DONE)
        found: dict[UUID, set[str]] = defaultdict(set)
        for row in await self._connection.execute(select(col(Effect.event_id), col(Effect.step)).where(*which)):
            found[row.event_id].add(row.step)
        return found

    async def of_case(self, case_id: UUID) -> Sequence[Row[Any]]:
        """Return all that was done outside for a case, in order."""
        query = select(Effect).where(col(Effect.case_id) == case_id).order_by(col(Effect.started_at), col(Effect.key))
        return (await self._connection.execute(query)).all()

    async def get(self, keys: Collection[EffectKey]) -> Sequence[Row[Any]]:
        """Return the effects under these keys, in the order in which they were begun."""
        statement = select(Effect).where(col(Effect.key).in_(list(keys))).order_by(col(Effect.started_at))
        return (await self._connection.execute(statement)).all()


def _may_be_taken(row: Row[Any], intent: Intent) -> bool:
    return row.state != EffectState.DONE and (row.event_id == intent.event_id or not row.worked_on)
