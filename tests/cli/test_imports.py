"""An import accounts for every row before anything is stored, and a file that is wrong says where."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from cli.imports import ImportPlan, read_events
from contracts.errors import ContractError, MisconfiguredError
from contracts.event import Envelope, parse

SAMPLE = Path(__file__).parents[1] / "data" / "pipeline"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A copy of the sample, to be spoilt."""
    shutil.copytree(SAMPLE, tmp_path / "pipeline")
    return tmp_path / "pipeline"


def plan_of(folder: Path) -> ImportPlan:
    return read_events(folder / "deals.csv", "opportunity.created", folder / "deals.map.yaml")


def spoil(path: Path, old: str, new: str) -> None:
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), encoding="utf-8")


def test_every_row_is_accounted_for() -> None:
    found = plan_of(SAMPLE)
    assert [event["id"] for event in found.events] == ["D-1", "D-2", "D-4", "D-5"]
    assert (found.read, found.filtered) == (5, 1)
    assert found.mended == {"product": 1, "sector": 2, "country": 1}
    assert found.unmatched == {"accounts.csv": 1, "products.csv": 1}


def test_a_row_becomes_a_whole_event_mended_and_joined() -> None:
    event = plan_of(SAMPLE).events[0]
    assert event == {
        "specversion": "1.0",
        "id": "D-1",
        "source": "import/deals",
        "type": "opportunity.created",
        "time": "2017-12-31T00:00:00+00:00",
        "subject": "D-1",
        "dataschema": "opportunity.created/1",
        "datacontenttype": "application/json",
        "data": {
            "account": {"name": "Northwind", "sector": "technology", "country": "Philippines", "employees": 2822},
            "owner": "ada-byron",
            "region": "West",
            "product": "GTX Pro",
            "amount": {"minor": 482100, "currency": "USD"},
            "stage": "engaging",
            "engaged_on": "2016-10-20",
        },
    }
    assert Envelope.model_validate(event)
    assert parse(event["dataschema"], event["data"], event_type=event["type"])


def test_a_row_without_an_account_is_an_event_that_its_contract_quarantines() -> None:
    event = plan_of(SAMPLE).events[1]
    assert "account" not in event["data"]
    with pytest.raises(ContractError) as caught:
        parse(event["dataschema"], event["data"], event_type=event["type"])
    assert (caught.value.field, caught.value.rule) == ("account", "missing")


def test_a_cell_that_cannot_be_converted_goes_on_to_its_contract_check() -> None:
    event = plan_of(SAMPLE).events[2]
    assert (event["data"]["account"]["employees"], event["data"]["engaged_on"]) == ("many", "31/31/2016")
    with pytest.raises(ContractError) as caught:
        parse(event["dataschema"], event["data"], event_type=event["type"])
    assert caught.value.field == "account.employees"


def test_joined_files_may_lie_beside_the_mapping(folder: Path, tmp_path: Path) -> None:
    alone = tmp_path / "alone.csv"
    (folder / "deals.csv").rename(alone)
    assert read_events(alone, "opportunity.created", folder / "deals.map.yaml").read == 5


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1252", "latin-1"])
def test_an_export_is_read_in_the_usual_encodings(folder: Path, encoding: str) -> None:
    text = (folder / "deals.csv").read_text(encoding="utf-8")
    (folder / "deals.csv").write_text(text.replace("Westwind", "Wëstwind"), encoding=encoding)
    events = plan_of(folder).events
    assert events[1]["data"]["owner"] == "jose-nunez"
    assert events[3]["data"]["account"]["name"] == "Wëstwind, Inc"


def test_only_a_header_makes_no_events(folder: Path) -> None:
    (folder / "deals.csv").write_text("deal,agent,product,account,stage,engaged\n", encoding="utf-8")
    assert (plan_of(folder).read, list(plan_of(folder).events)) == (0, [])


@pytest.mark.parametrize(
    ("file", "old", "new", "where"),
    [
        ("deals.csv", "deal,agent,", "number,agent,", "deals.csv:1: deal: is not a column"),
        ("deals.csv", ",engaged,", ",begun,", "deals.csv:1: engaged: is not a column, nor one of accounts.csv, products.csv"),
        ("deals.csv", ",closed", ",agent", "deals.csv:1: agent: stands in the header twice"),
        ("deals.csv", "product,account", "product,customer", "deals.csv:1: account: is not a column; accounts.csv"),
        ("accounts.csv", "account,", "name,", "accounts.csv:1: account: is not a column"),
        ("accounts.csv", "sector,", "product,", "accounts.csv:1: product: is a column of another table already"),
        ("products.csv", ",price", ",cost", "deals.csv:1: price: is not a column"),
        ("deals.map.yaml", "  sector:", "  sectr:", "deals.csv:1: sectr: is not a column"),
        ("accounts.csv", "Eastwind", "Northwind", "accounts.csv:3: account: has the value of line 2 again"),
        ("accounts.csv", "Eastwind,", ",", "accounts.csv:3: account: is empty"),
        ("deals.csv", "D-2", "D-1", "deals.csv:3: deal: has the value of line 2 again"),
        ("deals.csv", "D-2", "", "deals.csv:3: deal: is empty"),
        ("deals.csv", "D-5", "D" * 201, "deals.csv:8: deal: id"),
        ("deals.csv", "D-2,", "D-2,x,", "deals.csv:3: record: has 8 cells, the header 7"),
        ("deals.csv", ', Inc"', ", Inc", "deals.csv:8: record: is not CSV"),
    ],
)
def test_a_wrong_table_is_told_by_file_line_and_column(folder: Path, file: str, old: str, new: str, where: str) -> None:
    spoil(folder / file, old, new)
    with pytest.raises(ContractError) as caught:
        plan_of(folder)
    assert where in str(caught.value)


def test_a_time_that_is_none_stops_the_import_without_its_text(folder: Path) -> None:
    spoil(folder / "deals.map.yaml", "{fixed: 2017-12-31T00:00:00Z}", '{column: engaged, format: "%m/%d/%Y"}')
    with pytest.raises(ContractError) as caught:
        plan_of(folder)
    assert "deals.csv:5: engaged: time:" in str(caught.value)
    assert "31/31" not in str(caught.value)


@pytest.mark.parametrize("content", [b"", b"\xef\xbb\xbf", b"\n\n"])
def test_an_empty_file_is_told(folder: Path, content: bytes) -> None:
    (folder / "deals.csv").write_bytes(content)
    with pytest.raises(ContractError, match="the file is empty"):
        plan_of(folder)


def test_what_is_no_text_is_told(folder: Path) -> None:
    (folder / "deals.csv").write_bytes(b"deal,\x81\xff\n")
    with pytest.raises(ContractError, match="neither UTF-8 nor Windows-1252"):
        plan_of(folder)


@pytest.mark.parametrize("file", ["deals.csv", "accounts.csv", "deals.map.yaml"])
def test_a_file_that_is_not_there_is_told(folder: Path, file: str) -> None:
    (folder / file).unlink()
    with pytest.raises(MisconfiguredError, match=file):
        plan_of(folder)
