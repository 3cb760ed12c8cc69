"""Two versions of a contract side by side: what was sent is judged by the version it names, and read as the newest."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated, Any, Self

import pytest
from pydantic import Field

from contracts.errors import ContractError
from contracts.event import CONTRACTS, newest, parse, read
from contracts.lead import LeadQualified, LeadQualifiedV1
from contracts.values import Contract, told
from tests.world import SAMPLES, sample

OLDER = [path for path in sorted(SAMPLES.glob("*/*/*.json")) if int(path.parts[-2]) < newest(path.parts[-3])]
LEAD = "lead.qualified"


class NoteV1(Contract):
    text: str


class NoteV2(Contract):
    lines: tuple[str, ...]

    @classmethod
    def come_from(cls, before: Contract) -> Self:
        return cls(lines=tuple(told(before)["text"].split(". ")))


class NoteV3(NoteV2):
    lines: Annotated[tuple[str, ...], Field(max_length=2)]

    @classmethod
    def come_from(cls, before: Contract) -> Self:
        return cls(**told(before))


NOTES = {"note.taken": {1: NoteV1, 2: NoteV2, 3: NoteV3}}


def test_there_are_two_versions_to_speak_of() -> None:
    assert sorted(CONTRACTS[LEAD]) == [1, 2]
    assert OLDER


@pytest.mark.parametrize("path", OLDER, ids=lambda path: f"{path.parts[-3]}-{path.parts[-2]}-{path.stem}")
def test_every_sample_of_an_older_version_is_read_as_the_newest(path: Path) -> None:
    name, version, data = path.parts[-3], path.parts[-2], json.loads(path.read_text())
    found = read(f"{name}/{version}", data, event_type=name)
    assert type(found) is CONTRACTS[name][newest(name)]
    again = parse(f"{name}/{newest(name)}", json.loads(found.model_dump_json(exclude_none=True)), event_type=name)
    assert again == found


def test_every_version_but_the_first_has_a_way_up_of_its_own() -> None:
    later = [kind for versions in CONTRACTS.values() for version, kind in versions.items() if version > min(versions)]
    assert [kind.__name__ for kind in later if "come_from" not in vars(kind)] == []


def test_versions_are_numbered_from_one_without_a_gap() -> None:
    assert [name for name, versions in CONTRACTS.items() if sorted(versions) != list(range(1, len(versions) + 1))] == []


def test_an_older_version_stays_as_strict_as_it_was() -> None:
    data = sample(LEAD, "website") | {"campaign": {"name": "Hannover fair 2026"}}
    assert isinstance(read(f"{LEAD}/2", data, event_type=LEAD), LeadQualified)
    with pytest.raises(ContractError) as caught:
        read(f"{LEAD}/1", data, event_type=LEAD)
    assert (caught.value.field, caught.value.rule) == ("campaign", "extra_forbidden")


def test_what_was_not_said_is_not_said_by_the_way_up_either() -> None:
    before = parse(f"{LEAD}/1", sample(LEAD, "website"), event_type=LEAD)
    found = read(f"{LEAD}/1", sample(LEAD, "website"), event_type=LEAD)
    assert isinstance(before, LeadQualifiedV1)
    assert isinstance(found, LeadQualified)
    assert found.campaign is None
    assert found.model_fields_set == before.model_fields_set
    assert found.person
    assert before.person
    assert found.person.email.original == before.person.email.original


def test_the_way_leads_up_through_all_versions() -> None:
    found = read("note.taken/1", {"text": "One. Two"}, event_type="note.taken", released=NOTES)
    assert found == NoteV3(lines=("One", "Two"))
    assert read("note.taken/2", {"lines": ["One"]}, event_type="note.taken", released=NOTES) == NoteV3(lines=("One",))


@pytest.mark.parametrize(
    ("contract", "data"), [("note.taken/1", {"text": "A. B. C"}), ("note.taken/2", {"lines": ["A", "B", "C"]})]
)
def test_what_a_later_version_cannot_say_is_named_at_the_door(contract: str, data: Any) -> None:
    assert parse(contract, data, event_type="note.taken", released=NOTES)
    with pytest.raises(ContractError) as caught:
        read(contract, data, event_type="note.taken", released=NOTES)
    assert (caught.value.field, caught.value.rule) == ("lines", "too_long")
