"""A machine that loses power keeps every event that it acknowledged: what is said after a commit lies on the disk."""

from __future__ import annotations

import asyncio
import os
import shutil
import signal
import tempfile
from pathlib import Path

from contracts.catalog import catalog
from contracts.event import Envelope
from deployments.postgres import EmbeddedPostgres
from ledger.database import Ledger
from ledger.intake import Answer, receive
from ledger.migrate import migrate
from tests.conftest import url_of
from tests.world import lead

LASTING = ("fsync", "full_page_writes", "synchronous_commit")


def hasty_server() -> EmbeddedPostgres:
    """A server whose configuration file would have it answer before anything is on the disk."""
    folder = Path(tempfile.mkdtemp(prefix="towline-test-"))
    folder.chmod(0o755)
    server = EmbeddedPostgres(folder / "data", folder / "data")
    server.prepare()
    with (server.folder / "postgresql.conf").open("a") as file:
        file.writelines(f"{setting} = off\n" for setting in LASTING)
    return server


async def test_every_event_that_was_acknowledged_outlives_a_killed_database() -> None:
    """
    Given a database whose own configuration file was made hasty, under 200 leads from 8 senders
    When all of its processes are killed the moment that the last lead is acknowledged, and it is started again
    Then it was started so that nothing is acknowledged before it is on the disk, and all 200 leads are there.
    """
    server = hasty_server()
    log = server.folder.parent / "log"
    process = server.start(log)
    try:
        server.create_database("towline")
        await migrate(url_of(server, "towline"))
        assert [server.psql(f"SHOW {setting}").strip() for setting in LASTING] == ["on"] * 3
        ledger = Ledger(url_of(server, "towline"), pool=8)
        leads = [lead(f"form-{n}", of=f"company{n}") for n in range(200)]

        async def sends(mine: list[dict[str, object]]) -> list[object]:
            parcels = [(Envelope.model_validate(one), one) for one in mine]
            return [receipt for parcel in parcels for receipt in await receive(ledger, catalog(), [parcel])]

        told = [one for some in await asyncio.gather(*(sends(leads[n::8]) for n in range(8))) for one in some]
        os.killpg(process.pid, signal.SIGKILL)
        process.wait(20)
        await ledger.close()
        assert [receipt.status for receipt in told] == [Answer.RECEIVED] * 200  # type: ignore[attr-defined]
        process = server.start(log)
        assert server.psql("SELECT count(*) FROM inbox WHERE status = 'received'", "towline").strip() == "200"
    finally:
        os.kill(process.pid, signal.SIGQUIT)
        process.wait(20)
        shutil.rmtree(server.folder.parent, ignore_errors=True)
