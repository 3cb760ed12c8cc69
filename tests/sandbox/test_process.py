"""The sandbox as a process: it says why it cannot start, stops when told, and keeps what it acknowledged when killed."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import httpx
import pytest

ROOT = Path(__file__).parents[2]
Start = Callable[..., subprocess.Popen[str]]


@pytest.fixture
def start() -> Iterator[Start]:
    started: list[subprocess.Popen[str]] = []

    def run(port: int, **settings: str) -> subprocess.Popen[str]:
        environment = {**os.environ, "TOWLINE_SANDBOX_PORT": str(port), "PYTHONPATH": str(ROOT), **settings}
        process = subprocess.Popen([sys.executable, "-m", "sandbox"], env=environment, stderr=subprocess.PIPE, text=True)
        started.append(process)
        return process

    yield run
    for process in started:
        if process.poll() is None:
            process.kill()
        process.communicate()


def free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


@contextmanager
def ready(port: int, process: subprocess.Popen[str]) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=f"http://127.0.0.1:{port}", headers={"Authorization": "Bearer t"}) as client:
        for _ in range(400):
            assert process.poll() is None, process.communicate()[1]
            with suppress(httpx.ConnectError):
                client.get("/_sandbox/faults")
                break
            time.sleep(0.05)
        yield client


def test_what_was_acknowledged_outlives_a_kill(start: Start, tmp_path: Path) -> None:
    """Given deals that were answered 201; when the process is killed and started again; then they are there."""
    port = free_port()
    process = start(port, TOWLINE_SANDBOX_STATE=str(tmp_path))
    with ready(port, process) as client:
        made = [client.post("/hubspot/crm/v3/objects/deals", json={"properties": {"dealname": f"D{n}"}}).json() for n in range(5)]
    process.send_signal(signal.SIGKILL)
    process.wait()
    again = start(port, TOWLINE_SANDBOX_STATE=str(tmp_path))
    with ready(port, again) as client:
        found = client.get("/hubspot/crm/v3/objects/deals").json()["results"]
        more = client.post("/hubspot/crm/v3/objects/deals", json={"properties": {"dealname": "after"}}).json()
    assert [one["id"] for one in found] == [one["id"] for one in made]
    assert int(more["id"]) > int(made[-1]["id"])
    again.send_signal(signal.SIGTERM)
    assert again.wait(10) == 0


def test_a_taken_port_ends_with_one_line(start: Start) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        process = start(taken.getsockname()[1])
        errors = process.communicate(timeout=30)[1]
    assert process.returncode == 1
    assert errors.count("\n") == 1
    assert "cannot be used" in errors


def test_a_state_that_cannot_be_read_ends_with_one_line(start: Start, tmp_path: Path) -> None:
    (tmp_path / "crm.jsonl").write_bytes(b"not json\n")
    process = start(free_port(), TOWLINE_SANDBOX_STATE=str(tmp_path))
    errors = process.communicate(timeout=30)[1]
    assert process.returncode == 1
    assert errors.count("\n") == 1
    assert "line 1" in errors


def test_a_setting_that_makes_no_sense_ends_with_one_line(start: Start) -> None:
    process = start(free_port(), TOWLINE_SANDBOX_LIMITS="perhaps")
    errors = process.communicate(timeout=30)[1]
    assert process.returncode == 1
    assert errors.count("\n") == 1
    assert "TOWLINE_SANDBOX_LIMITS" in errors
