"""What every task is declared with: the catalog's retries, and nothing of the batch kept by Prefect."""

from __future__ import annotations

import inspect
import tempfile
from pathlib import Path
from typing import Any

from prefect.cache_policies import NO_CACHE
from prefect.client.schemas.objects import State, TaskRun
from prefect.states import get_state_exception
from prefect.tasks import Task

from contracts.catalog import catalog
from contracts.errors import RetryableError, UncertainError

FLOW: dict[str, Any] = {"persist_result": False, "result_storage": Path(tempfile.gettempdir()) / "towline-results"}
"""Options of every `@flow`. Nothing is stored there: a run without a place of its own asks the server for one each time."""


def retries_of(event: str) -> dict[str, Any]:
    """Return the options of `@task` for a step of this event's path: retried only for what can work later."""
    retry = catalog()[event].retry
    return {
        "retries": retry.attempts - 1,
        "retry_delay_seconds": retry.delays,
        "retry_jitter_factor": retry.jitter,
        "retry_condition_fn": can_work_later,
        "cache_policy": NO_CACHE,
        "persist_result": False,
    }


def obeying(event: str, *tasks: Task[..., Any]) -> list[Task[..., Any]]:
    """Return tasks that several paths share as this event's path runs them: with its own retries."""
    return [task.with_options(**retries_of(event)) for task in tasks]


async def can_work_later(_task: Task[..., Any], _run: TaskRun, state: State[Any]) -> bool:
    """Say whether a failed attempt may work later. Prefect asks this before each retry."""
    error = get_state_exception(state)
    return isinstance(await error if inspect.isawaitable(error) else error, (RetryableError, UncertainError))
