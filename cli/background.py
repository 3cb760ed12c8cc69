"""Starts the stack in a process of its own and waits until it is ready; what goes wrong there is said here."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

from cli.progress import Progress
from contracts.errors import MisconfiguredError
from deployments.footprints import Footprints
from deployments.stack import Report
from runtime.settings import Settings

ROOT = Path(__file__).parent.parent
LONGEST_START = 180


def start_in_background(settings: Settings, progress: Progress) -> Report:
    """Start the stack in the background and return its report when it is ready.

    Raises:
        MisconfiguredError: it does not start; in the words of the process that tried.
    """
    footprints = Footprints(settings.state)
    log = _log(settings)
    with log.open("wb") as out:
        process = subprocess.Popen(
            [sys.executable, "-m", "cli", "up", "--json"],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=out,
            start_new_session=True,
            env={**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, (str(ROOT), os.environ.get("PYTHONPATH"))))},
        )
    try:
        return _wait(process, footprints, progress, log)
    except KeyboardInterrupt:
        process.terminate()
        raise
    finally:
        progress.close()


def _wait(process: subprocess.Popen[bytes], footprints: Footprints, progress: Progress, log: Path) -> Report:
    deadline = time.monotonic() + LONGEST_START
    while process.poll() is None and time.monotonic() < deadline:
        report = footprints.read_report()
        if report and report["supervisor"] == process.pid:
            progress.show(report)
            if report["ready"]:
                return report
        time.sleep(0.1)
    if process.poll() is None:
        process.terminate()
        raise MisconfiguredError(f"the stack was not ready within {LONGEST_START} s; see {log.parent}")
    raise MisconfiguredError(_last_line(log))


def _log(settings: Settings) -> Path:
    folder = settings.state / "logs"
    try:
        settings.state.mkdir(parents=True, exist_ok=True)
        folder.mkdir(mode=0o700, exist_ok=True)
    except OSError as error:
        raise MisconfiguredError(f"TOWLINE_HOME: {settings.state} cannot be used: {error.strerror}") from None
    return folder / "stack.log"


def _last_line(log: Path) -> str:
    lines = log.read_text(encoding="utf-8", errors="replace").strip().splitlines()
    return lines[-1].removeprefix("towline: ") if lines else f"the stack ended without a word; see {log.parent}"
