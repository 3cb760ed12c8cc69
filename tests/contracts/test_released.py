"""A released contract is frozen: who edits one is told which field, how grave it is, and what to do instead."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from contracts.event import CONTRACTS
from contracts.files import OWN, FileError
from contracts.released import faults, names, release
from contracts.values import Contract


class Taken(Contract):
    """A note."""

    text: str


class Loosened(Contract):
    """A note, in other words."""

    text: str
    author: str | None = None


class Tightened(Contract):
    text: str
    author: str


class Reworded(Contract):
    """A note, in other words."""

    text: str


def notes(*kinds: type[Contract]) -> dict[str, Any]:
    return {"note.taken": dict(enumerate(kinds, 1))}


def kept(folder: Path) -> dict[str, bytes]:
    return {str(path): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_every_contract_of_this_house_is_released_and_as_it_was() -> None:
    assert list(faults()) == []


def test_every_released_schema_stands_in_the_lock() -> None:
    files = {str(path.relative_to(OWN / "released").with_suffix("")) for path in OWN.glob("released/*/*.json")}
    assert files == set(names(CONTRACTS))


def test_a_version_that_is_not_released_is_named_with_the_command_that_freezes_it(tmp_path: Path) -> None:
    (fault,) = faults(tmp_path, notes(Taken))
    assert "note.taken/1: is not released" in fault
    assert "`towline contracts release`" in fault
    assert release(tmp_path, notes(Taken)) == ["note.taken/1"]
    assert list(faults(tmp_path, notes(Taken))) == []


def test_a_release_only_adds(tmp_path: Path) -> None:
    release(tmp_path, notes(Taken))
    before = kept(tmp_path)
    assert release(tmp_path, notes(Taken)) == []
    assert kept(tmp_path) == before
    assert release(tmp_path, notes(Taken, Loosened)) == ["note.taken/2"]
    after = kept(tmp_path)
    first = str(tmp_path / "released/note.taken/1.json")
    assert after[first] == before[first]
    lock = str(tmp_path / "released.lock")
    assert set(before[lock].splitlines()) < set(after[lock].splitlines())


@pytest.mark.parametrize(
    ("edited", "said"),
    [
        (Tightened, "author: new required field (breaking)"),
        (Loosened, "author: new optional field (compatible)"),
    ],
)
def test_an_edit_is_named_by_field_and_grade_and_releases_nothing(tmp_path: Path, edited: type[Contract], said: str) -> None:
    release(tmp_path, notes(Taken))
    before = kept(tmp_path)
    (fault,) = faults(tmp_path, notes(edited))
    assert fault.startswith("note.taken/1: was released and was edited: ")
    assert said in fault
    with pytest.raises(FileError, match="was edited"):
        release(tmp_path, notes(edited, Tightened))
    assert kept(tmp_path) == before


def test_other_words_are_no_edit(tmp_path: Path) -> None:
    release(tmp_path, notes(Taken))
    assert list(faults(tmp_path, notes(Reworded))) == []


def test_a_version_that_is_gone_is_named(tmp_path: Path) -> None:
    release(tmp_path, notes(Taken))
    (fault,) = faults(tmp_path, {})
    assert "note.taken/1: was released and is gone" in fault


def test_an_edited_schema_file_is_named(tmp_path: Path) -> None:
    release(tmp_path, notes(Taken))
    path = tmp_path / "released/note.taken/1.json"
    then = json.loads(path.read_text())
    then["sent"]["required"] = []
    path.write_text(json.dumps(then))
    with pytest.raises(FileError, match="was edited; it must stay as it was"):
        list(faults(tmp_path, notes(Taken)))
    path.write_text("no JSON")
    with pytest.raises(FileError, match="is not a released contract"):
        release(tmp_path, notes(Taken))
    path.unlink()
    with pytest.raises(FileError, match="cannot be read"):
        release(tmp_path, notes(Taken))


@pytest.mark.parametrize("line", ["nonsense", "abc  note.taken/1"])
def test_a_lock_that_is_none_is_named_by_its_line(tmp_path: Path, line: str) -> None:
    (tmp_path / "released.lock").write_text(f"{line}\n")
    with pytest.raises(FileError, match=r"released\.lock:1"):
        list(faults(tmp_path, notes(Taken)))
