"""Stand-ins for what surrounds the dispatcher and the runs: processes that run nothing, and a Prefect that writes down."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID, uuid4

import httpx
from prefect.client.schemas.objects import FlowRun, State

from deployments.children import Death
from deployments.deploy import Plan


@dataclass
class FakePrefect:
    """Makes flow runs and remembers them; while `gone` it answers nothing."""

    made: list[FlowRun] = field(default_factory=list)
    told: list[str] = field(default_factory=list)
    gone: bool = False
    artifacts: list[tuple[str, dict[str, Any]]] = field(default_factory=list)
    tags: dict[UUID, set[str]] = field(default_factory=dict)

    async def request(self, method: str, path: str, *, json: dict[str, Any]) -> None:
        """Remember an artifact by its run."""
        if self.gone:
            raise httpx.ConnectError("nobody there")
        assert (method, path) == ("POST", "/artifacts/")
        self.artifacts.append((json["flow_run_id"], json))

    async def update_flow_run(self, run: UUID, *, tags: set[str]) -> None:
        """Remember a run's tags."""
        self.tags[run] = tags

    async def create_flow_run_from_deployment(
        self, deployment: UUID, *, name: str, parameters: dict[str, Any], state: State[Any], idempotency_key: str
    ) -> FlowRun:
        """Make a run, as the server would; the state is that of a run which no poll may take."""
        if self.gone:
            raise httpx.ConnectError("nobody there")
        assert state.is_pending()
        run = FlowRun(
            id=uuid4(),
            flow_id=uuid4(),
            deployment_id=deployment,
            name=name,
            parameters=parameters,
            idempotency_key=idempotency_key,
        )
        self.made.append(run)
        return run

    async def set_flow_run_state(self, run: UUID, state: State[Any], *, force: bool) -> None:
        """Remember what a run was told to be."""
        if self.gone:
            raise httpx.ConnectError("nobody there")
        self.told.append(state.name or "")


@dataclass
class FakeChildren:
    """Processes with so many free places, which end runs as `answers` say."""

    free: int = 1
    places: int = 9
    answers: list[str | Death] = field(default_factory=list)
    ran: list[UUID] = field(default_factory=list)
    became_free: asyncio.Event = field(default_factory=asyncio.Event)

    async def run(self, order: Any, *, alone: bool = False) -> str | Death:
        """Pretend to run it."""
        self.ran.append(order.flow_run.id)
        return self.answers.pop(0)


@dataclass
class FakeRuns:
    """Takes runs and keeps each of them going until `end`."""

    begun: list[FlowRun] = field(default_factory=list)
    alone: list[bool] = field(default_factory=list)
    children: FakeChildren = field(default_factory=FakeChildren)
    end: asyncio.Event = field(default_factory=asyncio.Event)

    async def to_the_end(self, flow_run: FlowRun, plan: Plan, *, alone: bool = False) -> str:
        """Occupy a place until the test says so."""
        self.begun.append(flow_run)
        self.alone.append(alone)
        self.children.free -= 1
        await self.end.wait()
        self.children.free += 1
        self.children.became_free.set()
        return "Completed"


def events_of(runs: Sequence[FlowRun]) -> list[list[str]]:
    """The events of each run."""
    return [list(run.parameters["events"]) for run in runs]
