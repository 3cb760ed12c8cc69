"""Steps are tried again as the catalog says, and only for what can work later."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from prefect.client.schemas.objects import State, StateType, TaskRun

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
from tasks.lead import open_deals
from tasks.options import can_work_later, retries_of

ROOT = Path(__file__).parent.parent.parent
ROOMS = ("contracts", "lifecycle", "ledger", "connectors", "expectations", "tasks", "flows", "runtime")
ENTRIES = catalog().entries
ATTEMPTS = {event: place for place, event in enumerate(ENTRIES, 4)}
"""Every event another number, more than open a circuit, which only its own steps can have from the catalog."""

TELL = """
import json
from importlib import import_module
from prefect.tasks import Task
from contracts.catalog import catalog

def options(task):
    return [task.retries, list(task.retry_delay_seconds), task.retry_jitter_factor, task.persist_result]

flows = {event: vars(import_module(f"flows.{entry.flow}")) for event, entry in catalog().entries.items()}
tasks = {event: {n: t for n, t in names.items() if isinstance(t, Task) and n != "check"} for event, names in flows.items()}
print(json.dumps({event: {name: options(task) for name, task in named.items()} for event, named in tasks.items()}))
"""


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


@pytest.fixture(scope="module")
def options(tmp_path_factory: pytest.TempPathFactory) -> dict[str, dict[str, list[Any]]]:
    """What each path's tasks are declared with in a house whose catalog gives every event retries of its own."""
    house = tmp_path_factory.mktemp("house")
    for room in ROOMS:
        shutil.copytree(ROOT / room, house / room, ignore=shutil.ignore_patterns("__pycache__"))
    for event, attempts in ATTEMPTS.items():
        entry = house / "contracts" / "catalog" / f"{event}.yaml"
        text = entry.read_text()
        assert "{attempts: 5, first_delay: 0.5, jitter: 0.5}" in text
        retry = f"{{attempts: {attempts}, first_delay: {attempts}, jitter: 0.25}}"
        entry.write_text(text.replace("{attempts: 5, first_delay: 0.5, jitter: 0.5}", retry))
    run = subprocess.run([sys.executable, "-c", TELL], cwd=house, capture_output=True, text=True, timeout=120, check=False)  # noqa: S603
    assert run.returncode == 0, run.stderr
    told: dict[str, dict[str, list[Any]]] = json.loads(run.stdout)
    return told


@pytest.mark.parametrize("event", ENTRIES)
def test_every_step_of_a_path_has_the_retries_of_its_event(event: str, options: dict[str, dict[str, list[Any]]]) -> None:
    """Given a task that several paths share. Then each path runs it with the retries of its own event."""
    attempts = ATTEMPTS[event]
    own = [attempts - 1, [attempts * 2.0**n for n in range(attempts - 1)], 0.25, False]
    assert options[event]
    assert {name: each for name, each in options[event].items() if each != own} == {}


def test_an_event_that_is_not_in_the_catalog_has_no_retries() -> None:
    with pytest.raises(KeyError):
        retries_of("lead.lost")
