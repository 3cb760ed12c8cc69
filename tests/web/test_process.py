"""`python -m web`: it starts only when it can verify what it takes, and answers what is under way before it stops."""

from __future__ import annotations

import asyncio
import signal
import socket
import subprocess
import threading
from pathlib import Path

import httpx
import pytest

from deployments.postgres import EmbeddedPostgres
from ledger.database import Ledger
from tests.processes import ROOT
from tests.web.process import Gateway, prepared, running
from tests.web.sender import lead
from tests.web.visitor import PASSWORD, known


def ended(gateway: Gateway) -> tuple[int, str]:
    """Run a gateway that is to refuse its start; return exit code and what it wrote."""
    process = gateway.process
    done = subprocess.run(  # noqa: S603
        process.command, env=process.environment, cwd=ROOT, capture_output=True, text=True, timeout=60, check=False
    )
    return done.returncode, done.stderr + done.stdout


@pytest.mark.parametrize(
    ("setting", "value"),
    [
        ("TOWLINE_EVENTS_SECRETS", ""),
        ("TOWLINE_EVENTS_SECRETS", "whsec_a"),
        ("TOWLINE_CRM_WEBHOOK_SECRETS", " , "),
        ("TOWLINE_BILLING_WEBHOOK_SECRETS", " , "),
        ("TOWLINE_API_TOKEN", ""),
        ("TOWLINE_DATABASE_URL", "mysql://nowhere"),
        ("TOWLINE_PORT", "many"),
        ("TOWLINE_PORT", "99999"),
    ],
)
def test_a_setting_that_is_missing_or_wrong_ends_in_one_clear_line(tmp_path: Path, setting: str, value: str) -> None:
    code, text = ended(prepared("postgresql://postgres@/none", tmp_path, **{setting: value}))
    assert code == 1
    (line,) = text.splitlines()
    assert setting in line
    assert "Traceback" not in line


def test_a_port_that_is_taken_ends_in_one_clear_line(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = str(taken.getsockname()[1])
        code, text = ended(prepared("postgresql://postgres@/none", tmp_path, TOWLINE_PORT=port))
    assert code == 1
    (line,) = text.splitlines()
    assert port in line
    assert "TOWLINE_PORT" in line


def test_a_signal_to_stop_lets_what_is_under_way_be_answered(
    postgres: EmbeddedPostgres, database_url: str, tmp_path: Path
) -> None:
    """Given an event whose commit takes a second, when the gateway is told to stop meanwhile, then the event is answered."""
    database = database_url.partition("@/")[2].partition("?")[0]
    postgres.psql(
        "CREATE FUNCTION dawdle() RETURNS trigger LANGUAGE plpgsql AS $$BEGIN PERFORM pg_sleep(1); RETURN NEW; END$$; "
        "CREATE TRIGGER dawdle BEFORE INSERT ON inbox FOR EACH ROW EXECUTE FUNCTION dawdle()",
        database,
    )
    answers: list[int] = []
    with running(database_url, tmp_path) as gateway:
        sender = threading.Thread(target=lambda: answers.append(gateway.post(lead()).status_code))
        sender.start()
        wait_until_inserting(postgres)
        assert gateway.process.end(signal.SIGTERM) in {0, -signal.SIGTERM}
        sender.join(20)
    assert answers == [202]
    assert postgres.psql("SELECT count(*) FROM inbox", database).strip() == "1"
    with pytest.raises(httpx.ConnectError):
        httpx.get(gateway.url)


async def test_an_open_page_does_not_hold_up_the_end(database_url: str, tmp_path: Path) -> None:
    """Given a page that is told what changes, when the gateway is told to stop, then it lets the page go by itself."""
    ledger = Ledger(database_url)
    await known(ledger, "vera", "viewer")
    await ledger.close()
    with running(database_url, tmp_path) as gateway:
        async with httpx.AsyncClient(base_url=gateway.url, timeout=60) as client:
            await client.post("/sign-in", data={"login": "vera", "password": PASSWORD})
            async with client.stream("GET", "/now") as told:
                lines = told.aiter_lines()
                assert (await anext(lines)).startswith("data: ")
                await asyncio.to_thread(gateway.process.end, signal.SIGTERM)
                assert not [line async for line in lines if line and not line.startswith("data:")], "it ends as an answer does"
    assert "Cancel" not in gateway.log.read_text()


def wait_until_inserting(postgres: EmbeddedPostgres) -> None:
    """Wait until somebody sleeps in the trigger."""
    for _ in range(100):
        if postgres.psql("SELECT count(*) FROM pg_stat_activity WHERE wait_event = 'PgSleep'").strip() == "1":
            return
    raise AssertionError("nobody inserts")


def test_a_large_body_over_a_real_connection_is_answered_413(database_url: str, tmp_path: Path) -> None:
    """Given a sender that writes all of 3 MiB before it reads, then it still gets its answer, and its next one too."""
    with running(database_url, tmp_path) as gateway, httpx.Client() as client:
        assert gateway.post(lead(note="x" * 3 * 1024 * 1024), client).status_code == 413
        assert gateway.post(lead(), client).status_code == 202
