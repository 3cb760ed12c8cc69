"""A clause is approved word for word: an edited text is not, and a file that is wrong is refused by file, line and field."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import pytest

from contracts.clauses import HERE, Clause, clauses, fingerprint, load_clause, load_clauses
from contracts.files import FileError
from contracts.lead import Service
from contracts.owners import load_owners

FILES = sorted(HERE.glob("*.md"))


@pytest.fixture
def fees(tmp_path: Path) -> Path:
    """A copy of a clause of the house, to be spoiled."""
    return Path(shutil.copy(HERE / "fees.md", tmp_path))


def spoil(path: Path, pattern: str, instead: str) -> Path:
    text, times = re.subn(pattern, instead, path.read_text(encoding="utf-8"), count=1, flags=re.MULTILINE)
    assert times == 1, f"{pattern} is not in {path.name}"
    path.write_text(text, encoding="utf-8")
    return path


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_every_clause_of_the_house_carries_the_hash_of_its_text(path: Path) -> None:
    clause = load_clause(path)
    assert clause.approved is not None, f"{path}: nobody has approved it"
    right = fingerprint(clause.body)
    assert clause.approved.sha256 == right, f"{path}: is approved with another text; approve this one with sha256: {right}"
    assert clause.is_approved


@pytest.mark.parametrize("clause", clauses().values(), ids=lambda clause: clause.id)
def test_every_clause_of_the_house_was_approved_by_somebody_who_may_and_is_short_enough_to_be_read(clause: Clause) -> None:
    assert clause.approved is not None
    assert load_owners(HERE.parent).may_decide(clause.approved.by, "proposal")
    assert 50 <= len(re.findall(r"\w[\w'-]*", clause.body)) <= 110


@pytest.mark.parametrize("service", list(Service))
def test_every_service_has_one_clause_that_says_what_is_delivered(service: Service) -> None:
    scopes = [clause for clause in clauses().values() if clause.id.startswith("SCOPE-") and service in clause.services]
    assert [clause.id for clause in scopes if clause.required] == [f"SCOPE-{service.upper()}"]


def test_clauses_come_in_the_order_that_they_give_themselves(tmp_path: Path) -> None:
    for place, name in enumerate(["TERM", "FEES", "ACCEPTANCE"]):
        (tmp_path / f"{name.lower()}.md").write_text(f"---\nid: {name}\nversion: 1\ntitle: T\norder: {place}\n---\nText.\n")
    assert list(load_clauses(tmp_path)) == ["TERM", "FEES", "ACCEPTANCE"]


@pytest.mark.parametrize(
    ("pattern", "instead"),
    [
        (r"\bfixed\b", "estimated"),
        (r"^We invoice when", "We invoice  when"),
        (r"\Z", "\nAnd one thing more.\n"),
    ],
    ids=["word", "blank", "paragraph"],
)
def test_an_edited_text_is_not_approved(fees: Path, pattern: str, instead: str) -> None:
    assert load_clause(fees).is_approved
    assert not load_clause(spoil(fees, pattern, instead)).is_approved


def test_a_text_that_nobody_has_approved_is_not_approved(fees: Path) -> None:
    clause = load_clause(spoil(fees, r"^approved:\n(  .*\n)+", ""))
    assert clause.approved is None
    assert not clause.is_approved


def test_line_endings_and_the_blank_around_a_text_leave_its_approval() -> None:
    assert fingerprint("\r\nOne.\r\n\r\nTwo.\r\n\n") == fingerprint("One.\n\nTwo.")
    assert fingerprint("One. Two.") != fingerprint("One.\nTwo.")


@pytest.mark.parametrize(
    ("pattern", "instead", "field", "why"),
    [
        (r"^version: .*$", "version: 0", "version", "greater than or equal"),
        (r"^version: .*$", 'version: "2"', "version", "valid integer"),
        (r"^required: .*$", "required: true\ncolour: red", "colour", "Extra inputs"),
        (r"^required: .*$", "required: true\nservices: [advice]", "services.0", "Input should be"),
        (r"^  on: .*$", "  on: someday", "approved.on", "valid date"),
        (r"^  sha256: .*$", "  sha256: abc", "approved.sha256", "should match pattern"),
        (r"^id: .*$", "id: fees", "id", "should match pattern"),
        (r"^id: .*$", "id: PRICES", "id", "is not what the file is called"),
    ],
)
def test_a_wrong_value_is_named_by_file_line_and_field(fees: Path, pattern: str, instead: str, field: str, why: str) -> None:
    spoil(fees, pattern, instead)
    with pytest.raises(FileError) as caught:
        load_clause(fees)
    where, said = caught.value.text.split(": ", 1)
    name, _, line = where.rpartition(":")
    key = next(part for part in reversed(field.split(".")) if not part.isdecimal())
    assert Path(name) == fees
    assert fees.read_text(encoding="utf-8").splitlines()[int(line) - 1].strip().startswith(f"{key}: ")
    assert said.startswith(f"{field}: ")
    assert why in said


@pytest.mark.parametrize(
    ("text", "line", "why"),
    [
        ("Only a text.\n", 1, "must stand between two lines of ---"),
        ("---\nid: FEES\nA text without the second fence.\n", 1, "must stand between two lines of ---"),
        ("---\n- FEES\n---\nText.\n", 1, "is not a mapping"),
        ("---\nid: FEES\nbody: Smuggled.\n---\nText.\n", 3, "stands below the front matter"),
        ("---\nid: FEES\nid: FEES\n---\nText.\n", 3, "found duplicate key"),
        ("---\nid: FEES\ntitle: a: b\n---\nText.\n", 3, "mapping values are not allowed here"),
        ("---\nid: FEES\nversion: 1\ntitle: Fees\norder: 1\n---\n\n", 6, "at least 1 character"),
        ("---\nid: FEES\nversion: 1\ntitle: Fees\n---\nText.\n", 1, "order: Field required"),
    ],
    ids=["no-fence", "one-fence", "a-list", "body-in-front", "twice", "no-yaml", "no-text", "missing"],
)
def test_a_file_that_is_no_clause_is_named_by_file_and_line(tmp_path: Path, text: str, line: int, why: str) -> None:
    path = tmp_path / "fees.md"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(FileError, match=re.escape(why)) as caught:
        load_clauses(tmp_path)
    assert caught.value.text.startswith(f"{path}:{line}: ")


def test_a_file_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    with pytest.raises(FileError, match=r"nothing\.md: cannot be read"):
        load_clause(tmp_path / "nothing.md")
    (tmp_path / "fees.md").write_bytes(b"---\nid: \xff\n---\n")
    with pytest.raises(FileError, match=r"fees\.md: is not UTF-8 text"):
        load_clauses(tmp_path)
