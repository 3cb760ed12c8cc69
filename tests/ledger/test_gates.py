"""What the gates said is counted: which rule refuses most, what of it is open or closed; a warning stays at its event."""

from __future__ import annotations

from typing import Any
from uuid import UUID, uuid4

import pytest

from expectations.gate import Gate
from ledger.database import Ledger
from ledger.exceptions import NewException
from ledger.gates import NewWarning
from tests.expectations.conftest import GOOD


@pytest.fixture(scope="module")
def gate() -> Gate:
    return Gate()


def lead(**changed: Any) -> dict[str, Any]:
    return {"event_id": uuid4(), "case_id": uuid4(), **GOOD["lead"], **changed}


async def kept(ledger: Ledger, gate: Gate, *rows: dict[str, Any]) -> None:
    """Let the gate judge leads, and keep what it says."""
    report = gate.check("lead", rows)
    async with ledger.begin() as books:
        summary = dict(report.summary)
        await books.gates.keep("lead", flow_run_id=None, checked=len(rows), failed=len(report.failures), summary=summary)


def stopped(event: UUID, rule: str) -> NewException:
    return NewException(event, uuid4(), "lead.qualified", "lead.qualified/1", f"gate/lead/{rule}", "why", "what to do", "sales")


async def test_rules_are_ranked_by_what_they_refuse_and_say_when_they_were_closed(ledger: Ledger, gate: Gate) -> None:
    """
    Given two batches of leads, of which three lack an owner, one an address, and one has an address that nobody reads
    When the one without an address is mended and closed
    Then the owners stand first and are open, the address is closed since then, the warning refused one, and all rows are counted
    """
    first, second = lead(owner=None), lead(email=None)
    await kept(ledger, gate, first, lead(owner=None), lead(), second)
    await kept(ledger, gate, lead(owner=None), lead(email="noreply@northwind.example"))
    async with ledger.begin() as books:
        reasons = [(first, "lead_has_an_owner"), (second, "lead_names_a_contact_email")]
        await books.exceptions.open([stopped(row["event_id"], rule) for row, rule in reasons])
        await books.exceptions.close([second["event_id"]], closed_as="done")
    async with ledger.begin() as books:
        found = {row.rule: row for row in await books.gates.tallies(days=1)}
    assert next(iter(found)) == "lead_has_an_owner"
    owner, email, warning = (found[name] for name in ("lead_has_an_owner", "lead_names_a_contact_email", "contact_can_answer"))
    assert (owner.judged, owner.refused, owner.open, owner.closed_at) == (6, 3, 1, None)
    assert (email.refused, email.open, email.closed_at is not None) == (1, 0, True)
    assert (warning.severity, warning.refused, warning.kind) == ("warning", 1, "vocabulary")
    assert found["domain_is_plausible"].refused == 0


async def test_a_warning_is_what_the_gate_said_last_of_its_event(ledger: Ledger) -> None:
    """Given an event that was warned about, When it is judged again without a warning, Then none is shown at its case."""
    event, case = uuid4(), uuid4()
    async with ledger.begin() as books:
        await books.gates.warn([event], [NewWarning(event, case, "lead", "told_at_once", "late", "it was told late")])
        assert [row.rule for row in await books.gates.warnings_of(case)] == ["told_at_once"]
        assert [(row.suite, row.rule, row.events) for row in await books.gates.warned()] == [("lead", "told_at_once", 1)]
        await books.gates.warn([event], [])
        assert list(await books.gates.warnings_of(case)) == []
