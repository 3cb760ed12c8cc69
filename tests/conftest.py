"""What every test may ask for: the embedded PostgreSQL, once a session, and a fresh ledger from a template, once a test."""

from __future__ import annotations

import asyncio
import itertools
import os
import shutil
import signal
import tempfile
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from deployments.postgres import EmbeddedPostgres
from ledger.database import Ledger
from ledger.migrate import migrate

_numbers = itertools.count(1)


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
        os.kill(process.pid, signal.SIGINT)
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
