"""On the page of decisions: how many have approved, for whom one stands in, whose turn it is, and that nobody is two people."""

from __future__ import annotations

from dataclasses import replace

import httpx
import pytest
from sqlalchemy import text

from contracts.catalog import catalog
from ledger.database import Ledger
from ledger.decisions import NewDecision
from tests.cli.asking import ask, case_called, question
from tests.web.sender import URL, settings
from tests.web.visitor import Visitor, known
from web.app import create_app

SALES, FINANCE = "head-of-sales", "finance-operations"


@pytest.fixture
async def asked(ledger: Ledger) -> NewDecision:
    """A proposal that waits."""
    one = question(case_called("one"))
    await ask(ledger, one)
    return one


async def signed_in(ledger: Ledger, login: str, *owners: str, quorum: int = 1) -> Visitor:
    policies = {kind: one.model_copy(update={"quorum": quorum}) for kind, one in catalog().policies.items()}
    app = create_app(settings(), ledger, replace(catalog(), policies=policies))
    visitor = Visitor(httpx.AsyncClient(transport=httpx.ASGITransport(app=app), base_url=URL))
    await known(ledger, login, "approver", owners=owners)
    assert (await visitor.sign_in(login)).status_code == 303
    return visitor


async def approve(visitor: Visitor, asked: NewDecision, by: str) -> httpx.Response:
    return await visitor.send(f"/decisions/{asked.id}", verdict="approve", content=asked.content_hash, by=by)


async def test_two_approve_and_the_page_says_how_many_have(ledger: Ledger, asked: NewDecision) -> None:
    """
    Given a policy of two, and somebody who speaks for both approvers
    When they approve, and try once more in the other name
    Then they count once, and the other approver's answer approves.
    """
    both = await signed_in(ledger, "both", SALES, FINANCE, quorum=2)
    assert "Approved by you, it waits for 1 more." in (await both.client.get("/decisions")).text
    assert (await approve(both, asked, SALES)).headers["location"] == "/decisions?told=taken%2C%20and%20waits%20for%201%20more"
    page = (await both.client.get("/decisions")).text
    assert "1 of 2: head-of-sales" in page
    assert "<button name" not in page
    assert (await approve(both, asked, FINANCE)).status_code == 409
    fred = await signed_in(ledger, "fred", FINANCE, quorum=2)
    assert (await approve(fred, asked, FINANCE)).headers["location"] == "/decisions?told=approved"


async def test_a_stand_in_reads_for_whom_they_answer(ledger: Ledger, asked: NewDecision) -> None:
    async with ledger._engine.begin() as connection:
        named = "INSERT INTO delegations (approver, stand_in, reason, until)"
        await connection.execute(text(f"{named} VALUES ('head-of-sales', 'integration', 'away', now() + interval '1 d')"))
    ines = await signed_in(ledger, "ines", "integration")
    page = (await ines.client.get("/decisions")).text
    for words in ("You stand in for head-of-sales", "Approve as integration for head-of-sales", "integration for head-of-sales"):
        assert words in page
    assert (await approve(ines, asked, SALES)).status_code == 403, "nobody answers in a name that is not theirs"
    assert (await approve(ines, asked, "integration")).status_code == 303


async def test_whoever_owns_the_deal_answers_it_in_no_name(ledger: Ledger) -> None:
    own = question(case_called("own"), owner=SALES)
    await ask(ledger, own)
    both = await signed_in(ledger, "both", SALES, FINANCE)
    assert "<button name" not in (await both.client.get("/decisions")).text
    answer = await approve(both, own, FINANCE)
    assert (answer.status_code, "nobody approves their own" in answer.text) == (403, True)


async def test_the_page_says_whose_turn_it_is(ledger: Ledger, asked: NewDecision) -> None:
    async with ledger.begin() as books:
        await books.decisions.turn(asked.id, 2)
    page = (await (await signed_in(ledger, "ines", "integration")).client.get("/decisions")).text
    assert "<dt>Turn of</dt><dd>finance-operations, for" in page
