"""The gate takes a batch, lets good rows pass, says why others do not, and neither forgets, invents nor repeats a value."""

from __future__ import annotations

import gc
import json
from concurrent.futures import ThreadPoolExecutor
from typing import Any, ClassVar
from uuid import uuid4

import great_expectations.expectations as gxe
import pytest

from expectations.gate import Gate, GateError
from expectations.named import Named
from expectations.report import GateReport, Kind, Route


class Odd(Named):
    kind: ClassVar = Kind.RANGE
    fix: ClassVar = "mend the test"


class BatchHasThreeRows(gxe.ExpectTableRowCountToEqual, Odd):
    value: Any = 3
    description: str = "Every batch of the test has three rows"


class ColumnIsThere(gxe.ExpectColumnValuesToNotBeNull, Odd):
    column: str = "nowhere"
    description: str = "A column that no row has is filled"


class NumberIsSmall(gxe.ExpectColumnValuesToBeBetween, Odd):
    column: str = "number"
    max_value: Any = 3
    description: str = "A number is small, and a number at that"


@pytest.fixture(scope="module")
def odd_gate() -> Gate:
    route = Route.INTEGRATION_OWNER
    return Gate({"table": {BatchHasThreeRows: route}, "column": {ColumnIsThere: route}, "number": {NumberIsSmall: route}})


def test_bad_rows_leave_the_batch_and_the_others_go_on(gate: Gate, good_row: Any) -> None:
    """Given a batch of a hundred leads of which two lack an owner, When it is checked, Then ninety-eight pass in their order."""
    rows = [good_row("lead", owner=None if n in {17, 55} else "sales-1") for n in range(100)]

    report = gate.check("lead", rows)

    assert list(report.passed) == [row["event_id"] for n, row in enumerate(rows) if n not in {17, 55}]
    assert set(report.failures) == {rows[17]["event_id"], rows[55]["event_id"]}
    failure = report.failures[rows[17]["event_id"]]
    assert (failure.rule, failure.column, failure.severity, failure.route) == (
        "lead_has_an_owner",
        "owner",
        "critical",
        Route.PROCESS_OWNER,
    )


def test_a_row_with_several_failures_is_told_the_first_of_the_suite(gate: Gate, good_row: Any) -> None:
    row = good_row("lead", confidence=0.1, owner=None, company=None)
    report = gate.check("lead", [row])
    assert report.failures[row["event_id"]].rule == "lead_names_its_company"


def test_a_warning_lets_the_row_pass(gate: Gate, good_row: Any) -> None:
    row = good_row("lead", email="noreply@northwind.example")
    report = gate.check("lead", [row])
    assert list(report.passed) == [row["event_id"]]
    assert [warning.rule for warning in report.warnings[row["event_id"]]] == ["contact_can_answer"]


def test_a_row_may_fail_and_be_warned_about(gate: Gate, good_row: Any) -> None:
    row = good_row("lead", email="noreply@northwind.example", owner=None)
    report = gate.check("lead", [row])
    assert (list(report.passed), list(report.failures), list(report.warnings)) == ([], [row["event_id"]], [row["event_id"]])


def test_the_summary_is_json_that_names_events_and_no_values(gate: Gate, good_row: Any) -> None:
    rows = [good_row("lead", company="Secret Ltd", email="who@secret", owner=None), good_row("lead")]

    report = gate.check("lead", rows)

    text = json.dumps(report.summary)
    assert "Secret" not in text
    assert "who@" not in text
    assert (report.summary["suite"], report.summary["checked"], report.summary["failed"]) == ("lead", 2, 1)
    refusal = next(each for each in report.summary["expectations"] if each["rule"] == "lead_has_an_owner")
    assert refusal["description"] == "Every lead names the seller who owns it"
    assert (refusal["success"], refusal["elements"], refusal["unexpected"]) == (False, 2, 1)
    assert refusal["events"] == [str(rows[0]["event_id"])]


def test_an_empty_batch_has_nothing_to_fail(gate: Gate) -> None:
    report = gate.check("lead", [])
    assert (list(report.passed), dict(report.failures), report.summary["checked"]) == ([], {}, 0)


def test_what_fails_for_the_table_as_a_whole_fails_every_row(odd_gate: Gate) -> None:
    events = [uuid4(), uuid4()]
    report = odd_gate.check("table", [{"event_id": event} for event in events])
    assert set(report.failures) == set(events)
    assert not report.passed


def test_what_holds_for_the_table_lets_every_row_pass(odd_gate: Gate) -> None:
    assert len(odd_gate.check("table", [{"event_id": uuid4()} for _ in range(3)]).passed) == 3


@pytest.mark.parametrize(("suite", "row"), [("column", {"number": 1}), ("number", {"number": "private"}), ("number", {})])
def test_what_cannot_be_evaluated_is_an_error_and_never_a_pass(odd_gate: Gate, suite: str, row: dict[str, Any]) -> None:
    with pytest.raises(GateError) as caught:
        odd_gate.check(suite, [{"event_id": uuid4(), **row}])
    assert "private" not in str(caught.value)


def test_rows_with_unlike_columns_are_an_error_without_their_values(gate: Gate, good_row: Any) -> None:
    short = good_row("lead")
    del short["owner"]
    with pytest.raises(GateError) as caught:
        gate.check("lead", [good_row("lead"), short])
    assert "northwind" not in str(caught.value)


def test_several_threads_get_each_their_own_answer(gate: Gate, good_row: Any) -> None:
    """Given twelve batches at once, half of them bad, When all are checked, Then each is told about its own rows only."""
    batches = [[good_row("lead", owner=None if n % 2 else "sales-1"), good_row("lead")] for n in range(12)]

    with ThreadPoolExecutor(4) as pool:
        reports: list[GateReport] = list(pool.map(lambda rows: gate.check("lead", rows), batches))

    for n, (rows, report) in enumerate(zip(batches, reports, strict=True)):
        assert set(report.failures) == ({rows[0]["event_id"]} if n % 2 else set())
        assert set(report.passed) | set(report.failures) == {row["event_id"] for row in rows}


def test_a_batch_is_forgotten_after_its_check(gate: Gate, good_row: Any) -> None:
    """Given a check that refuses a value, When it is over, Then no text in memory holds the value any more."""
    mark = "".join(("unlike", "anything", "else"))

    def check(email: str) -> int:
        return len(gate.check("lead", [good_row("lead", email=email)]).failures)

    assert check(f"{mark}@nowhere") == 1
    gc.collect()
    texts = [text for each in gc.get_objects() if isinstance(each, dict) for text in each.values() if isinstance(text, str)]
    assert len(texts) > 1000
    assert not [text for text in texts if mark in text and text != mark]
