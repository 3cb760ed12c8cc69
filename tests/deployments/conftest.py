"""A resident worker as a process of its own, on the session's servers, for all tests of a module."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import UUID

import psutil  # type: ignore[import-untyped]
import pytest
from prefect.client.orchestration import PrefectClient, get_client
from prefect.client.schemas.objects import FlowRun
from prefect.settings import PREFECT_API_URL, temporary_settings
from prefect.states import Scheduled

from deployments.postgres import EmbeddedPostgres
from runtime.settings import Settings
from runtime.wiring import assembled
from tests.conftest import url_of
from tests.processes import Process, answers
from tests.world import Vendors, World, until


@dataclass
class Works:
    """A worker process, the house it works in, and the Prefect server it serves."""

    world: World
    worker: Process
    prefect: Process
    client: PrefectClient
    ready: Path

    def start(self) -> None:
        """Start the worker and wait until it takes events."""
        self.ready.unlink(missing_ok=True)
        self.worker.start(self.ready.exists)

    def start_prefect(self) -> None:
        """Start the Prefect server again."""
        self.prefect.start(answers(f"{self.world.prefect}/health"))

    @property
    def children(self) -> list[psutil.Process]:
        """The warm processes: forked from the fork server, which is the worker's own child."""
        servers = psutil.Process(self.worker.pid).children()
        return [child for server in servers for child in server.children()]

    async def settled(self, *events: UUID) -> list[str]:
        """Wait until events and what followed them have ended; return their statuses."""

        async def look() -> list[str] | None:
            rows = await self.world.events()
            cases = {row.case_id for row in rows if row.id in events}
            mine = [row.status for row in rows if row.case_id in cases]
            return mine if not {"received", "running"} & set(mine) else None

        try:
            found: list[str] = await until(look)
        except AssertionError as error:
            stuck = [(row.status, row.attempts, row.flow_run_id) for row in await self.world.events() if row.id in events]
            raise AssertionError(f"{stuck}: {self.worker.log.read_text()[-3000:]}") from error
        return found

    async def row(self, event: UUID) -> Any:
        """Return an event's row in the inbox."""
        async with self.world.house.ledger.begin() as books:
            (row,) = await books.inbox.get([event])
        return row

    async def run_of(self, event: UUID) -> FlowRun:
        """Wait until a run has the event, and return it."""

        async def look() -> UUID | None:
            (row,) = [row for row in await self.world.events() if row.id == event]
            return row.flow_run_id  # type: ignore[no-any-return]

        return await self.client.read_flow_run(await until(look))

    async def on_demand(self, deployment: str, **parameters: Any) -> FlowRun:
        """Ask for a run as a person does in the Prefect UI, and wait until it has ended."""
        found = await self.client.read_deployment_by_name(deployment)
        made = await self.client.create_flow_run_from_deployment(found.id, parameters=parameters, state=Scheduled())
        return await self.ended(made.id)

    async def ended(self, run: UUID) -> FlowRun:
        """Wait until a run has ended."""

        async def look() -> FlowRun | None:
            found = await self.client.read_flow_run(run)
            return found if found.state and found.state.is_final() else None

        ended: FlowRun = await until(look)
        return ended

    async def is_called(self, run: UUID, state: str) -> bool:
        """Say whether a run's state has this name."""
        return (await self.client.read_flow_run(run)).state_name == state

    async def made(self, company: str) -> dict[str, int]:
        """Return how much stands for the companies whose name begins so."""
        crm, docs = self.world.vendors.objects, self.world.vendors.objects
        return {
            "companies": sum(one["properties"]["name"].lower().startswith(company) for one in await crm("crm", "companies")),
            "deals": sum(one["properties"]["dealname"].lower().startswith(company) for one in await crm("crm", "deals")),
            "folders": sum(one["name"].startswith(company) for one in await docs("docs", "folders")),
            "documents": sum(one["name"].startswith(company) for one in await docs("docs", "documents")),
        }


@pytest.fixture(scope="module")
async def works(
    postgres: EmbeddedPostgres, sandbox_port: int, prefect_process: Process, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Works]:
    """A worker that works, on a ledger of this module's own; the vendors are emptied once, before it starts."""
    home, url = tmp_path_factory.mktemp("home"), url_of(postgres, "worker")
    postgres.psql("CREATE DATABASE worker TEMPLATE template")
    prefect = prefect_process.environment["PREFECT_API_URL"]
    vendors = Vendors(f"http://127.0.0.1:{sandbox_port}")
    await vendors.control("POST", "reset")
    environment = {
        "TOWLINE_HOME": str(home),
        "TOWLINE_DATABASE_URL": url,
        "TOWLINE_SANDBOX_PORT": str(sandbox_port),
        "TOWLINE_CHILDREN": "1",
        "TOWLINE_SANDBOX_LIMITS": "off",
        "PREFECT_API_URL": prefect,
        "PREFECT_WORKER_QUERY_SECONDS": "1",
        "PREFECT_HOME": str(home / "prefect"),
    }
    settings = Settings(_env_file=None, home=home, database_url=url, sandbox_port=sandbox_port, sandbox_limits="off")
    with temporary_settings({PREFECT_API_URL: prefect}):
        client = get_client()
    async with assembled(settings, worker="tests") as house, client:
        worker = Process(["-m", "deployments.worker", "worker-under-test"], environment, home / "worker.log")
        found = Works(World(house, vendors, prefect), worker, prefect_process, client, home / "run" / "worker.ready")
        try:
            found.start()
            yield found
        finally:
            worker.end()
