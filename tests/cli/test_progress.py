"""How a stack comes up is shown live in a terminal, and in plain lines elsewhere."""

from __future__ import annotations

import os
import pty
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
SHOW = """
from cli.progress import Progress, say_where
def report(state, ready):
    process = {"name": "prefect", "state": state, "pid": 1, "restarts": 0, "seconds": 2.5 if state == "ready" else None}
    place = {"gateway": "http://g", "prefect": "http://p", "sandbox": None}
    return {"ready": ready, "seconds": 3.0, "processes": [process], **place}
progress = Progress(plain=%s)
for state in ("waiting", "starting", "ready"):
    progress.show(report(state, False))
progress.show(report("ready", True))
progress.close()
say_where(report("ready", True))
"""


def shown(*, plain: bool, terminal: bool) -> str:
    """What a process writes to stderr, behind which a terminal stands or none."""
    ours, theirs = pty.openpty()
    pipe = theirs if terminal else subprocess.PIPE
    done = subprocess.run(  # noqa: S603
        [sys.executable, "-c", SHOW % plain], check=True, stderr=pipe, stdout=subprocess.DEVNULL, cwd=ROOT, text=True
    )
    os.close(theirs)
    text = os.read(ours, 100_000).decode() if terminal else done.stderr
    os.close(ours)
    return text


def test_a_terminal_gets_a_live_table() -> None:
    text = shown(plain=False, terminal=True)
    assert "Prefect server" in text
    assert "\x1b[" in text


def test_without_a_terminal_there_are_plain_lines() -> None:
    assert shown(plain=False, terminal=False).splitlines()[-1] == "Prefect server: ready after 2.5 s"


def test_machines_get_plain_lines_in_a_terminal_too() -> None:
    assert "\x1b[?25l" not in shown(plain=True, terminal=True)
