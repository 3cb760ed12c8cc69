"""`towline assess`: a file or the CRM's contacts, assessed before anything is connected."""

from __future__ import annotations

import csv
import json
from datetime import UTC, datetime
from html.parser import HTMLParser
from pathlib import Path

import httpx
import pytest

from assessment.assess import assess_file
from benchmarks.dirty import Shape, write
from cli.main import run

PRIVATE = ("Byron", "ada@", "901820")
TABLE = (
    "Record ID,First Name,Last Name,Email,Phone,Company,Country\n"
    "7,Ada,Byron,ada@northwind.example,+49 30 901820,Northwind GmbH,Germany\n"
    "8,Ada,Byron,ADA@northwind.example,030 901820,Northwind,Deutschland\n"
    "9,,,ada@,,Northwind GmbH\n"
)


@pytest.fixture
def at_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with a table in it, and no settings."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("TOWLINE_HOME", str(tmp_path / "home"))
    (tmp_path / "contacts.csv").write_text(TABLE)
    return tmp_path


def test_a_file_is_assessed_into_report_and_work_list(at_home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["assess", "contacts.csv", "--out", "found"]) == 0
    said = capsys.readouterr().out
    assert "3: 1 can go as they are, 2 need work" in said
    assert "Same e-mail address" in said
    assert "found/assessment.html" in said
    assert sorted(path.name for path in (at_home / "found").iterdir()) == ["assessment.html", "worklist.csv"]


def test_without_out_the_folder_has_the_date(at_home: Path) -> None:
    assert run(["assess", "contacts.csv"]) == 0
    (folder,) = at_home.glob("assessment-*")
    assert datetime.strptime(folder.name, "assessment-%Y-%m-%d-%H%M%S").replace(tzinfo=UTC)


def test_json_has_every_figure(at_home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["assess", "contacts.csv", "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    rows = {one["cause"]: one["rows"] for one in told["causes"]}
    assert (told["rows"], told["sound"], told["duplicates"], rows["broken_row"], rows["invalid_phone"]) == (3, 1, 1, 1, 1)
    assert told["hours_with_reserve"] == pytest.approx(1.4 * told["hours"])


def test_no_cell_is_said_on_the_screen_or_written_to_the_work_list(at_home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["assess", "contacts.csv", "--out", "found"]) == 0
    said = capsys.readouterr()
    written = (at_home / "found" / "worklist.csv").read_text() + (at_home / "found" / "assessment.html").read_text()
    assert [word for word in PRIVATE if word in said.out + said.err + written] == []


def test_a_file_that_is_wrong_is_one_line_on_stderr(at_home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (at_home / "empty.csv").write_text("")
    assert run(["assess", "empty.csv"]) == 1
    assert capsys.readouterr().err.strip() == "towline: empty.csv:1: header: is missing: the file is empty"
    assert list(at_home.glob("assessment-*")) == []


def test_the_crms_contacts_are_assessed(
    at_home: Path, sandbox_port: int, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The sandbox stands for the CRM, and no ledger runs yet."""
    monkeypatch.setenv("TOWLINE_SANDBOX_PORT", str(sandbox_port))
    monkeypatch.setenv("TOWLINE_SANDBOX_LIMITS", "off")
    with httpx.Client(base_url=f"http://127.0.0.1:{sandbox_port}/_sandbox", trust_env=False) as people:
        people.post("/reset").raise_for_status()
        for properties in ({"firstname": "Ada", "phone": "ask her"}, {"email": "bo@x.example", "lastname": "Bo", "company": "X"}):
            people.post("/people", json={"system": "crm", "kind": "contacts", "properties": properties}).raise_for_status()
    assert run(["assess", "crm", "--out", "found", "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert (told["rows"], told["sound"], told["source"]["name"]) == (2, 1, "sandbox contacts")
    with (at_home / "found" / "worklist.csv").open(newline="") as file:
        found = {(row["cause"], row["field"]) for row in csv.DictReader(file) if row["id"]}
    assert found == {("invalid_phone", "phone"), ("missing_required", "email"), ("missing_required", "company")}


def test_a_crm_that_does_not_answer_is_an_error_and_leaves_nothing(
    at_home: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("TOWLINE_SANDBOX_PORT", "1")
    monkeypatch.setenv("TOWLINE_SANDBOX_LIMITS", "off")
    assert run(["assess", "crm"]) == 1
    assert "start it with `towline up`" in capsys.readouterr().err
    assert list(at_home.glob("assessment-*")) == []


class Page(HTMLParser):
    """What a page is made of, and what it would ask for."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.asks: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.asks += [value for name, value in attrs if name in ("src", "href", "xlink:href") and value and value != "data:,"]


def test_the_report_is_one_file_with_charts_that_asks_for_nothing(tmp_path: Path) -> None:
    write(tmp_path / "contacts.csv", Shape.of(2_000), 5)
    text = assess_file(tmp_path / "contacts.csv", tmp_path / "out", datetime(2026, 11, 25, tzinfo=UTC)).report.read_text()
    page = Page()
    page.feed(text)
    assert page.tags.count("svg") == 4
    assert "script" not in page.tags
    assert page.asks == []
    assert "url(" not in text
    assert "@import" not in text
    assert "prefers-color-scheme: dark" in text


def test_what_a_file_says_of_itself_is_no_markup_in_the_report(tmp_path: Path) -> None:
    row = "1,Ada,ada@x.example,X,<b>Mars</b>\n"
    name = "<img src=x>.csv"
    (tmp_path / name).write_text("id,name,email,company,country,<script>alert(1)</script>\n" + row.replace("\n", ",\n") * 9)
    text = assess_file(tmp_path / name, tmp_path / "out", datetime(2026, 11, 25, tzinfo=UTC)).report.read_text()
    assert "&lt;b&gt;mars&lt;/b&gt;" in text
    page = Page()
    page.feed(text)
    assert {"script", "img"}.isdisjoint(page.tags)
