"""While PostgreSQL is gone or full nothing is accepted and senders are told to come back; afterwards all of it is accepted."""

from __future__ import annotations

import asyncio
import os
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from deployments.postgres import EmbeddedPostgres
from ledger.database import Ledger
from ledger.migrate import migrate
from tests.conftest import url_of
from tests.web.sender import BEARER, Sender, assert_problem, gateway, lead, refuse_in, stored
from tests.web.test_webhooks import change


class Server:
    """A PostgreSQL that a test may stop and start."""

    def __init__(self, folder: Path) -> None:
        self.postgres = EmbeddedPostgres(folder / "data", folder / "data")
        self._log = folder / "log"
        self._process: subprocess.Popen[bytes] | None = None
        self.postgres.prepare()

    def start(self) -> None:
        """Start it and wait until it answers."""
        self._process = self.postgres.start(self._log)

    def kill(self) -> None:
        """Stop it without letting it finish anything."""
        if self._process:
            os.kill(self._process.pid, signal.SIGQUIT)
            self._process.wait(20)
            self._process = None


@pytest.fixture
def server() -> Iterator[Server]:
    folder = Path(tempfile.mkdtemp(prefix="towline-outage-"))
    folder.chmod(0o755)
    server = Server(folder)
    server.start()
    try:
        yield server
    finally:
        server.kill()
        shutil.rmtree(folder, ignore_errors=True)


def assert_come_back(answer: httpx.Response) -> None:
    problem = assert_problem(answer, 503)
    assert int(answer.headers["retry-after"]) > 0
    assert "nothing was accepted" in problem["detail"]


async def test_postgresql_killed_and_started_again(server: Server) -> None:
    """Given a gateway at work, when PostgreSQL dies, then it answers 503 to all, and accepts again as soon as it is back."""
    server.postgres.create_database("towline")
    url = url_of(server.postgres, "towline")
    await migrate(url)
    ledger = Ledger(url)
    async with gateway(ledger) as client:
        sender = Sender(client)
        assert (await sender.event(lead("before"))).status_code == 202
        server.kill()
        for answer in await asyncio.gather(*(sender.event(lead(f"during-{n}")) for n in range(20))):
            assert_come_back(answer)
        assert_come_back(await sender.hubspot([change(1)]))
        assert_come_back(await client.get("/api/status", headers=BEARER))
        assert (await client.get("/readyz")).status_code == 503
        assert (await client.get("/healthz")).status_code == 200
        server.start()
        again = await asyncio.gather(*(sender.event(lead(name)) for name in ("before", *[f"during-{n}" for n in range(20)])))
        assert [answer.status_code for answer in again] == [200] + [202] * 20
        assert (await client.get("/readyz")).status_code == 200
        assert len(await stored(ledger)) == 21
    await ledger.close()


async def test_a_full_disk_accepts_nothing_and_loses_nothing(
    refusing: Sender, postgres: EmbeddedPostgres, database_url: str
) -> None:
    """Given a disk that is full, when events arrive, then they are answered 503, and are accepted when there is room again."""
    database = database_url.partition("@/")[2].partition("?")[0]
    assert (await refusing.event(lead("before"))).status_code == 202
    refuse_in(postgres, database_url, "53100", "could not extend file: No space left on device")
    for answer in await asyncio.gather(*(refusing.event(lead(f"full-{n}")) for n in range(5))):
        assert_come_back(answer)
    assert_come_back(await refusing.hubspot([change(1), change(2)]))
    assert (await refusing.client.get("/api/events?source=website/demo-form&id=before", headers=BEARER)).status_code == 200
    assert postgres.psql("SELECT count(*) FROM inbox", database).strip() == "1"
    assert postgres.psql("SELECT count(*) FROM exceptions", database).strip() == "0"
    postgres.psql("DROP TRIGGER refuse ON inbox", database)
    again = await asyncio.gather(*(refusing.event(lead(f"full-{n}")) for n in range(5)))
    assert [answer.status_code for answer in again] == [202] * 5
    assert (await refusing.hubspot([change(1), change(2)])).status_code == 202
