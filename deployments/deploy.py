"""Deployments and schedules, made from the catalog and from nothing else."""

from __future__ import annotations

import importlib
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from prefect.client.orchestration import PrefectClient, get_client
from prefect.client.schemas.actions import DeploymentScheduleCreate, WorkPoolCreate
from prefect.client.schemas.schedules import CronSchedule, IntervalSchedule
from prefect.exceptions import ObjectAlreadyExists, ObjectNotFound
from prefect.flows import Flow
from prefect.settings import PREFECT_API_URL, temporary_settings
from prefect.utilities.callables import parameter_schema

from contracts.catalog import Catalog, catalog
from runtime.settings import Settings

POOL = "towline"
WORKER_TYPE = "resident"


@dataclass(frozen=True, slots=True)
class Plan:
    """One deployment as the catalog asks for it."""

    name: str
    entrypoint: str
    description: str
    tags: tuple[str, ...]
    owner: str
    event: str | None = None
    every: float | None = None
    at: str | None = None
    zone: str | None = None

    @property
    def flow(self) -> str:
        """The flow's name."""
        return self.entrypoint.rpartition(".")[2]


def plans(catalog: Catalog) -> list[Plan]:
    """Return all deployments that the catalog asks for."""
    paths = [
        Plan(
            entry.title,
            f"flows.{entry.flow}.{entry.flow}",
            f"Runs when {event} happens.",
            ("path", entry.criticality.value),
            entry.process_owner,
            event,
        )
        for event, entry in catalog.entries.items()
    ]
    operations = [
        Plan(o.title, o.entrypoint, o.title, ("operation",), o.process_owner, every=o.every, at=o.at, zone=o.zone)
        for o in catalog.operations
    ]
    return [*paths, *operations]


async def deploy(settings: Settings) -> dict[UUID, Plan]:
    """Create or update the work pool and all deployments on the Prefect server; return the plans by deployment id.

    Safe to repeat.
    """
    with temporary_settings({PREFECT_API_URL: settings.prefect_url}):
        async with get_client() as client:
            await _pool(client)
            return {await _deployment(client, plan): plan for plan in plans(catalog())}


async def _pool(client: PrefectClient) -> None:
    try:
        await client.read_work_pool(POOL)
    except ObjectNotFound:
        name = {"type": "string", "title": "Name", "description": "Not used: a run gets no process of its own"}
        template = {"job_configuration": {"name": "{{ name }}"}, "variables": {"type": "object", "properties": {"name": name}}}
        pool = WorkPoolCreate(
            name=POOL, type=WORKER_TYPE, base_job_template=template, description="Warm processes of the resident worker"
        )
        try:
            await client.create_work_pool(pool)
        except ObjectAlreadyExists:
            return


async def _deployment(client: PrefectClient, plan: Plan) -> UUID:
    flow = flow_of(plan.entrypoint)
    return await client.create_deployment(
        flow_id=await client.create_flow_from_name(flow.name),
        name=plan.name,
        entrypoint=plan.entrypoint,
        work_pool_name=POOL,
        description=flow.description or plan.description,
        tags=list(plan.tags),
        parameter_openapi_schema=parameter_schema(flow).model_dump_for_openapi(),
        enforce_parameter_schema=True,
        schedules=schedules_of(plan),
    )


def schedules_of(plan: Plan) -> list[DeploymentScheduleCreate]:
    """Return the schedule of a plan as Prefect takes it: by seconds, by the calendar, or none."""
    if plan.every:
        return [DeploymentScheduleCreate(schedule=IntervalSchedule(interval=timedelta(seconds=plan.every)))]
    if plan.at:
        return [DeploymentScheduleCreate(schedule=CronSchedule(cron=plan.at, timezone=plan.zone))]
    return []


def flow_of(entrypoint: str) -> Flow[..., object]:
    """Return the flow that a module path names. Raises TypeError when it names something else."""
    module, _, name = entrypoint.rpartition(".")
    flow = getattr(importlib.import_module(module), name)
    if not isinstance(flow, Flow):
        raise TypeError(f"{entrypoint} is not a flow")
    return flow
