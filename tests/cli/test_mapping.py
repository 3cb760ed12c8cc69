"""`towline contracts mapping` prints the matrix, and a success rate that was measured, never claimed."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from contracts.matrix import matrix
from contracts.measure import Measured
from tests.cli.conftest import LEAD, Towline
from tests.cli.test_imports import SAMPLE


def test_every_row_of_the_matrix_is_printed_and_without_events_nothing_is_claimed(towline: Towline) -> None:
    said = towline("contracts", "mapping")
    rows = [
        (vendor, entity, name) for vendor, table in matrix().items() for entity in table.entities for name in table[entity].rows
    ]
    lines = {tuple(line.split()[:3]) for line in said.out.splitlines()}
    assert [row for row in rows if row not in lines] == []
    assert (said.code, "nothing measured yet: no event came in in the last 30 days" in said.out) == (0, True)
    assert towline("contracts", "mapping", "--json").json["measured"]["rate"] is None


def test_a_value_that_does_not_fit_is_counted_by_field_and_rule_and_never_shown(towline: Towline, received: Any) -> None:
    """Given 9 good leads and one with a bad phone number and a field too many, then 50 of 52 values fit, which is too few."""
    for number in range(9):
        received(f"lead-{number}")
    received("bad", LEAD | {"person": LEAD["person"] | {"phone": "ask Ada"}, "shoe_size": "46"})
    said = towline("contracts", "mapping")
    assert said.code == 1
    assert "96.15 % mapped: 50 of 52 values in 10 events in the last 30 days; target 99.50 % missed" in said.out
    assert "ask Ada" not in said.out
    found = towline("contracts", "mapping", "--json").json["measured"]
    misses = {one["field"]: one["misses"] for one in found["fields"] if one["misses"]}
    assert misses == {"person.phone": {"phone": 1}, "shoe_size": {"extra_forbidden": 1}}
    assert (found["values"], found["mapped"], found["events"]) == (52, 50, 10)


def test_a_required_value_that_did_not_come_is_one_that_does_not_fit(towline: Towline, received: Any) -> None:
    received("bad", {name: value for name, value in LEAD.items() if name != "owner"})
    found = towline("contracts", "mapping", "--json").json["measured"]
    assert {one["field"]: one["misses"] for one in found["fields"]}["owner"] == {"missing": 1}


def test_one_vendor_is_shown_alone(towline: Towline, received: Any) -> None:
    received("lead-1")
    found = towline("contracts", "mapping", "--vendor", "stripe", "--json").json
    assert {row["vendor"] for row in found["matrix"]} == {"stripe"}
    assert found["measured"]["events"] == 0
    unknown = towline("contracts", "mapping", "--vendor", "acme")
    assert (unknown.code, unknown.err) == (1, "towline: there is no such vendor; known are google, hubspot, slack, stripe\n")


def test_a_file_is_measured_by_its_mapping_file(towline: Towline) -> None:
    """Given a table in which one account's number of employees is a word, then that is the miss."""
    said = towline("contracts", "mapping", "--file", str(SAMPLE / "deals.csv"), "--map", str(SAMPLE / "deals.map.yaml"), "--json")
    found = said.json["measured"]
    assert said.code == 1
    assert {one["field"] for one in found["fields"] if one["misses"]} >= {"account.employees"}
    assert 0 < found["mapped"] < found["values"]


def test_a_file_without_its_mapping_is_refused(towline: Towline, tmp_path: Path) -> None:
    assert towline("contracts", "mapping", "--file", str(tmp_path / "x.csv")).code == 1


def test_without_a_ledger_the_matrix_is_printed_all_the_same(towline: Towline, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TOWLINE_DATABASE_URL", "postgresql://nobody@/nowhere?host=/nonexistent")
    said = towline("contracts", "mapping")
    assert (said.code, "dealstage" in said.out, "nothing measured yet: " in said.out) == (0, True, True)


def test_an_amount_is_one_value_and_so_are_the_places_of_a_list() -> None:
    measured = Measured()
    good = {"deal_id": "1", "invoice_id": "in_1", "amount": {"minor": 1, "currency": "EUR"}, "paid_at": "2026-01-01T00:00:00Z"}
    measured.add("stripe", "payment.confirmed", "payment.confirmed/1", good)
    measured.add("stripe", "payment.confirmed", "payment.confirmed/1", good | {"amount": {"minor": 1, "currency": "XXQ"}})
    assert measured.fields["stripe", "payment.confirmed", "amount"].misses == {"currency": 1}
    assert (measured.values, measured.mapped) == (8, 7)
