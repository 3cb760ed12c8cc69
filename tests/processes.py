"""Processes of the house for tests: started on a free port, waited for, and always stopped again."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import httpx

from deployments.programs import QUIET

ROOT = Path(__file__).parents[1]
PATIENCE = 90.0


def free_port() -> int:
    """A port that nobody listens on now."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


class Process:
    """A program of the house; what it writes goes to `log`."""

    def __init__(self, command: list[str], environment: Mapping[str, str], log: Path) -> None:
        self.command = [sys.executable, *command]
        own = {name: value for name, value in os.environ.items() if not name.startswith(("TOWLINE_", "PREFECT_"))}
        self.environment = {**own, **QUIET, "PYTHONPATH": str(ROOT), **environment}
        self.log = log
        self._running: subprocess.Popen[bytes] | None = None

    @property
    def pid(self) -> int:
        """The process's id."""
        assert self._running, "it does not run"
        return self._running.pid

    def start(self, is_ready: Callable[[], bool]) -> None:
        """Start it and wait until it is ready."""
        with self.log.open("ab") as out:
            self._running = subprocess.Popen(  # noqa: S603
                self.command, env=self.environment, cwd=ROOT, stdout=out, stderr=out
            )
        deadline = time.monotonic() + PATIENCE
        while not is_ready():
            assert self._running.poll() is None, self.log.read_text()[-2000:]
            assert time.monotonic() < deadline, f"not ready: {self.log.read_text()[-2000:]}"
            time.sleep(0.05)

    def end(self, how: signal.Signals = signal.SIGTERM) -> int:
        """Send it a signal and wait for its end; return its exit code."""
        if self._running is None:
            return 0
        self._running.send_signal(how)
        try:
            return self._running.wait(30)
        except subprocess.TimeoutExpired:
            self._running.kill()
            return self._running.wait(10)
        finally:
            self._running = None


@contextmanager
def serving(process: Process, is_ready: Callable[[], bool]) -> Iterator[Process]:
    """Run a process until the block ends."""
    try:
        process.start(is_ready)
        yield process
    finally:
        process.end()


def answers(url: str) -> Callable[[], bool]:
    """Return the question whether a GET of `url` is answered well."""

    def ask() -> bool:
        try:
            return httpx.get(url, timeout=2).is_success
        except httpx.HTTPError:
            return False

    return ask
