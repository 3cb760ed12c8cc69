"""What is agreed is changed by two people: one command proposes the files as they stand, another one approves them."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

import cli.changes as commands
from contracts.changes import texts
from contracts.files import OWN
from tests.cli.conftest import Look, Towline

PROPOSE = ("contracts", "propose", "--by", "integration", "--reason", "our account has a smaller quota")


@pytest.fixture
def files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, look: Look) -> Path:
    """Given a house in force, and its files in a folder in which they can be edited."""
    folder = tmp_path / "contracts"
    shutil.copytree(OWN, folder, ignore=shutil.ignore_patterns("*.py", "__pycache__"))
    monkeypatch.setattr(commands, "OWN", folder)

    async def install(ledger: object) -> None:
        async with ledger.begin() as books:  # type: ignore[attr-defined]
            await books.changes.install(texts(OWN), reason="first")

    look(install)
    return folder


def edit(folder: Path, old: str, new: str, name: str = "budgets.yaml") -> None:
    path = folder / name
    assert old in path.read_text()
    path.write_text(path.read_text().replace(old, new))


def test_a_change_is_proposed_approved_and_listed(files: Path, towline: Towline) -> None:
    edit(files, "calls: 190", "calls: 100")
    said = towline(*PROPOSE)
    assert (said.code, said.err) == (0, "")
    assert "change 2, proposed: our account has a smaller quota" in said.out
    assert "budgets.hubspot.limits[0].calls" in said.out
    own = towline("contracts", "approve", "2", "--by", "integration")
    assert (own.code, own.err) == (1, "towline: integration has proposed this change, and nobody approves their own\n")
    assert towline("contracts", "approve", "2", "--by", "workplace", "--json").json["state"] == "in force"
    listed = towline("contracts", "changes", "--json").json
    assert [(row["id"], row["state"], row["approved_by"]) for row in listed] == [
        (2, "in force", "workplace"),
        (1, "over", "installation"),
    ]
    assert towline("contracts", "changes", "2", "--json").json["differences"] == [
        {"file": "budgets.yaml", "field": "budgets.hubspot.limits[0].calls", "before": 190, "after": 100}
    ]


def test_a_change_that_is_to_come_says_when(files: Path, towline: Towline) -> None:
    edit(files, "calls: 190", "calls: 100")
    assert towline(*PROPOSE, "--at", "2999-01-01T09:00:00").code == 0
    said = towline("contracts", "approve", "2", "--by", "workplace")
    assert "change 2, to come" in said.out
    assert "counts from 2999-01-01 09:00:00 UTC" in said.out


def test_a_file_that_is_wrong_is_not_proposed(files: Path, towline: Towline) -> None:
    edit(files, "  hubspot:\n", "  hubspot:\n\tcalls: 1\n")
    said = towline(*PROPOSE)
    assert said.code == 1
    assert "budgets.yaml:" in said.err
    assert len(towline("contracts", "changes", "--json").json) == 1


@pytest.mark.parametrize(
    ("arguments", "why"),
    [
        (PROPOSE, "nothing to propose"),
        ((*PROPOSE, "--at", "2001-01-01"), "that time is over"),
        (("contracts", "approve", "7", "--by", "workplace"), "there is no change 7"),
        (("contracts", "changes", "7"), "there is no change 7"),
    ],
)
def test_what_cannot_be_is_refused_in_one_line(files: Path, towline: Towline, arguments: tuple[str, ...], why: str) -> None:
    said = towline(*arguments)
    assert (said.code, said.err.count("\n")) == (1, 1)
    assert why in said.err


def test_before_anything_is_in_force_nothing_is_proposed(towline: Towline) -> None:
    assert "nothing is in force yet" in towline(*PROPOSE).err
