"""How a step changes an outside system: intended before the call, settled after it, looked for before it is repeated."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from functools import partial
from typing import Any, TypeVar
from uuid import UUID

from contracts.errors import HeldError, RefusedError, RetryableError, TowlineError, UncertainError
from contracts.records import EffectKey, Outcome, Outcomes, Ref, Wanted
from contracts.values import Contract
from ledger.effects import Intent, Standing
from ledger.tables import EffectState
from lifecycle import keys
from lifecycle.circuits import failure_of
from lifecycle.path import Once, Step
from lifecycle.paths import PATHS
from runtime.logs import get_logger
from runtime.wiring import runtime
from tasks.batch import Batch, Item
from tasks.holding import braked, down, stopped

C = TypeVar("C", bound=Contract)
R = TypeVar("R")

Act = Callable[[Sequence[Wanted[R]]], Awaitable[Outcomes]]
Find = Callable[[Collection[EffectKey]], Awaitable[Mapping[EffectKey, Outcome]]]
log = get_logger("effects")
Group = dict[EffectKey, list[Item[C]]]


async def once(
    batch: Batch[C],
    step_name: str,
    *,
    record: Callable[[Item[C]], R],
    act: Act[R],
    find: Find | None = None,
    check: bool = False,
    items: Collection[Item[C]] | None = None,
) -> None:
    """Make one outside change per subject of the step, for all (or these) items of the batch; what is done is not repeated.

    `act` makes the changes and answers for each. `find` looks for earlier work by key; leave it out only where `act` itself
    is safe to repeat. With `check`, `find` also makes sure that what is done still stands there. An item that is refused
    leaves the batch.

    Raises:
        RetryableError, UncertainError: some are open still and may be tried again; on the last attempt they leave the batch.
    """
    step = PATHS[batch.entry.event][step_name]
    groups: Group[C] = {}
    for item in batch if items is None else items:
        groups.setdefault(key_of(step, item), []).append(item)
    if not groups:
        return
    standings = await _intend(batch, step, groups, {key: key for key in groups})
    if not standings:
        return
    async with braked(batch.entry.event, step.system):
        results = await _results(step, groups, standings, record, act, find, check=check)
    await _settle(batch, step, groups, standings, results)


async def _results(
    step: Step,
    groups: Group[C],
    standings: Mapping[EffectKey, Standing],
    record: Callable[[Item[C]], R],
    act: Act[R],
    find: Find | None,
    *,
    check: bool,
) -> dict[EffectKey, Outcome]:
    """Look for what is there already, and make the rest."""
    results: dict[EffectKey, Outcome] = {key: standing.done for key, standing in standings.items() if standing.done}
    if check and find and results:
        results = await _still_there(results, find)
    results |= {key: _busy(step) for key, standing in standings.items() if standing.busy and key not in results}
    open_keys = [key for key in groups if key not in results]
    if find and (suspects := {key: standings[key] for key in open_keys if not standings[key].fresh}):
        results |= await _found(suspects, find)
        open_keys = [key for key in groups if key not in results]
    if open_keys:
        wanted, faults = _wanted(step, groups, open_keys, record)
        results |= faults
        results |= await _acted(act, wanted) if wanted else {}
    return results


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
                await _one_group(batch, step, name, items, act, find)
            except (RetryableError, UncertainError) as error:
                failed = error
    if failed:
        raise failed


async def _one_group(
    batch: Batch[C], step: Step, name: str, items: Sequence[Item[C]], act: Callable[..., Any], find: Any
) -> None:
    members: Group[C] = {key_of(step, item): [item] for item in items}
    first_act = keys.batch_key(step.name, list(members))
    standings = await _intend(batch, step, members, dict.fromkeys(members, first_act))
    if not standings:
        return
    results: dict[EffectKey, Outcome] = {key: standing.done for key, standing in standings.items() if standing.done}
    if suspects := {key: standing for key, standing in standings.items() if not standing.fresh and key not in results}:
        results |= await _found(suspects, partial(find, name))
    if rest := [key for key in members if key not in results]:
        act_key = keys.batch_key(step.name, rest)
        if regrouped := {key: act_key for key in rest if standings[key].act_key != act_key}:
            async with runtime().ledger.begin() as books:
                await books.effects.regroup(regrouped)
        results |= await _acted_as_one(act, name, [members[key][0] for key in rest], rest, act_key)
    await _settle(batch, step, members, standings, results)


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
        if why := await stopped(books, batch, step, [intent.event_id for intent in intents]):
            for item in (item for items in groups.values() for item in items):
                batch.hold(item, why)
            return {}
        return await books.effects.intend(intents)


async def _still_there(done: Mapping[EffectKey, Outcome], find: Find) -> dict[EffectKey, Outcome]:
    """What was made once may have been thrown away by a person since; then it is made anew."""
    there = await find(list(done))
    gone = [key for key in done if not isinstance(there.get(key), Ref)]
    if gone:
        async with runtime().ledger.begin() as books:
            await books.effects.reopen(gone)
    return {key: outcome for key, outcome in done.items() if key not in gone}


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
    step: Step, groups: Group[C], open_keys: Sequence[EffectKey], record: Callable[[Item[C]], R]
) -> tuple[list[Wanted[R]], dict[EffectKey, Outcome]]:
    """Make the records to write; an item of which none can be made fails alone."""
    wanted: list[Wanted[R]] = []
    faults: dict[EffectKey, Outcome] = {}
    for key in open_keys:
        try:
            wanted.append(Wanted(key, record(groups[key][0])))
        except Exception as error:
            log.exception("a record could not be made", step=step.name)
            faults[key] = RefusedError(f"{step.name}: no record can be made of this deal", cause=type(error).__name__)
    return wanted, faults


async def _acted(act: Act[R], wanted: Sequence[Wanted[R]]) -> dict[EffectKey, Outcome]:
    """Act, and answer for each: a call that failed as a whole failed for all."""
    try:
        return dict(await act(wanted))
    except TowlineError as error:
        return dict.fromkeys((one.key for one in wanted), error)


async def _acted_as_one(
    act: Callable[..., Any], name: str, items: Sequence[Item[C]], members: Sequence[EffectKey], act_key: EffectKey
) -> dict[EffectKey, Outcome]:
    try:
        outcome: Outcome = await act(name, items, act_key)
    except TowlineError as error:
        outcome = error
    return dict.fromkeys(members, outcome)


def _busy(step: Step) -> RetryableError:
    return RetryableError(f"{step.name} is being done by another run", cause="busy")


async def _settle(
    batch: Batch[C],
    step: Step,
    groups: Group[C],
    standings: Mapping[EffectKey, Standing],
    results: Mapping[EffectKey, Outcome],
) -> None:
    """Write down what became of each, and hand it out; what was done before stays as it was written."""
    news = {key: outcome for key, outcome in results.items() if standings[key].done != outcome and not standings[key].busy}
    is_down = False
    if news:
        async with runtime().ledger.begin() as books:
            await books.effects.settle(news, {key: _state(outcome) for key, outcome in news.items()})
            heard = {groups[key][0].event: outcome for key, outcome in news.items()}
            is_down = await books.circuits.hear(step.system, step.name, heard)
    if is_down:
        why = next(outcome.text for outcome in news.values() if isinstance(outcome, TowlineError))
        log.warning("a system is down, what needs it waits", system=step.system, step=step.name, error=why)
    _hand_out(batch, step, groups, results, is_down=is_down)


def _state(outcome: Outcome) -> EffectState:
    if isinstance(outcome, Ref):
        return EffectState.DONE
    if isinstance(outcome, UncertainError):
        return EffectState.UNCERTAIN
    return EffectState.INTENDED if isinstance(outcome, (RetryableError, HeldError)) else EffectState.REFUSED


def _hand_out(batch: Batch[C], step: Step, groups: Group[C], results: Mapping[EffectKey, Outcome], *, is_down: bool) -> None:
    """Give each item its reference; let refused ones leave, and those wait that a pause or an outage has met.

    Raise for those that may be tried again.
    """
    later: TowlineError | None = None
    for key, items in groups.items():
        outcome = results[key]
        for item in items:
            if isinstance(outcome, Ref):
                item.refs[step.name] = outcome
            elif isinstance(outcome, HeldError):
                batch.hold(item, outcome.text)
            elif is_down and failure_of(outcome, step.system):
                batch.hold(item, down(step.system))
            elif isinstance(outcome, (RetryableError, UncertainError)) and not last_attempt():
                later = outcome
            else:
                batch.park(item, outcome, step=step.name)
    if later:
        raise later


def last_attempt() -> bool:
    """Say whether Prefect would not run the current task again."""
    from prefect.context import TaskRunContext

    context = TaskRunContext.get()
    return context is None or context.task_run.run_count > context.task.retries
