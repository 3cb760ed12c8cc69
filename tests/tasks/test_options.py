"""Steps are tried again as the catalog says, and only for what can work later."""

from __future__ import annotations

from typing import Any

import pytest
from prefect.client.schemas.objects import State, StateType, TaskRun
from prefect.tasks import Task

from contracts.catalog import catalog
from contracts.errors import (
    ContractError,
    MisconfiguredError,
    RefusedError,
    RetryableError,
    StageError,
    TowlineError,
    UncertainError,
)
from flows import discovery, lead
from tasks.lead import open_deals
from tasks.options import can_work_later, retries_of


@pytest.mark.parametrize(
    ("error", "again"),
    [
        (RetryableError("x"), True),
        (UncertainError("x"), True),
        (RefusedError("x"), False),
        (MisconfiguredError("x"), False),
        (ContractError("x", field="f", rule="r"), False),
        (StageError("x"), False),
        (TowlineError("x"), False),
        (ValueError("x"), False),
    ],
)
async def test_only_what_can_work_later_is_tried_again(error: Exception, again: bool) -> None:
    task_run = TaskRun(task_key="open_deals", dynamic_key="0")
    state: State[Any] = State(type=StateType.FAILED, data=error)
    assert await can_work_later(open_deals, task_run, state) is again


@pytest.mark.parametrize(("flow", "event"), [(lead, "lead.qualified"), (discovery, "opportunity.created")])
def test_every_step_of_a_path_has_the_retries_of_its_event(flow: Any, event: str) -> None:
    retry = catalog()[event].retry
    steps = [value for name, value in vars(flow).items() if isinstance(value, Task) and name != "check"]
    assert len(steps) >= 8
    for step in steps:
        assert (step.name, step.retries, step.retry_delay_seconds) == (step.name, retry.attempts - 1, retry.delays)
        assert step.retry_jitter_factor == retry.jitter
        assert step.persist_result is False


def test_an_event_that_is_not_in_the_catalog_has_no_retries() -> None:
    with pytest.raises(KeyError):
        retries_of("lead.lost")
