"""Finds the processes of a running stack by what they are, from what the supervisor wrote down; knows no fault."""

from __future__ import annotations

import contextlib
import json
import os
from pathlib import Path

import psutil  # type: ignore[import-untyped]

PROGRAMS = ("gateway", "worker", "prefect", "sandbox", "postgres")


def find(home: Path, target: str) -> list[psutil.Process]:
    """Return the living processes that a fault's target names; none where there is none just now."""
    with contextlib.suppress(OSError, ValueError, KeyError, psutil.NoSuchProcess):
        if target in PROGRAMS:
            return [_program(home, target)]
        if target == "postgres backend":
            return [one for one in _program(home, "postgres").children() if "[local]" in " ".join(one.cmdline())]
        return _of_worker(_program(home, "worker"), target)
    return []


def is_ready(home: Path, target: str, *, but: int) -> bool:
    """Say whether another process than `but` stands in this place, and is ready for work where the supervisor knows that."""
    if target not in PROGRAMS:
        return any(one.pid != but for one in find(home, target))
    with contextlib.suppress(OSError, ValueError, KeyError):
        report = json.loads((home / "run" / "stack.json").read_text(encoding="utf-8"))
        return any(one["name"] == target and one["state"] == "ready" and one["pid"] != but for one in report["processes"])
    return False


def _program(home: Path, name: str) -> psutil.Process:
    record = json.loads((home / "run" / f"{name}.pid").read_text(encoding="utf-8"))
    process = psutil.Process(int(record["pid"]))
    if abs(process.create_time() - float(record["started"])) > 0.1 or process.status() == psutil.STATUS_ZOMBIE:
        raise psutil.NoSuchProcess(process.pid)
    return process


def _of_worker(worker: psutil.Process, target: str) -> list[psutil.Process]:
    """The fork server is the worker's child; warm processes are the fork server's, or nobody's any more after its death."""
    ours = [one for one in psutil.process_iter() if _is_forked(one, worker.pid)]
    return [one for one in ours if (one.ppid() == worker.pid) == (target == "fork server")]


def _is_forked(process: psutil.Process, session: int) -> bool:
    with contextlib.suppress(psutil.Error, OSError):
        return os.getsid(process.pid) == session and "forkserver" in " ".join(process.cmdline())
    return False
