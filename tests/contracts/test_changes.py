"""What differs between two states of the agreed files is said value by value; the files of the house can be read as a whole."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from contracts.changes import Difference, check, differences, fingerprint, texts
from contracts.files import IN_FORCE, OWN, FileError, agreed


def test_every_agreed_file_is_among_them_and_can_be_read(tmp_path: Path) -> None:
    files = texts(OWN)
    assert {"owners.yaml", "systems.yaml", "rules.yaml", "budgets.yaml", "mappings/hubspot.yaml"} <= set(files)
    assert {"catalog/lead.qualified.yaml", "vocabularies/stage.yaml", "shapes/stripe.yaml"} <= set(files)
    shutil.copytree(OWN, tmp_path / "copy", ignore=shutil.ignore_patterns("*.py", "__pycache__"))
    check(tmp_path / "copy")
    assert fingerprint(texts(tmp_path / "copy")) == fingerprint(files)


def test_a_file_that_does_not_fit_the_others_is_named_with_its_line(tmp_path: Path) -> None:
    shutil.copytree(OWN, tmp_path / "copy", ignore=shutil.ignore_patterns("*.py", "__pycache__"))
    path = tmp_path / "copy" / "rules.yaml"
    path.write_text(path.read_text().replace("owner: integration", "owner: nobody"))
    with pytest.raises(FileError, match=r"rules.yaml:\d+: cost_rate.owner: is nobody in owners.yaml"):
        check(tmp_path / "copy")


@pytest.mark.parametrize(
    ("before", "after", "found"),
    [
        ("a: {b: 1}", "a: {b: 2}", [Difference("x.yaml", "a.b", 1, 2)]),
        ("a: [1, 2]", "a: [2, 1]", [Difference("x.yaml", "a", "1, 2", "2, 1")]),
        ("a: [{b: 1}, {b: 2}]", "a: [{b: 1}, {b: 3}]", [Difference("x.yaml", "a[1].b", 2, 3)]),
        ("a: 1\nb: 2", "b: 2", [Difference("x.yaml", "a", 1, None)]),
        ("a: 1", "a: 1 # now", [Difference("x.yaml", "comments", "one text", "another")]),
        (None, "a: 1", [Difference("x.yaml", "a", None, 1)]),
        ("a: 1", None, [Difference("x.yaml", "a", 1, None)]),
    ],
)
def test_differences_are_told_value_by_value(before: str | None, after: str | None, found: list[Difference]) -> None:
    was, becomes = ({"y.yaml": "z: 1"} | ({"x.yaml": text} if text is not None else {}) for text in (before, after))
    assert differences(was, becomes) == found


def test_the_copy_that_is_named_is_read_and_the_house_where_there_is_none(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(IN_FORCE, str(tmp_path / "none"))
    assert agreed() == OWN
    monkeypatch.setenv(IN_FORCE, str(tmp_path))
    assert agreed() == tmp_path
