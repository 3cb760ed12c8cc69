"""An import accounts for every row, and the same file again changes nothing."""

from __future__ import annotations

from pathlib import Path

import pytest

from cli.importing import somebody_works
from runtime.settings import Settings
from tests.cli.conftest import Look, Towline

MAP = """
contract: opportunity.created/1
source: import/deals.csv
id: deal
subject: deal
only:
  stage: [Open]
vocabulary:
  product: {GTXPro: GTX Pro}
fields:
  account.name: {column: account}
  product: {column: product}
  owner: {column: seller, type: slug}
"""
ROWS = """deal,account,product,seller,stage
d-1,Acme,GTXPro,Ada Byron,Open
d-2,,GTX Pro,Ada Byron,Open
d-3,Umbrella,GTX Pro,Ada Byron,Won
d-4,,GTXPro,Grace Hopper,Open
"""


@pytest.fixture
def files(tmp_path: Path) -> tuple[str, ...]:
    (tmp_path / "deals.csv").write_text(ROWS)
    (tmp_path / "deals.map.yaml").write_text(MAP)
    return (str(tmp_path / "deals.csv"), "--as", "opportunity.created", "--map", str(tmp_path / "deals.map.yaml"))


def test_every_row_is_accounted_for(towline: Towline, files: tuple[str, ...]) -> None:
    said = towline("import", *files, "--no-wait", "--json")
    assert said.code == 0
    found = said.json
    assert (found["rows"], found["filtered"], found["events"]) == (4, 1, 3)
    assert (found["received"], found["quarantined"], found["duplicates"]) == (1, 2, 0)
    assert found["mended"] == {"product": 2}
    (cause,) = found["causes"]
    assert (cause["events"], cause["owner"]) == (2, "sales-operations")
    assert found["agrees"]
    assert all(found["sums"].values())


def test_the_same_file_again_changes_nothing(towline: Towline, files: tuple[str, ...]) -> None:
    towline("import", *files, "--no-wait")
    before = towline("events", "--json").json
    found = towline("import", *files, "--no-wait", "--json").json
    assert (found["received"], found["quarantined"], found["duplicates"]) == (0, 0, 3)
    assert found["standing"] == {"received": 1, "quarantined": 2}
    assert found["agrees"]
    assert towline("events", "--json").json == before


def test_where_no_worker_runs_an_import_says_that_events_wait(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert not somebody_works(Settings(home=tmp_path, database_url=None))
    assert "wait in the inbox" in capsys.readouterr().err


def test_a_missing_column_ends_before_anything_is_stored(towline: Towline, files: tuple[str, ...], tmp_path: Path) -> None:
    (tmp_path / "deals.csv").write_text(ROWS.replace("seller", "agent", 1))
    said = towline("import", *files)
    assert (said.code, said.err.count("\n")) == (1, 1)
    assert "deals.csv:1: seller" in said.err
    assert towline("events", "--json").json == []


def test_an_unknown_event_is_refused(towline: Towline, files: tuple[str, ...]) -> None:
    said = towline("import", files[0], "--as", "deal.lost", *files[3:])
    assert said.code == 1
    assert towline("events", "--json").json == []


def test_the_summary_for_people_says_the_sums(towline: Towline, files: tuple[str, ...], look: Look) -> None:
    said = towline("import", *files, "--no-wait")
    assert "every row is accounted for" in said.out
    assert "spellings mended in product" in said.out
