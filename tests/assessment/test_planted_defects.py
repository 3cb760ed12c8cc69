"""An assessment finds exactly what is wrong with a table, and nothing else: rows, fields, rows to keep, fields in conflict."""

from __future__ import annotations

import csv
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path

import pytest

from assessment.assess import Result, assess_file
from benchmarks.dirty import SECURECORP, Finding, Shape, write

NOW = datetime(2026, 11, 25, 12, tzinfo=UTC)


def told(result: Result) -> list[Finding]:
    """What the work list says."""
    with result.worklist.open(encoding="utf-8", newline="") as file:
        return [
            Finding(int(line), cause, field, int(keep) if keep else None, frozenset(conflicts.split()))
            for line, _, cause, field, _, keep, _, conflicts, _ in list(csv.reader(file))[1:]
        ]


@pytest.mark.parametrize(("seed", "encoding"), [(1, "utf-8"), (2, "utf-8-sig"), (3, "cp1252"), (4, "utf-16"), (5, "utf-8")])
def test_exactly_what_was_planted_is_found(tmp_path: Path, seed: int, encoding: str) -> None:
    planted = write(tmp_path / "contacts.csv", Shape.of(3_000), seed, encoding)
    result = assess_file(tmp_path / "contacts.csv", tmp_path / "out", NOW)
    found = told(result)
    assert len(found) == len(set(found))
    assert set(found) == planted
    rows = Counter(cause for cause, _ in {(one.cause, one.line) for one in planted})
    assert {one.cause: one.rows for one in result.found.causes} == dict(rows)
    assert result.found.sound == result.found.rows - len({one.line for one in planted})


def test_the_numbers_of_securecorp_come_out(tmp_path: Path) -> None:
    """A known case: 50,000 contacts, of them 23,000 duplicates, 15,000 of these in conflict, 8,000 invalid, 12,000 incomplete."""
    planted = write(tmp_path / "contacts.csv", SECURECORP, 2026)
    result = assess_file(tmp_path / "contacts.csv", tmp_path / "out", NOW)
    found = result.found
    assert set(told(result)) == planted
    assert (found.rows, found.duplicates, found.duplicates_in_conflict) == (50_000, 23_000, 15_000)
    assert (found.count("invalid_email"), found.count("missing_required")) == (8_000, 12_000)
    hours = (8_000 * 0.6 + 15_000 * 3 + 8_000 * 2 + 12_000 * 4) / 60
    assert found.hours == pytest.approx(hours)
    assert found.hours_with_reserve == pytest.approx(1.4 * hours)
