"""What the stack leaves on disk while it runs, so that a later command finds its processes, also after a kill -9."""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import signal
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psutil  # type: ignore[import-untyped]

from contracts.errors import MisconfiguredError


class Footprints:
    """The folder `run` below the state folder: the lock, one record per process, and the last report of the whole."""

    def __init__(self, home: Path) -> None:
        self.home = home
        self.folder = home / "run"
        self.report = self.folder / "stack.json"

    @contextlib.contextmanager
    def locked(self) -> Iterator[None]:
        """Be the process that supervises this state folder.

        Raises:
            MisconfiguredError: another one does; names it.
        """
        self.folder.mkdir(parents=True, exist_ok=True)
        with (self.folder / "lock").open("a+") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                raise MisconfiguredError(
                    f"a stack is running already in {self.home} (process {self.supervisor()}); stop it with `towline down`"
                ) from None
            lock.truncate(0)
            lock.write(str(os.getpid()))
            lock.flush()
            yield

    def supervisor(self) -> int | None:
        """Return the process that supervises this state folder, or None where nobody does."""
        try:
            with (self.folder / "lock").open("r+") as lock:
                try:
                    fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                except BlockingIOError:
                    return int(lock.read() or 0)
        except FileNotFoundError:
            pass
        return None

    def record(self, name: str, pid: int) -> None:
        """Remember a process that was started; its start time tells it from a later one of the same number."""
        try:
            started = psutil.Process(pid).create_time()
        except psutil.NoSuchProcess:
            return  # it has ended already
        (self.folder / f"{name}.pid").write_text(json.dumps({"pid": pid, "started": started}), encoding="utf-8")

    def forget(self, name: str) -> None:
        """Forget a process that has ended."""
        (self.folder / f"{name}.pid").unlink(missing_ok=True)

    def leftovers(self) -> dict[str, list[psutil.Process]]:
        """Return what still runs of a supervisor that is gone, by name: a process and those of its group."""
        found = {record.stem: _still_running(record) for record in self.folder.glob("*.pid")}
        return {name: processes for name, processes in found.items() if processes}

    def stop_leftovers(self, *, seconds: float = 20) -> list[str]:
        """Stop what a dead supervisor left running, PostgreSQL last, and return the names."""
        found = self.leftovers()
        for name in sorted(found, key=lambda name: name == "postgres"):
            _stop(found[name], signal.SIGINT if name == "postgres" else signal.SIGTERM, seconds)
        for record in self.folder.glob("*.pid"):
            record.unlink(missing_ok=True)
        return list(found)

    def write_report(self, report: dict[str, Any]) -> None:
        """Replace the report of the whole stack."""
        fresh = self.report.with_suffix(".new")
        fresh.write_text(json.dumps(report), encoding="utf-8")
        fresh.replace(self.report)

    def read_report(self) -> dict[str, Any] | None:
        """Return the last report, or None where there is none."""
        try:
            report: dict[str, Any] = json.loads(self.report.read_text(encoding="utf-8"))
        except (FileNotFoundError, json.JSONDecodeError):
            return None
        return report


def _still_running(record: Path) -> list[psutil.Process]:
    """The processes of a recorded group. Its number is not given out again while one of them lives, only when none does."""
    try:
        kept = json.loads(record.read_text(encoding="utf-8"))
        leader, started = int(kept["pid"]), float(kept["started"])
    except (ValueError, KeyError, TypeError, FileNotFoundError):
        return []
    with contextlib.suppress(psutil.NoSuchProcess):
        if abs(psutil.Process(leader).create_time() - started) > 0.1:
            return []
    return [process for process in psutil.process_iter() if _group_of(process) == leader]


def _group_of(process: psutil.Process) -> int | None:
    try:
        return os.getpgid(process.pid) if process.status() != psutil.STATUS_ZOMBIE else None
    except (ProcessLookupError, psutil.NoSuchProcess):
        return None


def _stop(group: list[psutil.Process], how: signal.Signals, seconds: float) -> None:
    """Ask the group's first process to end, which is the leader where it lives; then end what is left."""
    with contextlib.suppress(psutil.NoSuchProcess):
        group[0].send_signal(how)
    if wait_for_end(group, seconds):
        return
    for process in group:
        with contextlib.suppress(psutil.NoSuchProcess):
            process.kill()
    wait_for_end(group, 5)


def wait_for_end(processes: list[psutil.Process], seconds: float) -> bool:
    """Wait until processes have ended, and say whether they have; one that nobody collects (a zombie) has ended."""
    deadline = time.monotonic() + seconds
    while any(map(_lives, processes)):
        if time.monotonic() > deadline:
            return False
        time.sleep(0.05)
    return True


def _lives(process: psutil.Process) -> bool:
    try:
        return bool(process.is_running() and process.status() != psutil.STATUS_ZOMBIE)
    except psutil.NoSuchProcess:
        return False
