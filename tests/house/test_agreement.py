"""Catalog, paths, suites, flows, deployments and the lifecycle page speak of the same house."""

from __future__ import annotations

import ast
import inspect
import re
import textwrap
from enum import StrEnum
from types import ModuleType

import pytest
from prefect import Flow, Task

from connectors.billing import stripe_hooks
from connectors.crm import hubspot_hooks, hubspot_words
from contracts.catalog import Entry, catalog
from contracts.event import CONTRACTS, newest
from contracts.systems import Entity, System
from deployments.deploy import flow_of, plans
from deployments.herald import OUTCOMES
from expectations.suites import SUITES
from flows import start
from ledger.tables import EffectState, EventStatus
from lifecycle import matrix
from lifecycle.announcements import HEADLINES
from lifecycle.continuity import Kind
from lifecycle.decisions import Decision
from lifecycle.documents import Artefact
from lifecycle.outages import NOUNS
from lifecycle.path import ASK, Path
from lifecycle.paths import PATHS
from lifecycle.payment import MARKS
from lifecycle.reconciling import SYSTEMS, watched
from lifecycle.reconciling import Kind as Kinds
from lifecycle.stages import MOVES, Stage
from lifecycle.undo import INVERSES, RollbackState
from tasks import ageing
from tests.house.pages import tables_of, text_of

ENTRIES = catalog().entries


def test_every_deployments_entrypoint_loads_a_flow_of_that_name() -> None:
    found = plans(catalog())
    assert len(found) == len(ENTRIES) + len(catalog().operations)
    assert {plan.entrypoint: flow_of(plan.entrypoint).name for plan in found} == {plan.entrypoint: plan.flow for plan in found}


def test_every_event_has_a_path_a_contract_a_suite_a_stage_and_words() -> None:
    assert set(ENTRIES) == set(PATHS) == set(CONTRACTS) == set(MOVES) == set(HEADLINES) == set(NOUNS)
    assert {entry.flow for entry in ENTRIES.values()} == set(SUITES)
    assert {event: entry.contract for event, entry in ENTRIES.items()} == {event: newest(event) for event in ENTRIES}


@pytest.mark.parametrize(("source", "module"), [("CRM webhook", hubspot_hooks), ("billing webhook", stripe_hooks)])
def test_webhooks_become_the_events_that_the_catalog_says(source: str, module: ModuleType) -> None:
    assert named_in(module) == {event for event, entry in ENTRIES.items() if source in entry.sources}


@pytest.mark.parametrize(("source", "module"), [("on demand", start), ("schedule", ageing)])
def test_forms_and_schedules_make_the_events_that_the_catalog_says(source: str, module: ModuleType) -> None:
    assert named_in(module) >= {event for event, entry in ENTRIES.items() if source in entry.sources}


def named_in(module: ModuleType) -> set[str]:
    """The events that a module's code names."""
    return set(re.findall(r"\"(\w+\.\w+)\"", inspect.getsource(module))) & set(ENTRIES)


def test_what_follows_is_what_the_catalog_says() -> None:
    followers = {event for event, entry in ENTRIES.items() if "the step before" in entry.sources}
    assert followers == {entry.then for entry in ENTRIES.values() if entry.then}


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


@pytest.mark.parametrize("event", PATHS)
def test_a_step_of_which_a_person_is_asked_in_doubt_is_looked_for_first(event: str) -> None:
    flow = flow_of(f"flows.{ENTRIES[event].flow}.{ENTRIES[event].flow}")
    calls = [node for task in tasks_of(flow) for node in ast.walk(parsed(task)) if isinstance(node, ast.Call)]
    blind = [call for call in calls if ast.unparse(call.func) == "once" and "find" not in {word.arg for word in call.keywords}]
    assert [step for call in blind if PATHS[event][step := ast.literal_eval(call.args[1])].uncertain is ASK] == []


def parsed(what: Flow[..., object] | Task[..., object]) -> ast.Module:
    return ast.parse(textwrap.dedent(inspect.getsource(what.fn)))


@pytest.mark.parametrize("event", PATHS)
def test_the_lifecycle_page_shows_a_path_as_it_is(event: str) -> None:
    (heading,) = re.findall(rf"^## (The paths? of .*`{re.escape(event)}`.*)$", text_of("lifecycle.md"), re.MULTILINE)
    shown = [row[:4] for row in tables_of("lifecycle.md", heading, "step")]
    assert shown == described(PATHS[event])


def described(path: Path) -> list[list[str]]:
    return [[step.name, step.system, step.once.value, step.undo or "cannot be undone"] for step in path]


def test_the_lifecycle_page_shows_the_events_as_the_catalog_has_them() -> None:
    def row(entry: Entry) -> tuple[str, ...]:
        return (
            entry.event,
            str(entry.contract),
            ", ".join(entry.sources),
            entry.flow,
            entry.process_owner,
            f"{entry.retry.attempts} attempts",
            entry.then or "-",
        )

    assert sorted(tuple(shown) for shown in tables_of("lifecycle.md", "Events", "event")) == sorted(map(row, ENTRIES.values()))


def test_the_lifecycle_page_shows_the_stages_as_they_are() -> None:
    rows = tables_of("lifecycle.md", "Stages", "event")
    shown = [(event, before, after) for event, found_at, after in rows for before in found_at.split(", ")]
    moves = [(event, before.value, after.value) for event, stages in MOVES.items() for before, after in stages.items()]
    assert sorted(shown) == sorted(moves)


def test_the_lifecycle_page_shows_the_stages_in_the_crm_as_they_are() -> None:
    shown = [(ours, theirs) for ours, theirs, _ in tables_of("lifecycle.md", "Stages in the CRM", "ours")]
    kinds = {"deal": hubspot_words.DEAL_STAGES, "delivery request": hubspot_words.REQUEST_STAGES}
    assert shown == [(f"{kind} {ours}", theirs) for kind, stages in kinds.items() for ours, theirs in stages.items()]


@pytest.mark.parametrize(
    ("heading", "head", "words"),
    [
        ("Status of an event", "status", EventStatus),
        ("Decisions", "state", Decision),
        ("The continuity line", "kind", Kind),
        ("Documents", "kind", Artefact),
    ],
)
def test_the_lifecycle_page_explains_every_word_for_where_something_stands(heading: str, head: str, words: type[StrEnum]) -> None:
    shown = [word for row in tables_of("lifecycle.md", heading, head) for word in row[0].split(", ")]
    assert sorted(shown) == sorted(word.value for word in words)


def test_the_lifecycle_page_explains_every_state_of_an_effect() -> None:
    below = text_of("lifecycle.md").split("## States of an effect\n")[1].split("\n## ")[0]
    assert set(re.findall(r"`(\w+)`", below)) == {state.value for state in EffectState}


def test_the_lifecycle_page_explains_every_undo_and_every_state_of_a_rollback() -> None:
    assert {row[0] for row in tables_of("lifecycle.md", "Undoing", "undone by")} == set(INVERSES)
    shown = {word for row in tables_of("lifecycle.md", "Undoing", "a rollback is") for word in row[0].split(", ")}
    assert shown == {state.value for state in RollbackState}


def test_the_lifecycle_page_says_where_a_case_can_be_cancelled() -> None:
    shown = [
        stage for row in tables_of("lifecycle.md", "The path of `deal.cancelled`", "cancelled at") for stage in row[0].split(", ")
    ]
    assert sorted(shown) == sorted(Stage)


def test_the_lifecycle_page_shows_what_becomes_of_a_payment() -> None:
    shown = {row[0]: row[2] for row in tables_of("lifecycle.md", "What becomes of a payment", "event")}
    assert shown == MARKS


def test_the_lifecycle_page_shows_every_letter() -> None:
    shown = {row[1] for row in tables_of("lifecycle.md", "Letters", "letter")}
    assert shown == {step.name for path in PATHS.values() for step in path if step.system == "mail"}


def test_the_operators_page_shows_what_can_be_started_on_demand() -> None:
    shown = [event for row in tables_of("operations.md", "On demand", "path") for event in row[2].split(", ")]
    assert sorted(shown) == sorted(start.EVENTS.values())


def test_the_operators_page_shows_every_schedule() -> None:
    shown = {row[0].strip("*") for row in tables_of("operations.md", "On a schedule", "deployment")}
    assert shown == {operation.title for operation in catalog().operations if operation.every or operation.at}


def test_the_operators_page_shows_what_prefect_is_told() -> None:
    shown = {name for row in tables_of("operations.md", "Events and automations", "event") for name in row[0].split(", ")}
    told = {"accepted", EventStatus.QUARANTINED.value} | {outcome.value for outcome in OUTCOMES}
    assert shown == {f"towline.event.{status}" for status in told}


def test_the_lifecycle_page_shows_the_system_contract_as_it_is() -> None:
    def row(name: str, entity: Entity) -> list[str]:
        fields: dict[str, list[str]] = {}
        for field, system in entity.authority.items():
            fields.setdefault(system.value, []).append(field)
        elsewhere = "; ".join(f"{', '.join(names)}: {system}" for system, names in fields.items())
        return [name, entity.record.value, ", ".join(mirror.value for mirror in entity.mirrors), elsewhere]

    shown = tables_of("lifecycle.md", "Which system holds the truth", "entity")
    assert shown == [row(name, entity) for name, entity in catalog().systems.entities.items()]


def test_the_lifecycle_page_shows_what_is_watched_as_it_is() -> None:
    shown = tables_of("lifecycle.md", "What is watched", "record")
    found = [(kind, one) for kind in Kinds for one in watched(kind, catalog().systems)]
    assert shown == [[kind.value, SYSTEMS[kind].value, f"{one.entity}.{one.field}", one.route.value] for kind, one in found]


def test_the_lifecycle_page_shows_the_failure_matrix_as_it_is() -> None:
    assert f"\n{matrix.page()}\n\n## " in text_of("lifecycle.md")
