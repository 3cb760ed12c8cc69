"""Deployments and schedules come from the catalog, so that a third event is one more entry."""

from __future__ import annotations

from dataclasses import replace

import pytest

from contracts.catalog import Criticality, catalog
from deployments.deploy import Plan, flow_of, plans
from lifecycle.paths import PATHS


def test_every_plan_names_a_flow_that_is_there() -> None:
    for plan in plans(catalog()):
        assert flow_of(plan.entrypoint).name == plan.flow


def test_a_name_that_is_no_flow_is_refused() -> None:
    with pytest.raises(TypeError, match="is not a flow"):
        flow_of("flows.start.Path")


def test_every_event_of_the_catalog_has_one_deployment_and_a_path_plan() -> None:
    assert [plan.event for plan in plans(catalog()) if plan.event] == list(catalog().entries)
    assert set(PATHS) == set(catalog().entries)


def test_the_sweep_runs_by_itself_as_often_as_the_catalog_says() -> None:
    assert {plan.flow: plan.every for plan in plans(catalog()) if plan.every} == {"sweep": 60}


def test_a_third_entry_is_a_third_deployment() -> None:
    house = catalog()
    third = house["opportunity.created"].model_copy(
        update={"event": "milestone.reached", "flow": "milestone", "title": "Milestone reached", "criticality": Criticality.LOW}
    )
    found = [plan for plan in plans(replace(house, entries={**house.entries, third.event: third})) if plan.event]
    assert found[:2] == [plan for plan in plans(house) if plan.event]
    description = "Runs when milestone.reached happens."
    assert found[2:] == [
        Plan(
            "Milestone reached",
            "flows.milestone.milestone",
            description,
            ("path", "low"),
            "sales-operations",
            "milestone.reached",
        )
    ]
