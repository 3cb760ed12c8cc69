"""`towline contracts suggest` proposes a mapping for a new source with its evidence, and leaves open what it does not know."""

from __future__ import annotations

import csv
import re
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from cli.drafts import draft, yaml_of
from cli.imports import read_events
from contracts.mapping import ConstantField, ImportMap, load_map
from tests.cli.conftest import Towline
from tests.cli.test_imports import SAMPLE

COLUMNS = ["Ref", "Client", "Website", "Contact person", "E-mail", "Telephone", "Sales rep", "Interest", "Score", "Notes"]
PEOPLE = [
    ["Ada Byron", "ada@northwind.example", "+49 30 901820", "sales-1", "Roll-out", "0.9", ""],
    ["Grace Hopper", "grace@eastwind.example", "+49 30 901821", "sales-2", "Training", "0.7", "a"],
    ["Alan Turing", "alan@southwind.example", "+49 30 901822", "sales-1", "Help desk", "0.8", "b"],
]
COMPANIES = ["Northwind", "Eastwind", "Southwind"]
LEADS = [[str(n), one, f"{one.lower()}.example", *person] for n, (one, person) in enumerate(zip(COMPANIES, PEOPLE, strict=True))]


@pytest.fixture
def leads(tmp_path: Path) -> Path:
    path = tmp_path / "leads.csv"
    with path.open("w", newline="") as file:
        csv.writer(file).writerows([COLUMNS, *LEADS])
    return path


def parts(found: ImportMap) -> Iterator[tuple[object, ...]]:
    """What a person settles in a mapping file, piece by piece; a constant stands in no table."""
    yield "contract", found.contract
    yield "id", found.id
    yield "subject", found.subject
    yield from (("only", column, value) for column, values in found.only.items() for value in values)
    yield from (("join", join.file, join.on) for join in found.join)
    yield from (("mend", column, wrong, right) for column, words in found.vocabulary.items() for wrong, right in words.items())
    for path, field in found.fields.items():
        if not isinstance(field, ConstantField):
            yield "field", path, field.column
            yield "type", path, field.type, getattr(field, "format", None)


def test_it_gets_most_of_a_map_right_that_was_made_by_hand(tmp_path: Path) -> None:
    """Given the export and the map that a person made of it, then all but the amount is proposed: no table says its currency."""
    text = yaml_of(draft(SAMPLE / "deals.csv", None))
    (tmp_path / "draft.map.yaml").write_text(text)
    by_hand = set(parts(load_map(SAMPLE / "deals.map.yaml", "opportunity.created")))
    proposed = set(parts(load_map(tmp_path / "draft.map.yaml", "opportunity.created")))
    assert by_hand - proposed == {("field", "amount", "price"), ("type", "amount", "money", None)}
    assert proposed - by_hand == set()
    assert len(by_hand & proposed) / len(by_hand) > 0.9
    assert re.search(r"^  # +amount: {column: price, type: money, currency: \?\?\?} # ", text, re.MULTILINE)


def test_the_import_takes_a_draft_and_its_events_are_the_same(tmp_path: Path, towline: Towline) -> None:
    """Given a draft whose open amount and moment were settled, then its events are those of the hand-made map."""
    folder = tmp_path / "pipeline"
    shutil.copytree(SAMPLE, folder)
    path = folder / "draft.map.yaml"
    assert towline("contracts", "suggest", str(folder / "deals.csv"), "--out", str(path)).code == 0
    drafted = read_events(folder / "deals.csv", "opportunity.created", path)
    assert [event["id"] for event in drafted.events] == ["D-1", "D-2", "D-4", "D-5"]
    settled = path.read_text().replace("fields:\n", "fields:\n  amount: {column: price, type: money, currency: USD}\n")
    settled = settled.replace(
        "fields:\n", "time: {fixed: 2017-12-31T00:00:00Z}\nfields:\n  region: {type: constant, value: West}\n"
    )
    path.write_text(settled)
    by_hand = read_events(folder / "deals.csv", "opportunity.created", folder / "deals.map.yaml")
    assert read_events(folder / "deals.csv", "opportunity.created", path) == by_hand


def test_a_table_of_leads_is_seen_to_be_one_and_its_words_become_ours(leads: Path, tmp_path: Path, towline: Towline) -> None:
    path = tmp_path / "leads.map.yaml"
    said = towline("contracts", "suggest", str(leads), "--out", str(path), "--json")
    proposed = {row["field"]: row["column"] for row in said.json["candidates"] if row["verdict"] == "proposed"}
    assert said.json["event"] == "lead.qualified"
    assert proposed == {
        "id": "Ref",
        "company.name": "Client",
        "company.domain": "Website",
        "person.name": "Contact person",
        "person.email": "E-mail",
        "person.phone": "Telephone",
        "owner": "Sales rep",
        "service": "Interest",
        "confidence": "Score",
    }
    events = read_events(leads, "lead.qualified", path).events
    assert [event["data"]["service"] for event in events] == ["implementation", "training", "support"]


def test_the_evidence_is_shown_and_no_value_of_a_person_s(leads: Path, towline: Towline) -> None:
    said = towline("contracts", "suggest", str(leads), "--for", "lead.qualified").out
    assert "type email, 0% empty, each once" in said
    assert "3 of 3 words known" in said
    assert not any(text in said for row in LEADS for text in (row[3], row[4], row[5]))


@pytest.mark.parametrize(
    ("arguments", "why"),
    [
        (["none.csv"], "none.csv: cannot be read"),
        (["twice.csv"], "twice.csv: no column can be the id of a row: none has a value in every row, each once"),
        (["leads.csv", "--for", "invoice.issued"], "rows of a table can become lead.qualified or opportunity.created"),
        (["leads.csv", "--out", "twice.csv"], "twice.csv: is there already, and may hold what somebody settled"),
        (["leads.csv", "--out", "no/such/folder.yaml"], "cannot be written"),
    ],
)
def test_what_cannot_be_is_said_and_nothing_is_written(
    leads: Path, tmp_path: Path, towline: Towline, arguments: list[str], why: str
) -> None:
    (tmp_path / "twice.csv").write_text("name,city\na,b\na,b\n")
    before = sorted(tmp_path.iterdir())
    said = towline("contracts", "suggest", *arguments)
    assert (said.code, why in said.err) == (1, True), said.err
    assert sorted(tmp_path.iterdir()) == before


@pytest.mark.parametrize("header", ["id,name: x,# note", 'id,"it\'s",{a}', "id,null,yes"])
def test_column_names_that_mean_something_in_yaml_do_no_harm(tmp_path: Path, header: str, towline: Towline) -> None:
    (tmp_path / "odd.csv").write_text(f"{header}\n1,Northwind,sales-1\n2,Eastwind,sales-2\n")
    assert towline("contracts", "suggest", str(tmp_path / "odd.csv"), "--for", "opportunity.created").code == 0


def test_two_formats_of_a_date_that_nobody_can_tell_apart_are_both_named(tmp_path: Path) -> None:
    (tmp_path / "days.csv").write_text("id,account,start date\n1,a,01/02/2026\n2,b,03/04/2026\n")
    text: Any = yaml_of(draft(tmp_path / "days.csv", "opportunity.created"))
    assert 'format: "%m/%d/%Y"} # 1.00, or format "%d/%m/%Y"' in text
