"""Every expectation on a record lets a good one pass and refuses a bad one, whatever page it came on."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from expectations import lead, records
from expectations.gate import Gate
from expectations.record_rows import Rows, case_row
from expectations.records import RECORDS

NOW = datetime(2026, 11, 25, 2, tzinfo=UTC)
GOOD: dict[str, dict[str, Any]] = {
    "companies": {"name": "Northwind GmbH", "domain": "northwind.example", "same_key": None, "same_domain": None},
    "contacts": {"name": "Byron", "email": "ada@northwind.example", "same_key": None, "same_email": None},
    "deals": {
        "name": "Northwind",
        "stage": "qualified",
        "owner": "sales-1",
        "amount": 100.0,
        "currency": "EUR",
        "is_open": True,
        "idle_days": 3.0,
        "same_key": None,
    },
    "cases": {"in_crm": True, "stage": "won", "same_currency": True},
}
BAD: list[tuple[str, type, dict[str, Any]]] = [
    *((suite, records.RecordHasAName, {"name": None}) for suite in ("companies", "contacts", "deals")),
    *((suite, records.KeyStandsOnce, {"same_key": "7"}) for suite in ("companies", "contacts", "deals")),
    ("companies", records.CompanyHasADomain, {"domain": None}),
    ("companies", lead.DomainIsPlausible, {"domain": "northwind"}),
    ("companies", records.DomainStandsOnce, {"same_domain": "7"}),
    ("contacts", records.ContactHasAnEmail, {"email": None}),
    ("contacts", lead.ContactEmailIsPlausible, {"email": "ada@northwind"}),
    ("contacts", records.EmailStandsOnce, {"same_email": "7"}),
    ("deals", records.DealStandsAtAStage, {"stage": "appointmentscheduled"}),
    ("deals", records.DealBelongsToSomebody, {"owner": None}),
    ("deals", records.DealAmountIsReasonable, {"amount": 10_000_000.01}),
    ("deals", records.DealAmountIsReasonable, {"amount": float("inf")}),
    ("deals", records.DealAmountNamesItsCurrency, {"currency": None}),
    ("deals", records.OpenDealMoves, {"idle_days": 90.1}),
    ("cases", records.CaseHasItsDeal, {"in_crm": False, "stage": None}),
    ("cases", records.CaseIsNotLost, {"stage": "lost"}),
    ("cases", records.CaseAgreesOnItsCurrency, {"same_currency": False}),
]


@pytest.fixture(scope="module")
def record_gate() -> Gate:
    return Gate(RECORDS, by="record")


@pytest.mark.parametrize(("suite", "expectation", "changes"), BAD)
def test_a_bad_record_is_refused_by_its_id_and_for_its_own_reason(
    record_gate: Gate, suite: str, expectation: type, changes: dict[str, Any]
) -> None:
    rows = [{"record": "1", **GOOD[suite]}, {"record": "2", **GOOD[suite], **changes}]
    said = record_gate.check(suite, rows).summary["expectations"]
    refused = {one["description"]: one["events"] for one in said if one["unexpected"]}
    assert refused == {expectation().description: ["2"]}


CLOSED = ("deals", {"is_open": False, "idle_days": 900.0})


@pytest.mark.parametrize(("suite", "changes"), [*((suite, {}) for suite in RECORDS), CLOSED])
def test_a_good_record_passes_without_a_word(record_gate: Gate, suite: str, changes: dict[str, Any]) -> None:
    report = record_gate.check(suite, [{"record": "1", **GOOD[suite], **changes}])
    assert (list(report.failures), list(report.warnings)) == ([], [])


def test_every_expectation_on_records_has_a_bad_record_above() -> None:
    assert {(suite, each) for suite, named in RECORDS.items() for each in named} == {(suite, each) for suite, each, _ in BAD}


@pytest.mark.parametrize(
    ("written", "becomes"), [("12.5", 12.5), ("", None), ("nan", float("inf")), ("a lot", float("inf")), ("1e400", float("inf"))]
)
def test_what_is_no_amount_is_outside_of_every_range(written: str, becomes: float | None) -> None:
    assert Rows("deal", NOW).row({"id": "1", "amount": written})["amount"] == becomes


@pytest.mark.parametrize("moment", ["2026-01-01T00:00:00", "yesterday", ""])
def test_a_moment_without_its_zone_or_that_is_none_says_nothing_of_idle_days(moment: str) -> None:
    assert Rows("deal", NOW).row({"id": "1", "changed": moment})["idle_days"] is None


def test_days_are_counted_from_the_last_change() -> None:
    changed = (NOW - timedelta(days=91)).isoformat()
    assert Rows("deal", NOW).row({"id": "1", "changed": changed})["idle_days"] == 91


@given(st.lists(st.sampled_from(["Ada@x.example", "ada@X.example ", "bob@x.example", ""]), max_size=12))
def test_of_records_with_one_address_all_but_the_first_name_that_one(emails: list[str]) -> None:
    rows = Rows("contact", NOW)
    made = [rows.row({"id": str(n), **({"email": email} if email else {})}) for n, email in enumerate(emails)]
    folded = [email.strip().lower() for email in emails]
    first = [str(folded.index(email)) if email and folded.index(email) < n else None for n, email in enumerate(folded)]
    assert [row["same_email"] for row in made] == first


def test_a_case_is_held_against_what_the_crm_has_of_its_deal() -> None:
    assert case_row("7", "EUR", None) == {"record": "7", "in_crm": False, "stage": None, "same_currency": True}
    assert case_row("7", "EUR", {"stage": "lost", "currency": "USD"})["same_currency"] is False
    assert case_row("7", None, {"stage": "won", "currency": "USD"})["same_currency"] is True
