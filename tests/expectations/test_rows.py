"""A row says what its event says, flat, and no more."""

from __future__ import annotations

import subprocess
import sys
from uuid import uuid4

import pytest

from contracts.event import parse
from contracts.values import Contract
from expectations.gate import Gate
from expectations.rows import row

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


def test_a_lead_becomes_a_row_that_passes_the_gate(gate: Gate) -> None:
    event, case = uuid4(), uuid4()
    found = row(parse("lead.qualified/1", LEAD, event_type="lead.qualified"), event=event, case=case, facts={})
    assert found == {
        "event_id": event,
        "case_id": case,
        "company": "Northwind GmbH",
        "domain": "northwind.example",
        "email": "ada@northwind.example",
        "owner": "sales-1",
        "confidence": 0.93,
        "amount": 15000.5,
        "currency": "EUR",
    }
    assert list(gate.check("lead", [found]).passed) == [event]


def test_an_opportunity_becomes_a_row_that_passes_the_gate(gate: Gate) -> None:
    event, case = uuid4(), uuid4()
    found = row(parse("opportunity.created/1", DEAL, event_type="opportunity.created"), event=event, case=case, facts={})
    assert found == {
        "event_id": event,
        "case_id": case,
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
    found = row(parse(f"{event_type}/1", data, event_type=event_type), event=uuid4(), case=uuid4(), facts={})
    suite = "lead" if event_type == "lead.qualified" else "discovery"
    assert set(gate.check(suite, [found]).failures) == {found["event_id"]}


def test_an_event_without_a_suite_has_no_row() -> None:
    with pytest.raises(TypeError):
        row(Contract(), event=uuid4(), case=uuid4(), facts={})


def test_rows_and_reports_do_without_great_expectations() -> None:
    code = (
        "import sys, expectations.rows, expectations.report; sys.exit(bool({'great_expectations', 'pandas'} & set(sys.modules)))"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0  # noqa: S603
