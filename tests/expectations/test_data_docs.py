"""The Data Docs show every suite with its counts, need no other server, hold nothing but counts, and are replaced as a whole."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from expectations.data_docs import ALL_SUITES, Result, build
from expectations.gate import Gate

AT = datetime(2026, 11, 25, 2, tzinfo=UTC)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Data Docs of a gate that has refused values that are found nowhere else."""
    gate, made = Gate(), tmp_path_factory.mktemp("site") / "data-docs"
    row = {"event_id": "1", "case_id": "2", "company": "Quixote Ltd", "domain": "quixote", "email": "sancho@quixote"}
    rest: dict[str, Any] = {"owner": None, "confidence": 0.123, "amount": 77.77, "currency": None, "late": 0.0, "slip_of": None}
    said = gate.check("lead", [{**row, **rest}]).summary["expectations"]
    results = [Result("lead", one["rule"], one["elements"], one["unexpected"]) for one in said]
    old = made / "old.html"
    old.parent.mkdir()
    old.write_text("old")
    build(made, [*results, Result("contacts", "email_stands_once", 1000, 7), Result("lead", "gone_rule", 3, 3)], at=AT, days=30)
    return made


def pages(folder: Path) -> dict[str, str]:
    return {path.relative_to(folder).as_posix(): path.read_text() for path in folder.rglob("*") if path.is_file()}


def test_every_suite_has_a_page_and_a_judged_one_its_result(folder: Path) -> None:
    found = pages(folder)
    assert {f"expectations/{name}.html" for name in ALL_SUITES} <= found.keys()
    results = [name for name in found if name.startswith("validations/")]
    assert sorted(Path(name).stem for name in results) == ["contacts", "lead"]
    (contacts,) = [found[name] for name in results if name.endswith("/contacts.html")]
    assert "Each e-mail address stands at one contact only" in contacts
    assert "of 1000 total rows" in contacts
    assert "old.html" not in found


def test_the_first_page_leads_to_pages_that_are_there(folder: Path) -> None:
    links = re.findall(r'href="([^"#]+)"', pages(folder)["index.html"])
    assert len(links) >= len(ALL_SUITES) + 2
    assert [link for link in links if not (folder / link).is_file()] == []


def test_no_page_holds_a_value_or_asks_another_server(folder: Path) -> None:
    for name, text in pages(folder).items():
        assert not [value for value in ("quixote", "Quixote", "sancho", "0.123", "77.77") if value in text], name
        assert not re.findall(r'(?:src|<link[^>]*href)="https?:|<script|<style|<img|onclick', text), name
