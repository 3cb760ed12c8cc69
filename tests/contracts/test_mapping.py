"""A mapping file says how a row becomes an event, and whoever writes one wrongly is told the file, the line and the field."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from contracts.catalog import catalog
from contracts.event import parse
from contracts.files import FileError
from contracts.mapping import DateField, IntegerField, MoneyField, SlugField, TextField, load_map

EXAMPLES = Path(__file__).parents[2] / "docs" / "examples"
BEGIN = "contract: opportunity.created/1\nsource: import/x\nid: deal\n"
FIELDS = "fields:\n  account.name: {column: name}\n"


@pytest.mark.parametrize(
    ("field", "text", "value"),
    [
        (TextField(column="x"), "as it is", "as it is"),
        (IntegerField(column="x", type="integer"), "2822", 2822),
        (IntegerField(column="x", type="integer"), "2,822", "2,822"),
        (IntegerField(column="x", type="integer"), "1_000", "1_000"),
        (MoneyField(column="x", type="money", currency="USD"), "55.5", {"minor": 5550, "currency": "USD"}),
        (MoneyField(column="x", type="money", currency="JPY"), "55", {"minor": 55, "currency": "JPY"}),
        (MoneyField(column="x", type="money", currency="JPY"), "55.5", "55.5"),
        (MoneyField(column="x", type="money", currency="USD"), "-3", {"minor": -300, "currency": "USD"}),
        (MoneyField(column="x", type="money", currency="USD"), "Infinity", "Infinity"),
        (MoneyField(column="x", type="money", currency="USD"), "1.000,50", "1.000,50"),
        (DateField(column="x", type="date", format="%m/%d/%Y"), "3/1/2017", "2017-03-01"),
        (DateField(column="x", type="date", format="%m/%d/%Y"), "31/1/2017", "31/1/2017"),
        (SlugField(column="x", type="slug"), "José Núñez-Smith", "jose-nunez-smith"),
        (SlugField(column="x", type="slug"), "李", "李"),
    ],
)
def test_a_cell_becomes_a_value_or_stays_what_it_was(field: Any, text: str, value: Any) -> None:
    assert field.convert(text) == value


@pytest.mark.parametrize(
    ("text", "line", "field"),
    [
        (BEGIN, 1, "fields"),
        (BEGIN + "oddity: 1\n" + FIELDS, 4, "oddity"),
        (BEGIN + "fields:\n  account.name: {column: name, type: telepathy}\n", 5, "fields.account.name"),
        (BEGIN + "fields:\n  account.nme: {column: name}\n", 5, "fields.account.nme"),
        (BEGIN + "fields:\n  account: {column: name}\n", 5, "fields.account"),
        (BEGIN + "fields:\n  owner.name: {column: name}\n", 5, "fields.owner.name"),
        (BEGIN + "fields:\n  amount: {column: price}\n", 5, "fields.amount"),
        (BEGIN + "fields:\n  owner: {column: price, type: money, currency: USD}\n", 5, "fields.owner"),
        (BEGIN + "fields:\n  amount: {column: price, type: money}\n", 5, "fields.amount"),
        (BEGIN + "fields:\n  amount: {column: price, type: money, currency: XXL}\n", 5, "fields.amount"),
        (BEGIN + 'fields:\n  engaged_on: {column: day, type: date, format: "%Q"}\n', 5, "fields.engaged_on"),
        (BEGIN + "only: {year: [2017]}\n" + FIELDS, 4, "only.year"),
        (BEGIN + "time: {column: day, fixed: 2017-12-31T00:00:00Z}\n" + FIELDS, 4, "time"),
        (BEGIN + 'time: {fixed: "2017-12-31T00:00:00"}\n' + FIELDS, 4, "time.fixed"),
        (BEGIN.replace("/1", "/9") + FIELDS, 1, "contract"),
        (BEGIN.replace("opportunity.created", "lead.qualified") + FIELDS, 1, "contract"),
        (BEGIN + "id: deal\n" + FIELDS, 4, ""),
    ],
)
def test_a_wrong_mapping_is_told_by_file_line_and_field(tmp_path: Path, text: str, line: int, field: str) -> None:
    path = tmp_path / "my.map.yaml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(FileError) as caught:
        load_map(path, "opportunity.created")
    assert f"my.map.yaml:{line}: {field}" in str(caught.value)


def test_a_mapping_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(FileError, match="cannot be read"):
        load_map(tmp_path / "none.yaml", "opportunity.created")


@pytest.mark.parametrize("path", sorted(EXAMPLES.glob("*.map.yaml")), ids=lambda path: path.name)
def test_every_example_is_a_mapping_of_the_contract_that_it_names(path: Path) -> None:
    """Given an example, When a row of plain cells is mapped by it, Then its event fits the newest contract of the catalog."""
    event = path.read_text(encoding="utf-8").split("contract: ")[1].split("/")[0]
    mapping = load_map(path, event)
    row = dict.fromkeys(mapping.columns(), "7") | {"deal_stage": "Engaging", "engage_date": "10/20/2016"}

    found = mapping.event_of(row)

    assert mapping.takes(row)
    assert found["dataschema"] == f"{event}/{catalog()[event].contract}"
    assert parse(found["dataschema"], found["data"], event_type=event)


@pytest.mark.parametrize(
    ("time", "cell", "moment"),
    [
        ("{column: day}", "2017-12-31T10:00:00+02:00", "2017-12-31T10:00:00+02:00"),
        ("{column: day}", "2017-12-31", "2017-12-31T00:00:00+00:00"),
        ('{column: day, format: "%m/%d/%Y"}', "12/31/2017", "2017-12-31T00:00:00+00:00"),
        ("{fixed: 2017-12-31T00:00:00Z}", "", "2017-12-31T00:00:00+00:00"),
        ("{column: day}", " ", None),
    ],
)
def test_an_event_happened_when_its_column_or_its_mapping_says(tmp_path: Path, time: str, cell: str, moment: str | None) -> None:
    path = tmp_path / "my.map.yaml"
    path.write_text(f"{BEGIN}time: {time}\n{FIELDS}", encoding="utf-8")
    found = load_map(path, "opportunity.created").event_of({"deal": "1", "name": "Northwind", "day": cell})
    assert found.get("time") == moment
