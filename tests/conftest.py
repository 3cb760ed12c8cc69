"""What every test may ask for: servers, each started once a session when first asked for, and what is fresh in every test."""

from __future__ import annotations

import asyncio
import itertools
import os
import shutil
import signal
import tempfile
from collections.abc import AsyncIterator, Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from prefect.events.worker import EventsWorker
from prefect.logging.handlers import APILogWorker

from deployments.postgres import EmbeddedPostgres
from deployments.programs import PREFECT_BATCHES
from ledger.database import Ledger
from ledger.migrate import migrate
from runtime.settings import Settings
from runtime.wiring import Runtime, assembled, using
from tests.processes import Process, answers, free_port, serving
from tests.world import Vendors, World

_numbers = itertools.count(1)
for _name in [name for name in os.environ if name.startswith("TOWLINE_")]:
    del os.environ[_name]  # what runs on this machine is none of the tests' business


@pytest.fixture(scope="session")
def postgres() -> Iterator[EmbeddedPostgres]:
    """A PostgreSQL server of this session's own, with a migrated template database."""
    folder = Path(tempfile.mkdtemp(prefix="towline-test-"))
    folder.chmod(0o755)
    server = EmbeddedPostgres(folder / "data", folder / "data")
    server.prepare()
    process = server.start(folder / "log")
    try:
        server.create_database("template")
        asyncio.run(migrate(url_of(server, "template")))
        yield server
    finally:
        os.kill(process.pid, signal.SIGQUIT)  # nobody needs its data, so no checkpoint
        process.wait(20)
        shutil.rmtree(folder, ignore_errors=True)


def url_of(server: EmbeddedPostgres, database: str) -> str:
    """The SQLAlchemy URL of a database on the test server."""
    return f"postgresql+asyncpg://postgres@/{database}?host={server.sockets}"


@pytest.fixture
def database_url(postgres: EmbeddedPostgres) -> str:
    """A migrated, empty database of this test's own."""
    name = f"test{next(_numbers)}"
    postgres.psql(f"CREATE DATABASE {name} TEMPLATE template")
    return url_of(postgres, name)


@pytest.fixture
async def ledger(database_url: str) -> AsyncIterator[Ledger]:
    """An empty ledger of this test's own."""
    book = Ledger(database_url, pool=4)
    yield book
    await book.close()


@pytest.fixture(scope="session")
def sandbox_port(tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    """The port of a sandbox process without rate limits; `vendors` gives it to a test empty."""
    port = free_port()
    environment = {"TOWLINE_SANDBOX_PORT": str(port), "TOWLINE_SANDBOX_LIMITS": "off"}
    process = Process(["-m", "sandbox"], environment, tmp_path_factory.mktemp("sandbox") / "log")
    with serving(process, answers(f"http://127.0.0.1:{port}/_sandbox/faults")):
        yield port


@pytest.fixture
async def vendors(sandbox_port: int) -> Vendors:
    """All vendors, with nothing of ours in them yet."""
    vendors = Vendors(f"http://127.0.0.1:{sandbox_port}")
    await vendors.control("POST", "reset")
    return vendors


@pytest.fixture(scope="session")
def prefect_process(postgres: EmbeddedPostgres, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Process]:
    """A Prefect server on the test PostgreSQL; its API is in its environment."""
    postgres.create_database("prefect")
    postgres.psql("CREATE EXTENSION IF NOT EXISTS pg_trgm", "prefect")
    home, port = tmp_path_factory.mktemp("prefect"), str(free_port())
    environment = {
        "PREFECT_API_DATABASE_CONNECTION_URL": url_of(postgres, "prefect"),
        "PREFECT_HOME": str(home),
        "PREFECT_SERVER_API_PORT": port,
        "PREFECT_API_URL": f"http://127.0.0.1:{port}/api",
        **PREFECT_BATCHES,
    }
    serve = ["-m", "uvicorn", "--factory", "prefect.server.api.server:create_app", "--log-level", "warning", "--port", port]
    process = Process([*serve, "--timeout-graceful-shutdown", "1"], environment, home / "log")
    with serving(process, answers(f"http://127.0.0.1:{port}/api/health")):
        yield process
        EventsWorker.drain_all()  # what our runs still have to say is said before the server goes
        APILogWorker.drain_all()


@pytest.fixture(scope="session")
def prefect_url(prefect_process: Process) -> str:
    """The API of the session's Prefect server."""
    return prefect_process.environment["PREFECT_API_URL"]


@pytest.fixture
def settings(database_url: str, sandbox_port: int, tmp_path: Path) -> Settings:
    """Settings of a house on this test's database and the session's sandbox."""
    return Settings(_env_file=None, home=tmp_path, database_url=database_url, sandbox_port=sandbox_port, sandbox_limits="off")


@pytest.fixture
async def house(settings: Settings, vendors: Vendors) -> AsyncIterator[Runtime]:
    """The house on an empty ledger, wired and prepared."""
    async with assembled(settings, worker="tests") as house:
        await house.prepare()
        patient = replace(house, grace=0.2)
        with using(patient):
            yield patient


@pytest.fixture
async def world(house: Runtime, vendors: Vendors, prefect_url: str) -> World:
    """The house, the vendors, and a Prefect server."""
    return World(house, vendors, prefect_url)
