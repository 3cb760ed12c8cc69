"""Each line that a gate draws is agreed, has its reason, and says it where a row is refused."""

from __future__ import annotations

from pathlib import Path

import pytest

from contracts.catalog import catalog
from contracts.files import OWN, FileError
from contracts.thresholds import FILE, load_thresholds, thresholds


@pytest.mark.parametrize(
    ("before", "after", "why"),
    [
        ("value: 10000000", "value: 10000000.5", r"thresholds.yaml:\d+: largest_amount.value"),
        ("value: 0.5", "value: 50", r"thresholds.yaml:\d+: sure_enough.value"),
        ("[7, 14, 30]", "[14, 7, 30]", r"thresholds.yaml:\d+: reminder_days.value: must ascend, each day once"),
        ("[7, 14, 30]", "[]", r"thresholds.yaml:\d+: reminder_days.value"),
        ("value: 3\n  why: fewer", "value: 5\n  why: fewer", r"thresholds.yaml:\d+: failures_in_a_row.value: must be fewer"),
        ("  decision: 27", "", r"thresholds.yaml:\d+: failures_in_a_row.decision"),
        ("offer_days:", "offer_dayz:", r"thresholds.yaml:\d+: offer_days"),
    ],
)
def test_a_wrong_line_is_named_with_its_place(tmp_path: Path, before: str, after: str, why: str) -> None:
    text = (OWN / FILE).read_text(encoding="utf-8")
    assert before in text
    (tmp_path / FILE).write_text(text.replace(before, after), encoding="utf-8")
    with pytest.raises(FileError, match=why):
        load_thresholds(tmp_path / FILE, catalog())


def test_a_reason_names_the_file_and_the_record() -> None:
    assert thresholds().largest_amount.reason.endswith("(contracts/thresholds.yaml, decision 0045)")
