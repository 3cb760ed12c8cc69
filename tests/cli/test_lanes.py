"""The sample deals are shown side by side in a terminal, and line by line elsewhere."""

from __future__ import annotations

import os
import pty
import re
import subprocess
import sys
from pathlib import Path

import pytest

from cli.lanes import STAGES, Lane, Lanes

ROOT = Path(__file__).parents[2]
SHOW = """
from cli.lanes import Lane, Lanes
lane = Lane("Northwind")
with Lanes([lane]) as lanes:
    lanes.say(lane, "a lead comes [in]")
    lanes.passed(lane, "lead.qualified")
    lane.effects = 7
    lanes.say(lane, "stopped", state="stopped", keep=True)
"""


def shown(columns: int) -> str:
    """What a terminal of so many columns gets."""
    ours, theirs = pty.openpty()
    environment = {**os.environ, "COLUMNS": str(columns), "TERM": "xterm"}
    subprocess.run([sys.executable, "-c", SHOW], check=True, stdout=theirs, cwd=ROOT, env=environment)  # noqa: S603
    os.close(theirs)
    text = os.read(ours, 100_000).decode()
    os.close(ours)
    return text


def test_a_wide_terminal_gets_a_live_table_with_the_whole_way() -> None:
    text = shown(200)
    assert "\x1b[?25l" in text
    assert "● lead" in text
    assert "○ paid" in text
    assert "7" in text


def test_a_narrow_terminal_gets_each_deal_in_one_line() -> None:
    plain = re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", shown(80))
    assert "●○○○○○○○ lead" in plain
    assert "○ paid" not in plain


def test_without_a_terminal_every_step_is_a_plain_line(capsys: pytest.CaptureFixture[str]) -> None:
    lane = Lane("Northwind")
    with Lanes([lane]) as lanes:
        lanes.say(lane, "a lead comes [in]")
        lanes.passed(lane, "lead.qualified")
        lanes.passed(lane, "lead.qualified")
    lines = [line[10:] for line in capsys.readouterr().out.splitlines()]
    assert lines == ["Northwind: a lead comes [in]", "Northwind: lead.qualified done"]


def test_the_way_has_eight_stages() -> None:
    assert len(STAGES) == len(set(STAGES.values())) == 8
