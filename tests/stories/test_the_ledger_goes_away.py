"""A database that is killed in the middle of a path: the run ends, nothing is lost, and nothing is done twice."""

from __future__ import annotations

import asyncio
import os
import shutil
import signal
import subprocess
import tempfile
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from contracts.errors import RetryableError
from deployments.postgres import EmbeddedPostgres
from ledger.migrate import migrate
from runtime.settings import Settings
from runtime.wiring import assembled
from tests.conftest import url_of
from tests.world import Vendors, World, lead, until


class Database:
    """A PostgreSQL server of this test's own, which may be killed."""

    def __init__(self, folder: Path) -> None:
        self.server = EmbeddedPostgres(folder / "data", folder / "data")
        self.log = folder / "log"
        self.process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        self.process = self.server.start(self.log)

    def end(self, how: signal.Signals) -> None:
        if self.process:
            os.kill(self.process.pid, how)
            self.process.wait(20)
            self.process = None


def reachable_folder() -> Path:
    """A folder that the server's own user can reach, should root run the tests."""
    folder = Path(tempfile.mkdtemp(prefix="towline-test-"))
    folder.chmod(0o755)
    return folder


@pytest.fixture
async def database() -> AsyncIterator[Database]:
    folder = reachable_folder()
    database = Database(folder)
    database.server.prepare()
    database.start()
    try:
        database.server.create_database("towline")
        await migrate(url_of(database.server, "towline"))
        yield database
    finally:
        database.end(signal.SIGINT)
        shutil.rmtree(folder, ignore_errors=True)


async def is_asked_for_a_deal(vendors: Vendors) -> bool:
    return any(one["path"].endswith("/deals/batch/create") for one in await vendors.asked())


async def test_a_database_that_is_killed_and_started_again_loses_nothing(
    database: Database, vendors: Vendors, prefect_url: str, sandbox_port: int, tmp_path: Path
) -> None:
    """
    Given a lead whose deal the CRM is just making
    When PostgreSQL is killed, so that the answer cannot be written down, and started again
    Then the run has failed as something that may work later, the lead is there, and its next run makes nothing twice.
    """
    url = url_of(database.server, "towline")
    settings = Settings(_env_file=None, home=tmp_path, database_url=url, sandbox_port=sandbox_port, sandbox_limits="off")
    async with assembled(settings, worker="tests") as house:
        await house.prepare()
        world = World(house, vendors, prefect_url)
        (event,) = await world.arrives(lead())
        await vendors.fault("crm", "POST /crm/v3/objects/deals/batch/create", latency_ms=1500)
        run = asyncio.create_task(world.qualify(event))
        await until(lambda: is_asked_for_a_deal(vendors))
        database.end(signal.SIGKILL)
        state = await run
        assert state.is_failed()
        with pytest.raises(RetryableError):
            await state.result(raise_on_failure=True)
        assert (await vendors.counts())["deals"] == 1
        database.start()
        assert await world.status(event) == "running"
        async with house.ledger.begin() as books:
            await books.inbox.release_of("tests")
        await world.qualify(event)
        await world.discover()
        assert {row.status for row in await world.events()} == {"done"}
        counts = {"companies": 1, "contacts": 1, "deals": 1, "folders": 1, "documents": 1, "messages": 2}
        assert await vendors.counts() == counts
