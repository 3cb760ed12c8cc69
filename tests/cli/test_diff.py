"""`towline contracts diff` compares with a commit, replays what came in without touching it, and says plainly what it cannot."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from cli import diff
from contracts.event import CONTRACTS
from contracts.lead import LeadQualifiedV1
from ledger.intake import Receipt
from tests.cli.conftest import Towline

Received = Callable[..., Receipt]


class Stricter(LeadQualifiedV1):
    """A next version that demands a region."""

    region: str


def git(folder: Path, *words: str) -> None:
    name = ("-c", "user.name=t", "-c", "user.email=t@towline.example")
    subprocess.run(["git", *name, "-C", str(folder), *words], check=True, capture_output=True)  # noqa: S603, S607


@pytest.fixture
def checkout(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A checkout of its own with the house's contracts in its only commit."""
    shutil.copytree(diff.ROOT / "contracts", tmp_path / "contracts", ignore=shutil.ignore_patterns("__pycache__"))
    git(tmp_path, "init", "-q")
    git(tmp_path, "add", ".")
    git(tmp_path, "commit", "-qm", "as they are")
    monkeypatch.setattr(diff, "ROOT", tmp_path)
    return tmp_path


def test_without_a_change_it_says_so_and_replays_what_came_in(towline: Towline, received: Received, checkout: Path) -> None:
    received("form-1")
    said = towline("contracts", "diff")
    assert (said.code, said.out) == (
        0,
        "the contracts are as at HEAD\n\nthe last 30 days: 0.0 % of 1 events would be refused\n",
    )


def test_a_next_version_is_graded_and_says_whom_it_would_refuse(
    towline: Towline, received: Received, checkout: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    event = received("form-1")
    monkeypatch.setitem(CONTRACTS["lead.qualified"], 3, Stricter)
    found = towline("contracts", "diff", "--json")
    assert found.code == 0
    assert {"contract": "lead.qualified/3", "field": "region", "grade": "breaking", "change": "new required field"} in found.json[
        "changes"
    ]
    assert found.json["replay"]["reasons"] == [
        {"contract": "lead.qualified/3", "reason": "a missing region", "events": 1, "first": [str(event.id)]}
    ]
    assert towline("event", str(event.id), "--json").json["status"] == "received"


def test_an_edit_of_what_was_released_is_no_success(
    towline: Towline, received: Received, checkout: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(CONTRACTS["lead.qualified"], 1, Stricter)
    said = towline("contracts", "diff")
    assert (said.code, "lead.qualified/1 was released: put it back" in said.err) == (1, True)


@pytest.mark.parametrize("ref", ["no-such-branch", "--output=x", "HEAD~7"])
def test_a_commit_that_is_none_is_refused(towline: Towline, checkout: Path, ref: str) -> None:
    said = towline("contracts", "diff", f"--against={ref}")
    assert (said.code, "is no commit of this checkout" in said.err) == (1, True)


def test_contracts_that_cannot_be_read_at_a_commit_are_named(towline: Towline, checkout: Path) -> None:
    (checkout / "contracts/event.py").write_text("import nothing_of_this_name\n")
    git(checkout, "commit", "-qam", "broken")
    said = towline("contracts", "diff")
    assert said.code == 1
    assert "the contracts of HEAD cannot be read here: ModuleNotFoundError" in said.err


def test_what_is_no_checkout_cannot_be_compared(towline: Towline, checkout: Path) -> None:
    shutil.rmtree(checkout / ".git")
    said = towline("contracts", "diff")
    assert (said.code, "is no git checkout" in said.err) == (1, True)
