"""The failure matrix is printed from the paths, whole, so that what people read is what the machine does."""

from __future__ import annotations

from lifecycle import matrix
from lifecycle.path import CELLS
from lifecycle.paths import PATHS


def test_every_step_of_every_path_has_a_row_with_a_reason() -> None:
    rows = matrix.rows()
    assert [(row["event"], row["step"]) for row in rows] == [(event, step.name) for event in PATHS for step in PATHS[event]]
    assert [row for row in rows if not row["why"]] == []
    assert [row for row in rows if any(row[cell] not in remedies for cell, remedies in CELLS.items())] == []


def test_the_page_names_every_path_once_and_what_each_remedy_means() -> None:
    page = matrix.page()
    assert [event for event in PATHS if page.count(f"`{event}`") != 1] == []
    assert [meaning for remedies in CELLS.values() for meaning in remedies.values() if meaning not in page] == []
    assert page.count("`create_proposal`") == 1  # paths with the same steps share a table
