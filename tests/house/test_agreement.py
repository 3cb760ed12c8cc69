"""Catalog, paths, suites, flows, deployments and the lifecycle page speak of the same house."""

from __future__ import annotations

import ast
import inspect
import textwrap
from types import ModuleType

import pytest
from prefect import Flow, Task

from contracts.catalog import Entry, catalog
from contracts.event import CONTRACTS, newest
from contracts.systems import System
from deployments.deploy import flow_of, plans
from expectations.suites import SUITES
from lifecycle.announcements import HEADLINES
from lifecycle.path import Path
from lifecycle.paths import PATHS
from lifecycle.stages import MOVES
from tests.house.pages import tables_of

ENTRIES = catalog().entries


def test_every_deployments_entrypoint_loads_a_flow_of_that_name() -> None:
    found = plans(catalog())
    assert len(found) == len(ENTRIES) + len(catalog().operations)
    assert {plan.entrypoint: flow_of(plan.entrypoint).name for plan in found} == {plan.entrypoint: plan.flow for plan in found}


def test_every_event_has_a_path_a_contract_a_suite_a_stage_and_words() -> None:
    assert set(ENTRIES) == set(PATHS) == set(CONTRACTS) == set(MOVES) == set(HEADLINES)
    assert {entry.flow for entry in ENTRIES.values()} == set(SUITES)
    assert {event: entry.contract for event, entry in ENTRIES.items()} == {event: newest(event) for event in ENTRIES}


@pytest.mark.parametrize("event", PATHS)
def test_a_path_touches_the_systems_that_the_catalog_names(event: str) -> None:
    assert {System(step.system) for step in PATHS[event]} == set(ENTRIES[event].destinations)


@pytest.mark.parametrize("event", PATHS)
def test_a_flow_does_the_steps_of_its_path_in_order(event: str) -> None:
    flow = flow_of(f"flows.{ENTRIES[event].flow}.{ENTRIES[event].flow}")
    assert [step for task in tasks_of(flow) for step in steps_of(task)] == list(PATHS[event].steps)


def tasks_of(flow: Flow[..., object]) -> list[Task[..., object]]:
    """The tasks that a flow awaits, in order."""
    module = inspect.getmodule(flow.fn)
    assert isinstance(module, ModuleType)
    awaited = [node.value for node in ast.walk(parsed(flow)) if isinstance(node, ast.Await)]
    calls = sorted((call for call in awaited if isinstance(call, ast.Call)), key=lambda call: call.lineno)
    found = [getattr(module, ast.unparse(call.func)) for call in calls]
    assert all(isinstance(task, Task) for task in found)
    return found


def steps_of(task: Task[..., object]) -> list[str]:
    """The steps that a task names to `once` or `together`."""
    calls = [node for node in ast.walk(parsed(task)) if isinstance(node, ast.Call)]
    return [ast.literal_eval(call.args[1]) for call in calls if ast.unparse(call.func) in ("once", "together")]


def parsed(what: Flow[..., object] | Task[..., object]) -> ast.Module:
    return ast.parse(textwrap.dedent(inspect.getsource(what.fn)))


@pytest.mark.parametrize("event", PATHS)
def test_the_lifecycle_page_shows_a_path_as_it_is(event: str) -> None:
    shown = [row[:4] for row in tables_of("lifecycle.md", f"The path of `{event}`")]
    assert shown == described(PATHS[event])


def described(path: Path) -> list[list[str]]:
    return [[step.name, step.system, step.once.value, step.undo or "cannot be undone"] for step in path]


def test_the_lifecycle_page_shows_the_events_as_the_catalog_has_them() -> None:
    def row(entry: Entry) -> tuple[str, ...]:
        return (
            entry.event,
            str(entry.contract),
            entry.flow,
            entry.process_owner,
            f"{entry.retry.attempts} attempts",
            entry.then or "-",
        )

    shown = {(event, version, flow, *rest) for event, version, _, flow, *rest in tables_of("lifecycle.md", "Events")}
    assert shown == {row(entry) for entry in ENTRIES.values()}


def test_the_lifecycle_page_shows_the_stages_as_they_are() -> None:
    shown = {event: (set(at.split(", ")), leaves) for event, at, leaves, _ in tables_of("lifecycle.md", "Stages")}
    assert shown == {event: ({stage.value for stage in allowed}, target.value) for event, (allowed, target) in MOVES.items()}


def test_the_lifecycle_page_shows_the_system_contract_as_it_is() -> None:
    shown = {row[0]: (row[1], row[2]) for row in tables_of("lifecycle.md", "Which system holds the truth")}
    entities = catalog().systems.entities
    assert shown == {
        name: (entity.record.value, ", ".join(mirror.value for mirror in entity.mirrors)) for name, entity in entities.items()
    }
