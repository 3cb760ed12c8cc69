"""`towline runbooks`: people find what to do, also while the ledger is down, and see which text is older than its rule."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from contracts.files import IN_FORCE, OWN
from contracts.runbooks import runbooks
from ledger.intake import Receipt
from tests.cli.conftest import Towline

Received = Callable[..., Receipt]


def test_the_list_says_whose_each_is_and_how_much_is_open_that_leads_to_it(towline: Towline, received: Received) -> None:
    """Given two leads that fit no contract, when the runbooks are listed, then the one about quarantine has them."""
    for name in ("one", "two"):
        received(name, {"owner": 5})
    said = towline("runbooks")
    assert said.code == 0
    found = {one["name"]: one for one in towline("runbooks", "--json").json}
    assert {name: one["open"] for name, one in found.items() if one["open"]} == {"quarantine": 2}
    lead = found["lead"]
    assert (lead["owner"], lead["for"], lead["outdated"]) == ("sales-operations", ["lead.qualified"], {})
    assert "quarantine" in said.out


def test_what_stopped_names_its_runbook(towline: Towline, received: Received) -> None:
    received("one", {"owner": 5})
    (cause, *_) = towline("exceptions", "--json").json
    assert cause["runbook"] == "quarantine"
    assert "quarantine" in towline("exceptions").out
    assert towline("exceptions", "--all", "--json").json[0]["runbook"] == "quarantine"


@pytest.mark.parametrize("name", ["lead", "lead.md"])
def test_one_is_printed_whole(towline: Towline, name: str) -> None:
    said = towline("runbooks", name)
    assert said.code == 0
    assert "# A lead stopped" in said.out
    assert "## When to escalate" in said.out


def test_an_unknown_name_is_refused_with_those_that_there_are(towline: Towline) -> None:
    said = towline("runbooks", "leads")
    assert (said.code, "known are" in said.err, "quarantine" in said.err) == (1, True, True)


def test_without_a_ledger_they_are_there_all_the_same(towline: Towline, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TOWLINE_DATABASE_URL", "postgresql://nobody@/nowhere?host=/nonexistent")
    said = towline("runbooks")
    assert (said.code, "outage" in said.out) == (0, True)
    assert "what is open is not known" in said.err
    assert {one["open"] for one in towline("runbooks", "--json").json} == {None}


@pytest.fixture
def changed(home: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """In force is another error rate than the one that the runbooks explain."""
    place = home / "contracts" / "in-force"
    copy = Path(shutil.copytree(OWN, place, ignore=shutil.ignore_patterns("*.py", "__pycache__")))
    (copy / "rules.yaml").write_text((copy / "rules.yaml").read_text().replace("over: 0.05", "over: 0.06"))
    monkeypatch.setenv(IN_FORCE, str(copy))
    runbooks.cache_clear()
    yield
    runbooks.cache_clear()


@pytest.mark.usefixtures("changed")
def test_one_that_is_older_than_its_rule_is_flagged_with_what_to_write(towline: Towline) -> None:
    """Given a rule that says something else by now, when people look, then they are told which, and what makes the text new."""
    said = towline("runbooks")
    assert (said.code, "older than contracts/rules.yaml" in said.out) == (1, True)
    assert f'contracts/rules.yaml: "{runbooks().rules["contracts/rules.yaml"]}"' in towline("runbooks", "rules").out
    assert towline("runbooks", "lead").code == 0
