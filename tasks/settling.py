"""What became of a step's changes: written down, and handed out to those who asked for them as the failure matrix says."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import TypeVar

from contracts.errors import HeldError, RefusedError, RetryableError, TowlineError, UncertainError
from contracts.records import EffectKey, Outcome, Ref
from contracts.values import Contract
from ledger.effects import Standing
from ledger.tables import EffectState
from lifecycle.circuits import failure_of
from lifecycle.path import ASK, KEEP, Step
from runtime.logs import get_logger
from runtime.wiring import runtime
from tasks.batch import Batch, Item
from tasks.holding import down

C = TypeVar("C", bound=Contract)

BUSY = "busy"
log = get_logger("effects")
Group = dict[EffectKey, list[Item[C]]]


def busy(step: Step) -> RetryableError:
    """Return what to say of an item whose change another run is making."""
    return RetryableError(f"{step.name} is being done by another run", cause=BUSY)


def _is_busy(outcome: Outcome) -> bool:
    return isinstance(outcome, TowlineError) and outcome.cause == BUSY


async def settle(
    batch: Batch[C],
    step: Step,
    groups: Group[C],
    standings: Mapping[EffectKey, Standing],
    results: Mapping[EffectKey, Outcome],
    *,
    untold: Collection[EffectKey] = (),
) -> None:
    """Write down what became of each, and hand it out; what was done before stays as it was written."""
    news = {key: outcome for key, outcome in results.items() if standings[key].done != outcome and not _is_busy(outcome)}
    is_down = False
    if news:
        async with runtime().ledger.begin() as books:
            await books.effects.settle(news, {key: state_of(outcome) for key, outcome in news.items()}, run=batch.run)
            heard = {groups[key][0].event: outcome for key, outcome in news.items()}
            is_down = await books.circuits.hear(step.system, step.name, heard)
    if is_down:
        why = next(outcome.text for outcome in news.values() if isinstance(outcome, TowlineError))
        log.warning("a system is down, what needs it waits", system=step.system, step=step.name, error=why)
    _hand_out(batch, step, groups, results, untold=untold, is_down=is_down)


def state_of(outcome: Outcome) -> EffectState:
    """Return how an effect stands after its call."""
    if isinstance(outcome, Ref):
        return EffectState.DONE
    if isinstance(outcome, UncertainError):
        return EffectState.UNCERTAIN
    return EffectState.INTENDED if isinstance(outcome, (RetryableError, HeldError)) else EffectState.REFUSED


def _hand_out(
    batch: Batch[C],
    step: Step,
    groups: Group[C],
    results: Mapping[EffectKey, Outcome],
    *,
    untold: Collection[EffectKey],
    is_down: bool,
) -> None:
    """Give each item its reference; let those wait that a pause or an outage has met; do with refused ones what the failure
    matrix says; raise for those that may be tried again.

    `untold` are those of which the outside system itself cannot tell: the matrix says whether to ask it again.
    """
    later: TowlineError | None = None
    for key, items in groups.items():
        outcome = results[key]
        for item in items:
            if isinstance(outcome, Ref):
                item.refs[step.name] = outcome
            elif isinstance(outcome, HeldError):
                batch.hold(item, outcome.text)
            elif step.uncertain is ASK and key in untold:
                batch.park(item, outcome, step=step.name)
            elif is_down and failure_of(outcome, step.system):
                batch.hold(item, down(step.system))
            elif isinstance(outcome, (RetryableError, UncertainError)) and not last_attempt():
                later = outcome
            elif step.refused is KEEP and isinstance(outcome, RefusedError):
                batch.go_without(item, outcome, step=step.name)
            else:
                batch.park(item, outcome, step=step.name)
    if later:
        raise later


def last_attempt() -> bool:
    """Say whether Prefect would not run the current task again."""
    from prefect.context import TaskRunContext

    context = TaskRunContext.get()
    return context is None or context.task_run.run_count > context.task.retries
