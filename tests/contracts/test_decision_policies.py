"""How decisions are made can be kept by those who are named, or is refused by file, line and field."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import pytest

from contracts.catalog import catalog
from contracts.decisions import load_policies
from contracts.errors import MisconfiguredError
from contracts.files import OWN, FileError
from lifecycle.decisions import PROPOSAL


def test_there_is_a_policy_for_what_the_house_asks() -> None:
    assert catalog().policy(PROPOSAL).quorum >= 1
    with pytest.raises(MisconfiguredError, match="says nothing of a holiday"):
        catalog().policy("holiday")


@pytest.mark.parametrize(
    ("pattern", "instead", "field", "why"),
    [
        ("quorum: 1", "quorum: 0", "quorum", "greater than or equal to 1"),
        ("quorum: 1", "quorum: 3", "quorum", "is more than the 2 who approve a proposal"),
        ("own: false", "own: perhaps", "own", "valid boolean"),
        ("within_hours: 48", "within_hours: 0", "within_hours", "greater than 0"),
        (r"\[head-of-sales, ", "[nobody, ", "route.0", "is not an approver of a proposal"),
        (r"\[head-of-sales, ", "[finance-operations, ", "route.1", "stands in the route twice"),
        (r"route: .*", "route: []", "route", "at least 1 item"),
        (r"quorum: 1.*", "quorum: 1\n    colour: red", "colour", "Extra inputs"),
    ],
)
def test_what_cannot_be_kept_is_refused_by_line_and_field(
    tmp_path: Path, pattern: str, instead: str, field: str, why: str
) -> None:
    path = Path(shutil.copy(OWN / "decisions.yaml", tmp_path))
    text, times = re.subn(pattern, instead, path.read_text(), count=1)
    assert times == 1
    path.write_text(text)
    with pytest.raises(FileError, match=rf"decisions.yaml:\d+: decisions.proposal.{re.escape(field)}: .*{why}"):
        load_policies(tmp_path, catalog().owners)
