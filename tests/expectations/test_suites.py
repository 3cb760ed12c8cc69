"""Every named expectation lets a good row pass and refuses a bad one, for its own reason."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import pytest

from contracts.catalog import catalog
from expectations import discovery, lead
from expectations.gate import Gate
from expectations.rows import Row
from expectations.suites import SUITES
from lifecycle.paths import PATHS

ONE = UUID(int=1)

BAD: list[tuple[str, type, list[dict[str, Any]]]] = [
    ("lead", lead.LeadArrivesOnce, [{"event_id": ONE}, {"event_id": ONE}]),
    ("lead", lead.LeadNamesItsCompany, [{"company": None}]),
    ("lead", lead.LeadNamesTheDomain, [{"domain": None}]),
    ("lead", lead.DomainIsPlausible, [{"domain": "10.0.0.1"}]),
    ("lead", lead.DomainIsPlausible, [{"domain": "-.example"}]),
    ("lead", lead.DomainIsTheCompanysOwn, [{"domain": "gmail.com"}]),
    ("lead", lead.LeadNamesAContactEmail, [{"email": None}]),
    ("lead", lead.ContactEmailIsPlausible, [{"email": "ada@northwind"}]),
    ("lead", lead.LeadHasAnOwner, [{"owner": None}]),
    ("lead", lead.LeadAmountIsReasonable, [{"amount": -0.01}]),
    ("lead", lead.LeadAmountIsReasonable, [{"amount": 10_000_000.01}]),
    ("lead", lead.LeadAmountNamesItsCurrency, [{"currency": None}]),
    ("lead", lead.SourceIsSureOfTheLead, [{"confidence": 0.49}]),
    ("lead", lead.ContactCanAnswer, [{"email": "no-reply@northwind.example"}]),
    ("discovery", discovery.DealGetsOnePacket, [{"case_id": ONE}, {"case_id": ONE}]),
    ("discovery", discovery.DealNamesItsAccount, [{"account": None}]),
    ("discovery", discovery.DealHasAnOwner, [{"owner": None}]),
    ("discovery", discovery.DealAmountIsNotNegative, [{"amount": -1.0}]),
    ("discovery", discovery.DealStageIsKnown, [{"stage": "won"}]),
]

GOOD: list[tuple[str, dict[str, Any]]] = [
    ("lead", {}),
    ("lead", {"amount": None, "currency": None}),
    ("lead", {"amount": 0.0}),
    ("lead", {"amount": 10_000_000.0}),
    ("lead", {"confidence": 0.5}),
    ("lead", {"domain": "xn--mnchen-3ya.xn--p1ai", "email": "jo.o'neil+crm@mail.northwind.co.uk"}),
    ("discovery", {}),
    ("discovery", {"amount": None, "currency": None}),
    ("discovery", {"stage": "prospecting"}),
]


@pytest.mark.parametrize(("suite", "expectation", "changes"), BAD)
def test_a_bad_row_is_refused_for_its_own_reason(
    gate: Gate, good_row: Any, suite: str, expectation: type, changes: list[dict[str, Any]]
) -> None:
    good: Row = good_row(suite)
    bad: list[Row] = [good_row(suite, **change) for change in changes]

    report = gate.check(suite, [good, *bad])

    rules = {report.failures[row["event_id"]] for row in bad if row["event_id"] in report.failures}
    rules |= {rule for row in bad for rule in report.warnings.get(row["event_id"], ())}
    assert [rule.description for rule in rules] == [expectation().description]
    assert good["event_id"] in report.passed
    assert good["event_id"] not in report.warnings


@pytest.mark.parametrize(("suite", "changes"), GOOD)
def test_a_good_row_passes_without_a_word(gate: Gate, good_row: Any, suite: str, changes: dict[str, Any]) -> None:
    row = good_row(suite, **changes)

    report = gate.check(suite, [row])

    assert list(report.passed) == [row["event_id"]]
    assert not report.failures
    assert not report.warnings


def test_every_path_has_a_suite() -> None:
    assert {catalog()[event].flow for event in PATHS} == set(SUITES)


@pytest.mark.parametrize(("suite", "expectation"), [(suite, each) for suite, named in SUITES.items() for each in named])
def test_every_expectation_says_what_it_means_and_has_a_bad_row_above(suite: str, expectation: type) -> None:
    assert len(expectation().description.split()) > 4
    assert (suite, expectation) in {(name, each) for name, each, _ in BAD}
