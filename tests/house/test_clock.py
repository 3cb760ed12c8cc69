"""What holds, delays or gives back work goes by the clock of the database, or by one that nobody sets: jumps harm nothing."""

from __future__ import annotations

import re

import pytest

from tests.house.pages import ROOT

WALL_CLOCK = re.compile(r"\btime\.time\(|datetime\.now\(|utcnow\(|date\.today\(")
ONLY_TELL = ("alerts.py", "outages.py")
"""What they do with the time is say it to people."""
HOLD_WORK = [
    *(f"ledger/{name}.py" for name in ("inbox", "effects", "deaths", "dying", "early", "replaying", "telling", "database")),
    *("tasks/effects.py", "tasks/opening.py", "tasks/batch.py"),
    *(str(path.relative_to(ROOT)) for path in sorted((ROOT / "deployments").glob("*.py")) if path.name not in ONLY_TELL),
]


@pytest.mark.parametrize("module", HOLD_WORK)
def test_what_holds_work_does_not_ask_the_clock_on_the_wall(module: str) -> None:
    assert WALL_CLOCK.findall((ROOT / module).read_text()) == []
