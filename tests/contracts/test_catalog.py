"""A catalog, owners or systems file that is wrong is refused at start-up, by file, line and field."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import pytest

from contracts.catalog import Retry, catalog, load_catalog
from contracts.files import OWN, FileError

LEAD, OPPORTUNITY = "catalog/lead.qualified.yaml", "catalog/opportunity.created.yaml"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A copy of the house's own files, to be spoiled."""
    (tmp_path / "catalog").mkdir()
    for path in [*OWN.glob("*.yaml"), *(OWN / "catalog").glob("*.yaml")]:
        shutil.copy(path, tmp_path / path.relative_to(OWN))
    return tmp_path


def spoil(folder: Path, file: str, pattern: str, instead: str) -> Path:
    path = folder / file
    text, times = re.subn(pattern, instead, path.read_text(), count=1, flags=re.MULTILINE)
    assert times == 1, f"{pattern} is not in {file}"
    path.write_text(text)
    return path


def line_of(path: Path, words: str) -> int:
    return next(number for number, line in enumerate(path.read_text().splitlines(), 1) if line.strip().startswith(words))


def test_the_houses_own_files_load_and_fit_together(folder: Path) -> None:
    assert load_catalog(folder).entries == catalog().entries
    assert catalog()["opportunity.created"].flow == "discovery"


@pytest.mark.parametrize(
    ("file", "pattern", "instead", "field", "why"),
    [
        (LEAD, r"^process_owner: .*$", "process_owner: nobody", "process_owner", "is nobody in owners.yaml"),
        (LEAD, r"^integration_owner: .*$", "integration_owner: nobody", "integration_owner", "is nobody in owners.yaml"),
        (LEAD, r"^flow: .*$", "flow: lead\ncolour: red", "colour", "Extra inputs"),
        (LEAD, r"^contract: 2$", "contract: 7", "contract", "is not a released contract version"),
        (LEAD, r"^then: .*$", "then: deal.lost", "then", "is not an event of the catalog"),
        (LEAD, r"^notify: .*$", 'notify: "sales"', "notify", "should match pattern"),
        (LEAD, r"^criticality: .*$", "criticality: deadly", "criticality", "Input should be"),
        (LEAD, r"attempts: \d+", "attempts: 0", "retry.attempts", "greater than or equal"),
        (OPPORTUNITY, r"^flow: .*$", "flow: lead", "flow", "is the path of another event already"),
        (OPPORTUNITY, r"^event: .*$", "event: lead.qualified", "event", "stands in the catalog twice"),
        (OPPORTUNITY, r"\[crm, docs, chat\]", "[crm, fax]", "destinations.1", "Input should be"),
        (
            "systems.yaml",
            r"^  invoice:\n    record: billing$",
            "  invoice:\n    record: ledger",
            "entities.invoice.record",
            "Input should",
        ),
        ("systems.yaml", r"fields: \[status\]$", "fields: [status, status]", "entities.lead", "status is named twice"),
        ("systems.yaml", r"mirrors: \[docs, billing\]$", "mirrors: [crm]", "entities.account", "a mirror at once"),
        (
            "systems.yaml",
            r"authority: {folder: docs}$",
            "authority: {colour: docs}",
            "entities.account",
            "no field of the entity",
        ),
        (
            "systems.yaml",
            r"sealed: \[stage\].*$",
            "sealed: [mood]",
            "entities.opportunity",
            "mood is sealed or changed and is no",
        ),
        (
            "systems.yaml",
            r"changed: {content: ask}.*$",
            "changed: {content: put back}",
            "entities.document",
            "content is decided about where it stands, so no rule can put it back",
        ),
        (
            "systems.yaml",
            r"changed: {content: ask}.*$",
            "changed: {lock: ask}",
            "entities.document",
            "lock is changed where it is decided about, and nobody else holds it",
        ),
        (
            "systems.yaml",
            r"changed: {name: take over}.*$",
            "changed: {name: ignore}",
            "entities.account.changed.name",
            "Input should be",
        ),
        (
            "systems.yaml",
            r"process_owner: finance-operations",
            "process_owner: nobody",
            "systems.billing.process_owner",
            "is nobody",
        ),
        ("owners.yaml", r'channel: "#finance"', "channel: finance", "owners.finance-operations.channel", "should match pattern"),
        ("catalog/operations.yaml", r"process_owner: .*$", "process_owner: nobody", "operations.0.process_owner", "is nobody"),
        (
            "catalog/operations.yaml",
            r"application_owner: .*$",
            "application_owner: it",
            "operations.0.application_owner",
            "nobody",
        ),
        ("owners.yaml", r"budget: 40$", "budget: -1", "owners.sales-operations.budget", "greater than or equal"),
    ],
)
def test_a_wrong_value_is_named_by_file_line_and_field(
    folder: Path, file: str, pattern: str, instead: str, field: str, why: str
) -> None:
    path = spoil(folder, file, pattern, instead)
    with pytest.raises(FileError) as caught:
        load_catalog(folder)
    where, said = caught.value.text.split(": ", 1)
    name, _, line = where.rpartition(":")
    assert Path(name) == path
    key = next(part for part in reversed(field.split(".")) if not part.isdecimal())
    assert key in path.read_text().splitlines()[int(line) - 1]
    assert said.startswith(f"{field}: ")
    assert why in said


@pytest.mark.parametrize("key", ["process_owner", "runbook", "retry"])
def test_a_missing_value_is_named_by_file_and_field(folder: Path, key: str) -> None:
    path = spoil(folder, LEAD, rf"^{key}: .*\n", "")
    with pytest.raises(FileError, match=rf"{re.escape(str(path))}:\d+: {key}: Field required"):
        load_catalog(folder)


def test_a_key_that_stands_twice_is_named_by_line(folder: Path) -> None:
    path = spoil(folder, LEAD, r"^flow: lead$", "flow: lead\nflow: lead")
    with pytest.raises(FileError, match=rf"{re.escape(str(path))}:\d+: found duplicate key .?flow"):
        load_catalog(folder)


def test_a_field_with_two_authorities_is_named_by_line(folder: Path) -> None:
    path = spoil(folder, "systems.yaml", r"authority: {folder: docs}$", "authority: {folder: docs, folder: crm}")
    with pytest.raises(FileError, match=rf"{re.escape(str(path))}:\d+: found duplicate key .?folder"):
        load_catalog(folder)


def test_a_tab_is_named_by_line(folder: Path) -> None:
    path = spoil(folder, LEAD, r"^retry: .*$", "retry:\n\tattempts: 5")
    line = line_of(path, "retry:") + 1
    with pytest.raises(FileError, match=rf"{re.escape(str(path))}:{line}: found character .* cannot start any token"):
        load_catalog(folder)


def test_an_event_of_a_system_that_nobody_answers_for_is_refused(folder: Path) -> None:
    path = spoil(folder, "systems.yaml", r"^  chat:\n(    .*\n)+", "")
    with pytest.raises(FileError, match=rf"{re.escape(str(path))}:\d+: entities.* names the system chat, which has no entry"):
        load_catalog(folder)


def test_a_file_that_is_gone_or_no_text_is_named(folder: Path) -> None:
    (folder / "owners.yaml").write_bytes(b"owners: \xff")
    with pytest.raises(FileError, match=r"owners\.yaml: is not UTF-8 text"):
        load_catalog(folder)
    (folder / "owners.yaml").unlink()
    with pytest.raises(FileError, match=r"owners\.yaml: cannot be read: No such file"):
        load_catalog(folder)


def test_retries_double_their_delay() -> None:
    assert Retry(attempts=4, first_delay=0.5).delays == [0.5, 1, 2]
    assert Retry(attempts=1, first_delay=0.5).delays == []
