"""`towline owners`: who answers for what, what is not clear about it, and a claim from its first word to its settling."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from contracts.catalog import catalog
from ledger.database import Ledger
from ledger.intake import Receipt
from tests.cli.conftest import Look, Towline
from tests.web.visitor import known

Received = Callable[..., Receipt]
CLAIM = ("owners", "claim", "lead.qualified", "process", "--by", "head-of-sales", "--reason", "we run it")


@pytest.fixture
def staffed(look: Look) -> None:
    """Somebody speaks for every owner."""

    async def add(ledger: Ledger) -> None:
        await known(ledger, "ada", "approver", owners=tuple(catalog().owners.owners))

    look(add)


def test_owners_without_a_person_are_to_be_cleared_up(towline: Towline) -> None:
    said = towline("owners")
    assert (said.code, "nobody who may sign in speaks for Head of sales" in said.out) == (1, True)
    shown = towline("owners", "--json").json
    assert {one["trouble"] for one in shown["conflicts"]} == {"no person"}
    (lead,) = [one for one in shown["things"] if one["name"] == "lead.qualified"]
    assert (lead["process"], lead["integration"], lead["application"]) == ("sales-operations", "integration", "workplace")


@pytest.mark.usefixtures("staffed")
def test_what_is_open_and_what_a_week_brought_stand_beside_the_budget(towline: Towline, received: Received) -> None:
    for name in ("one", "two"):
        received(name, {"owner": 5})
    said = towline("owners")
    assert said.code == 0
    budgets = {one["owner"]: one for one in towline("owners", "--json").json["owners"]}
    assert budgets["sales-operations"] == {"owner": "sales-operations", "open": 2, "week": 2, "budget": 40}
    assert (budgets["workplace"]["week"], budgets["workplace"]["budget"]) == (0, 20)


@pytest.mark.usefixtures("staffed")
def test_a_claim_waits_until_somebody_settles_it(towline: Towline) -> None:
    """Given a claim, when it is made twice, then once; and when one who may settles it, then nothing is to be cleared up."""
    assert towline(*CLAIM).code == 0
    again = towline(*CLAIM)
    assert (again.code, "head-of-sales claims that already" in again.err) == (1, True)
    (conflict,) = towline("owners", "--json").json["conflicts"]
    number = str(conflict["claim"])
    assert conflict["says"].startswith("head-of-sales claims to be the process owner of lead.qualified")
    for by, reason, why in (
        ("finance-operations", "r", "has not made this claim"),
        ("integration", " ", "say how it was settled"),
        ("eve", "r", "eve is nobody"),
    ):
        refused = towline("owners", "settle", number, "--by", by, "--reason", reason)
        assert (refused.code, why in refused.err) == (1, True)
    assert towline("owners", "settle", number, "--by", "integration", "--reason", "it stays").code == 0
    assert towline("owners").code == 0
    gone = towline("owners", "settle", number, "--by", "integration", "--reason", "once more")
    assert (gone.code, "no such open claim" in gone.err) == (1, True)
    assert towline(*CLAIM).code == 0, "who is not convinced claims it anew"
