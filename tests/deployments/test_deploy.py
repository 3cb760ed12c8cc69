"""Deployments and schedules come from the catalog, so that a third event is one more entry."""

from __future__ import annotations

from dataclasses import replace

import pytest
from prefect.client.schemas.schedules import CronSchedule

from contracts.catalog import Criticality, catalog
from deployments.deploy import Plan, flow_of, plans, schedules_of
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


def test_what_runs_by_seconds_runs_as_often_as_the_catalog_says() -> None:
    assert {plan.flow: plan.every for plan in plans(catalog()) if plan.every} == {"sweep": 60, "capture": 300}


def test_what_runs_by_the_calendar_runs_at_the_catalogs_hour_in_its_time_zone() -> None:
    found = {plan.flow: schedules_of(plan) for plan in plans(catalog())}
    (digest,), (ageing,) = found["digest"], found["ageing"]
    assert digest.schedule == CronSchedule(cron="0 8 * * 1-5", timezone="Europe/Berlin")
    assert ageing.schedule == CronSchedule(cron="0 6 * * *", timezone="Europe/Berlin")
    assert [flow for flow, schedules in found.items() if schedules] == [
        "sweep",
        "digest",
        "ageing",
        "retention",
        "reconcile",
        "audit",
        "drill",
        "capture",
    ]


def test_one_more_entry_is_one_more_deployment() -> None:
    house = catalog()
    more = house["milestone.reached"].model_copy(update={"event": "deal.won", "flow": "party", "criticality": Criticality.HIGH})
    found = [plan for plan in plans(replace(house, entries={**house.entries, more.event: more})) if plan.event]
    assert found[:-1] == [plan for plan in plans(house) if plan.event]
    description = "Runs when deal.won happens."
    assert found[-1] == Plan(
        "Milestone reached", "flows.party.party", description, ("path", "high"), "delivery-operations", "deal.won"
    )
