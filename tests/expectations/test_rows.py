"""A row says what its event says, flat, and no more."""

from __future__ import annotations

import json
import subprocess
import sys
from datetime import date
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from contracts.cancellation import DealCancelledV1
from contracts.catalog import catalog
from contracts.event import CONTRACTS, newest, read
from contracts.proposal import DiscoveryCompletedV1
from contracts.values import Contract
from expectations.gate import Gate
from expectations.rows import row
from tests.world import SAMPLES

LEAD = {
    "company": {"name": "Northwind GmbH", "domain": "northwind.example"},
    "person": {"name": "Ada Byron", "email": "ada@northwind.example"},
    "amount": {"minor": 1500050, "currency": "EUR"},
    "owner": "sales-1",
    "confidence": 0.93,
}
DEAL = {
    "account": {"name": "Northwind GmbH"},
    "owner": "sales-1",
    "amount": {"minor": 5000, "currency": "JPY"},
    "stage": "engaging",
}

DEAL_FACTS = {
    "account": "Northwind GmbH",
    "email": "ada@northwind.example",
    "owner": "sales-1",
    "title": "Northwind GmbH - implementation",
    "stage": "delivery",
    "crm_stage": "won",
    "late": 0.5,
}
MONEY = {"amount": 15000.1, "currency": "EUR", "line_currency": "EUR"}
OFFER = {**MONEY, "lines_total": 15000.1, "clauses": 4, "unapproved_clauses": 0, "service": "implementation"}
INVOICED = {**MONEY, "billed": 15000.1, "billed_currency": "EUR", "invoiced": 15000.1, "paid": 0.0, "invoice_of_deal": True}
FACTS: dict[str, dict[str, Any]] = {
    "discovery.completed": OFFER | {"line_currency": None},
    "change.requested": OFFER,
    "proposal.approved": {
        **MONEY,
        "decision": "approved",
        "approved_by": "head-of-sales",
        "deal_in_decision": True,
        "document_of_deal": True,
        "lines_total": 15000.1,
    },
    "milestone.reached": {"request": "8101", "approved_notes": 0, "milestone": "Data is loaded"},
    "delivery.completed": {**MONEY, "agreed": 15000.1, "lines_total": 15000.1, "payment_days": 30},
    "invoice.issued": INVOICED | {"invoice_status": "open", "due_on": date(2026, 12, 23)},
    "invoice.overdue": INVOICED | {"invoice_status": "open", "days": 7},
    "invoice.voided": INVOICED | {"invoice_status": "void"},
    "payment.confirmed": INVOICED | {"invoice_status": "paid"},
    "payment.failed": INVOICED | {"invoice_status": "open"},
    "payment.refunded": INVOICED | {"invoice_status": "paid", "paid": 15000.1},
    "deal.cancelled": {"invoice_status": "open", "reason": ""},
}
"""What a flow has looked up for the deal of a good event."""

NEEDED: dict[str, list[str]] = {
    "discovery.completed": ["account", "email", "owner", "amount", "lines_total", "unapproved_clauses"],
    "proposal.approved": [
        "account",
        "email",
        "owner",
        "amount",
        "decision",
        "approved_by",
        "deal_in_decision",
        "document_of_deal",
    ],
    "milestone.reached": ["account", "owner", "request"],
    "delivery.completed": ["account", "email", "owner", "amount", "agreed", "lines_total"],
    "invoice.issued": ["account", "owner", "amount", "invoice_status", "invoice_of_deal"],
    "invoice.overdue": ["account", "email", "owner", "amount", "invoice_status", "invoice_of_deal"],
    "invoice.voided": ["account", "owner", "amount", "invoice_of_deal"],
    "payment.confirmed": ["account", "owner", "amount", "invoiced", "invoice_status", "invoice_of_deal"],
    "payment.failed": ["account", "owner", "amount", "invoiced"],
    "payment.refunded": ["account", "owner", "amount", "paid"],
    "deal.cancelled": ["owner"],
}
"""What nobody may go on without."""

SAMPLED = sorted(path for event_type in FACTS for path in SAMPLES.glob(f"{event_type}/1/*.json"))


def test_a_lead_becomes_a_row_that_passes_the_gate(gate: Gate) -> None:
    event, case = uuid4(), uuid4()
    found = row(read("lead.qualified/1", LEAD, event_type="lead.qualified"), event=event, case=case, facts={})
    assert found == {
        "event_id": event,
        "case_id": case,
        "late": None,
        "company": "Northwind GmbH",
        "domain": "northwind.example",
        "email": "ada@northwind.example",
        "slip_of": None,
        "owner": "sales-1",
        "confidence": 0.93,
        "amount": 15000.5,
        "currency": "EUR",
    }
    assert list(gate.check("lead", [found]).passed) == [event]


def test_an_opportunity_becomes_a_row_that_passes_the_gate(gate: Gate) -> None:
    event, case = uuid4(), uuid4()
    found = row(read("opportunity.created/1", DEAL, event_type="opportunity.created"), event=event, case=case, facts={})
    assert found == {
        "event_id": event,
        "case_id": case,
        "late": None,
        "account": "Northwind GmbH",
        "owner": "sales-1",
        "stage": "engaging",
        "amount": 5000.0,
        "currency": "JPY",
    }
    assert list(gate.check("discovery", [found]).passed) == [event]


@pytest.mark.parametrize(
    ("event_type", "data"), [("lead.qualified", {"contact_id": "7"}), ("opportunity.created", {"deal_id": "7"})]
)
def test_an_event_that_only_names_its_crm_record_has_every_column(gate: Gate, event_type: str, data: dict[str, str]) -> None:
    found = row(read(f"{event_type}/1", data, event_type=event_type), event=uuid4(), case=uuid4(), facts={})
    suite = "lead" if event_type == "lead.qualified" else "discovery"
    assert set(gate.check(suite, [found]).failures) == {found["event_id"]}


@pytest.mark.parametrize("path", SAMPLED, ids=lambda path: f"{path.parts[-3]}-{path.stem}")
def test_an_event_and_what_was_looked_up_become_a_row_that_passes_the_gate(gate: Gate, path: Path) -> None:
    event_type = path.parts[-3]
    payload = read(f"{event_type}/1", json.loads(path.read_text()), event_type=event_type)
    found = row(payload, event=uuid4(), case=uuid4(), facts=DEAL_FACTS | FACTS[event_type])
    assert list(gate.check(catalog()[event_type].flow, [found]).passed) == [found["event_id"]]


@pytest.mark.parametrize("event_type", CONTRACTS)
def test_a_blank_event_of_which_nothing_is_known_can_be_checked_and_does_not_pass(gate: Gate, event_type: str) -> None:
    contract = CONTRACTS[event_type][newest(event_type)]
    blank = contract.model_construct(**{name: None for name, field in contract.model_fields.items() if field.is_required()})
    found = row(blank, event=uuid4(), case=uuid4(), facts={})
    assert not gate.check(catalog()[event_type].flow, [found]).passed


@pytest.mark.parametrize(("event_type", "forgotten"), [(event, name) for event, names in NEEDED.items() for name in names])
def test_what_a_flow_forgot_to_look_up_is_never_taken_for_good(gate: Gate, event_type: str, forgotten: str) -> None:
    known = {name: fact for name, fact in (DEAL_FACTS | FACTS[event_type]).items() if name != forgotten}
    sample = min(SAMPLES.glob(f"{event_type}/1/*.json")).read_text()
    found = row(read(f"{event_type}/1", json.loads(sample), event_type=event_type), event=uuid4(), case=uuid4(), facts=known)
    assert not gate.check(catalog()[event_type].flow, [found]).passed


def test_a_sum_of_floats_agrees_to_the_cent(gate: Gate) -> None:
    """Given lines of ten and twenty cents, which add up to a little more than thirty as floats, Then they are thirty cents."""
    facts = DEAL_FACTS | FACTS["discovery.completed"] | {"amount": 0.3, "lines_total": 0.1 + 0.2}
    payload = DiscoveryCompletedV1(deal_id="7")
    exact, off = (row(payload, event=uuid4(), case=uuid4(), facts=facts | more) for more in ({}, {"amount": 0.31}))
    report = gate.check("proposal", [exact, off])
    assert list(report.passed) == [exact["event_id"]]
    assert report.failures[off["event_id"]].rule == "lines_add_up"


def test_a_cancellation_without_words_has_no_reason() -> None:
    found = row(DealCancelledV1(deal_id="7"), event=uuid4(), case=uuid4(), facts={})
    assert found["reason"] is None


def test_an_event_without_a_suite_has_no_row() -> None:
    with pytest.raises(TypeError):
        row(Contract(), event=uuid4(), case=uuid4(), facts={})


def test_rows_and_reports_do_without_great_expectations() -> None:
    code = (
        "import sys, expectations.rows, expectations.report; sys.exit(bool({'great_expectations', 'pandas'} & set(sys.modules)))"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0  # noqa: S603


@pytest.mark.parametrize(
    ("email", "slip_of"),
    [
        ("ada@northwnid.example", "northwind.example"),
        ("ada@gmial.com", "gmail.com"),
        ("ada@gmail.com", None),
        ("ada@other.example", None),
    ],
)
def test_an_address_that_is_a_slip_is_told_by_what_it_is_a_slip_of(gate: Gate, email: str, slip_of: str | None) -> None:
    data = LEAD | {"person": {"name": "Ada Byron", "email": email}}
    found = row(read("lead.qualified/1", data, event_type="lead.qualified"), event=uuid4(), case=uuid4(), facts={})
    assert found["slip_of"] == slip_of
    assert bool(gate.check("lead", [found]).failures) == bool(slip_of)


def test_an_address_is_not_questioned_that_a_person_has_confirmed_or_that_the_crm_holds(gate: Gate) -> None:
    slip = LEAD | {"person": {"name": "Ada Byron", "email": "ada@northwinds.example"}}
    confirmed, held = {"answered": {"person.email"}}, slip | {"contact_id": "501"}
    for data, facts in ((slip, confirmed), (held, {})):
        found = row(read("lead.qualified/1", data, event_type="lead.qualified"), event=uuid4(), case=uuid4(), facts=facts)
        assert found["slip_of"] is None
        assert not gate.check("lead", [found]).failures
