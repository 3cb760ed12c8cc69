"""How a step changes an outside system: intended before the call, settled after it, looked for before it is repeated."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, Generic, TypeVar
from uuid import UUID

from connectors.guard import speaking_for
from contracts.errors import RefusedError, RetryableError, TowlineError, UncertainError
from contracts.records import EffectKey, Image, Outcome, Outcomes, Ref, Wanted
from contracts.values import Contract
from ledger.effects import Intent, Standing
from lifecycle import keys
from lifecycle.path import Once, Step
from lifecycle.paths import PATHS
from runtime.logs import get_logger
from runtime.wiring import runtime
from tasks.batch import Batch, Item
from tasks.holding import braked, stopped
from tasks.settling import Group, busy, settle

C = TypeVar("C", bound=Contract)
R = TypeVar("R")

Act = Callable[[Sequence[Wanted[R]]], Awaitable[Outcomes]]
See = Callable[[Sequence[Wanted[R]]], Awaitable[Mapping[EffectKey, Image]]]
Find = Callable[[Collection[EffectKey]], Awaitable[Mapping[EffectKey, Outcome]]]
log = get_logger("effects")


@dataclass(frozen=True, slots=True)
class Way(Generic[C, R]):
    """How a step's changes are made, found and seen, as `once` says."""

    record: Callable[[Item[C]], R]
    act: Act[R]
    find: Find | None
    image: See[R] | None
    check: bool


async def once(
    batch: Batch[C],
    step_name: str,
    *,
    record: Callable[[Item[C]], R],
    act: Act[R],
    find: Find | None = None,
    image: See[R] | None = None,
    check: bool = False,
    items: Collection[Item[C]] | None = None,
) -> None:
    """Make one outside change per subject of the step, for all (or these) items of the batch; what is done is not repeated.

    `act` makes the changes and answers for each. `find` looks for earlier work by key; leave it out only where `act` itself
    is safe to repeat. `image` says what the changes will find and leave, which is written down before them, for undoing them.
    With `check`, `find` also makes sure that what is done still stands there. An item that is refused leaves the batch, or goes
    on without the step, as its row of the failure matrix says.

    Raises:
        RetryableError, UncertainError: some are open still and may be tried again; on the last attempt they leave the batch.
    """
    step = PATHS[batch.entry.event][step_name]
    groups: Group[C] = {}
    for item in _asking(step, batch if items is None else items):
        groups.setdefault(key_of(step, item), []).append(item)
    if not groups:
        return
    standings = await _intend(batch, step, groups, {key: key for key in groups})
    if not standings:
        return
    with speaking_for(*step.speaks_for):
        async with braked(batch.entry.event, step.system):
            results, untold = await _results(batch, step, groups, standings, Way(record, act, find, image, check))
    await settle(batch, step, groups, standings, results, untold=untold)


async def _results(
    batch: Batch[C], step: Step, groups: Group[C], standings: Mapping[EffectKey, Standing], way: Way[C, R]
) -> tuple[dict[EffectKey, Outcome], set[EffectKey]]:
    """Look for what is there already, and make the rest; say of which the outside system itself cannot tell."""
    results: dict[EffectKey, Outcome] = {key: standing.done for key, standing in standings.items() if standing.done}
    if again := [key for key in results if _looked_at_again(step, groups[key], way)]:
        done = {key: results.pop(key) for key in again}
        results |= await _still_there(batch, step, groups, standings, done, way.find)
    results |= {key: busy(step) for key, standing in standings.items() if standing.busy and key not in results}
    open_keys = [key for key in groups if key not in results]
    found: dict[EffectKey, Outcome] = {}
    if way.find and (suspects := {key: standings[key] for key in open_keys if not standings[key].fresh}):
        found = await _found(suspects, way.find)
        results |= found
        open_keys = [key for key in groups if key not in results]
    if open_keys:
        wanted, faults = _wanted(step, groups, {key: standings[key].act_key for key in open_keys}, way.record)
        results |= faults
        results |= await _acted(step, way, wanted, batch.run) if wanted else {}
    return results, {key for key, one in found.items() if isinstance(one, UncertainError)}


async def together(
    batch: Batch[C], step_name: str, *, groups: Mapping[str, Sequence[Item[C]]], act: Callable[..., Any], find: Any
) -> None:
    """Make one outside change per group of items, such as one message per channel about all deals of a batch.

    `act(name, items, key)` makes it; `find(name, keys)` looks for earlier ones. The key that the outside system carries is
    kept with each effect, so that a batch put together differently after a crash still finds what was said.
    """
    step = PATHS[batch.entry.event][step_name]
    failed: TowlineError | None = None
    async with braked(batch.entry.event, step.system):
        for name, items in groups.items():
            try:
                await _one_group(batch, step, name, list(_asking(step, items)), act, find)
            except (RetryableError, UncertainError) as error:
                failed = error
    if failed:
        raise failed


async def _one_group(
    batch: Batch[C], step: Step, name: str, items: Sequence[Item[C]], act: Callable[..., Any], find: Any
) -> None:
    members: Group[C] = {key_of(step, item): [item] for item in items}
    if not members:
        return
    first_act = keys.batch_key(step.name, list(members))
    standings = await _intend(batch, step, members, dict.fromkeys(members, first_act))
    if not standings:
        return
    results: dict[EffectKey, Outcome] = {key: standing.done for key, standing in standings.items() if standing.done}
    if suspects := {key: standing for key, standing in standings.items() if not standing.fresh and key not in results}:
        results |= await _found(suspects, partial(find, name))
    if rest := [key for key in members if key not in results]:
        act_key = keys.batch_key(step.name, [standings[key].own_key for key in rest])
        if regrouped := {key: act_key for key in rest if standings[key].act_key != act_key}:
            async with runtime().ledger.begin() as books:
                kept = await books.effects.regroup(regrouped, run=batch.run)
            if len(kept) < len(regrouped):  # somebody else has some of them by now: the next attempt leaves those out
                raise busy(step)
        results |= await _acted_as_one(act, name, [members[key][0] for key in rest], rest, act_key)
    await settle(batch, step, members, standings, results)


def _asking(step: Step, items: Iterable[Item[C]]) -> Iterator[Item[C]]:
    """Leave out those that an earlier attempt has let go on without the step."""
    return (item for item in items if step.name not in item.without)


def key_of(step: Step, item: Item[C]) -> EffectKey:
    """Return the key of a step for an item: one per event, case or account."""
    subject: UUID | None = {Once.EVENT: item.event, Once.CASE: item.case, Once.ACCOUNT: item.account}[step.once]
    if subject is None:
        raise ValueError(f"{step.name} needs an account that is not known yet")
    return keys.effect_key(subject, step.name)


async def _intend(
    batch: Batch[C], step: Step, groups: Group[C], acts: Mapping[EffectKey, EffectKey]
) -> dict[EffectKey, Standing]:
    """Write the intentions down; where a switch is off, or the system is down, the items wait instead, and there is none."""
    intents = [
        Intent(key, acts[key], items[0].event, items[0].case, step.name, step.system, step.undo) for key, items in groups.items()
    ]
    async with runtime().ledger.begin() as books:
        standings: dict[EffectKey, Standing] = {}
        if why := await stopped(books, batch, step, [intent.event_id for intent in intents]):
            for item in (item for items in groups.values() for item in items):
                batch.hold(item, why)
            return standings
        standings = await books.effects.intend(intents, run=batch.run)
    for key in groups.keys() - standings.keys():
        batch.lose(groups.pop(key))
    return standings


def _looked_at_again(step: Step, items: Sequence[Item[C]], way: Way[C, R]) -> bool:
    """Say whether a step that is done is not simply trusted. What cannot be taken back, such as a letter, always is."""
    if way.find:
        return way.check or (step.undo is not None and any(item.from_start for item in items))
    return step.undo is not None and any(item.renewed and item.from_start for item in items)


async def _still_there(
    batch: Batch[C],
    step: Step,
    groups: Group[C],
    standings: Mapping[EffectKey, Standing],
    done: Mapping[EffectKey, Outcome],
    find: Find | None,
) -> dict[EffectKey, Outcome]:
    """What was made once may have been thrown away by a person since; then it is made anew, and what says where it is."""
    acts = {key: standings[key].act_key for key in done}
    there = await find(list(acts.values())) if find else {}
    gone = {key: (groups[key][0].event, groups[key][0].case) for key in done if not isinstance(there.get(acts[key]), Ref)}
    if not gone:
        return dict(done)
    async with runtime().ledger.begin() as books:
        reopened = await books.effects.reopen(gone, run=batch.run)
    for key in reopened:
        for item in groups[key]:
            item.renewed = True
    return {key: busy(step) if key in gone else outcome for key, outcome in done.items() if key not in reopened}


async def _found(suspects: Mapping[EffectKey, Standing], find: Find) -> dict[EffectKey, Outcome]:
    """Look for what earlier attempts have left; one whose call may be under way still is looked for again when it cannot be."""
    try:
        found = await _look(suspects, find)
        missing = {key: one for key, one in suspects.items() if key not in found and one.unseen is not None}
        wait = max((runtime().grace - one.unseen for one in missing.values() if one.unseen is not None), default=0)
        if wait > 0:
            await asyncio.sleep(wait)
            found |= await _look(missing, find)
        return found
    except (RetryableError, UncertainError) as error:
        return dict.fromkeys(suspects, error)


async def _look(suspects: Mapping[EffectKey, Standing], find: Find) -> dict[EffectKey, Outcome]:
    there = await find({standing.act_key for standing in suspects.values()})
    return {key: there[standing.act_key] for key, standing in suspects.items() if standing.act_key in there}


def _wanted(
    step: Step, groups: Group[C], acts: Mapping[EffectKey, EffectKey], record: Callable[[Item[C]], R]
) -> tuple[dict[EffectKey, Wanted[R]], dict[EffectKey, Outcome]]:
    """Make the records to write, each under the key of its act; an item of which none can be made fails alone."""
    wanted: dict[EffectKey, Wanted[R]] = {}
    faults: dict[EffectKey, Outcome] = {}
    for key, act_key in acts.items():
        try:
            wanted[key] = Wanted(act_key, record(groups[key][0]))
        except Exception as error:
            item = groups[key][0]
            log.exception("a record could not be made", step=step.name, made_for=str(item.event), contract=item.contract)
            faults[key] = RefusedError(f"{step.name}: no record can be made of this deal", cause=type(error).__name__)
    return wanted, faults


async def _acted(step: Step, way: Way[C, R], wanted: Mapping[EffectKey, Wanted[R]], run: UUID | None) -> dict[EffectKey, Outcome]:
    """Act, and answer for each: a call that failed as a whole failed for all, and what somebody else has by now is left out."""
    lost: Collection[EffectKey] = ()
    try:
        if way.image:
            lost = await _pictured(way.image, wanted, run)
        ours = [one for key, one in wanted.items() if key not in lost]
        outcomes = await way.act(ours) if ours else {}
    except TowlineError as error:
        return dict.fromkeys(wanted, error)
    return {key: busy(step) if key in lost else outcomes[one.key] for key, one in wanted.items()}


async def _pictured(image: See[R], wanted: Mapping[EffectKey, Wanted[R]], run: UUID | None) -> set[EffectKey]:
    """Write down what stands outside before it is changed; return those that another run has meanwhile."""
    seen = await image(list(wanted.values()))
    images = {key: seen[one.key] for key, one in wanted.items() if one.key in seen}
    async with runtime().ledger.begin() as books:
        return images.keys() - await books.effects.picture(images, run=run)


async def _acted_as_one(
    act: Callable[..., Any], name: str, items: Sequence[Item[C]], members: Sequence[EffectKey], act_key: EffectKey
) -> dict[EffectKey, Outcome]:
    try:
        outcome: Outcome = await act(name, items, act_key)
    except TowlineError as error:
        outcome = error
    return dict.fromkeys(members, outcome)
