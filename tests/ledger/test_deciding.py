"""A decision is answered once, by whoever is first; what follows stands in the same transaction."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from uuid import UUID, uuid4

import pytest

from contracts.catalog import catalog
from contracts.errors import RefusedError
from ledger.database import Ledger
from ledger.deciding import decide
from ledger.decisions import NewDecision
from lifecycle.decisions import Decision, Verdict

CASE, EVENT = UUID(int=7), UUID(int=8)


def asking(**changes: object) -> NewDecision:
    asked = NewDecision(uuid4(), "proposal", CASE, EVENT, "Northwind", "doc", "https://doc", "aa", 100, "EUR", {}, "sales-1")
    return replace(asked, **changes)  # type: ignore[arg-type]


async def asked(ledger: Ledger, *decisions: NewDecision) -> None:
    async with ledger.begin() as books:
        await books.cases.open([CASE])
        await books.cases.advance([{**BLANK, "id": CASE}])
        for one in decisions:
            await books.decisions.ask([one])


BLANK = {
    "stage": "proposed",
    "account_id": None,
    "title": "Northwind",
    "owner": "sales-1",
    "amount_minor": 100,
    "currency": "EUR",
    "crm_deal_id": "77",
}


async def answer(ledger: Ledger, one: NewDecision, verdict: Verdict = Verdict.APPROVE, by: str = "head-of-sales") -> None:
    await decide(ledger, catalog(), one.id, verdict, by=by, door="command line", reason="because")


async def test_an_approval_is_written_down_and_followed_by_its_event(ledger: Ledger) -> None:
    one = asking()
    await asked(ledger, one)
    await answer(ledger, one)
    async with ledger.begin() as books:
        row = (await books.decisions.get([one.id]))[one.id]
        (event,) = await books.inbox.latest(limit=5)
    assert (row.state, row.decided_by, row.door, row.content_hash) == ("approved", "head-of-sales", "command line", "aa")
    assert row.decided_at is not None
    assert (event.type, event.case_id, event.status) == ("proposal.approved", CASE, "received")
    assert event.payload["data"] == {"deal_id": "77", "decision": str(one.id)}


async def test_of_two_answers_at_the_same_moment_one_counts(ledger: Ledger) -> None:
    one = asking()
    await asked(ledger, one)
    both = (answer(ledger, one), answer(ledger, one, Verdict.REJECT, "finance-operations"))
    results = await asyncio.gather(*both, return_exceptions=True)
    assert sorted(type(result) for result in results if result) == [RefusedError]
    async with ledger.begin() as books:
        events = await books.inbox.latest(limit=5)
        state = (await books.decisions.get([one.id]))[one.id].state
    assert len(events) == (1 if state == "approved" else 0)


async def test_a_rejection_becomes_the_owners_work_and_no_event(ledger: Ledger) -> None:
    one = asking()
    await asked(ledger, one)
    await answer(ledger, one, Verdict.REJECT)
    async with ledger.begin() as books:
        (work,) = await books.exceptions.latest(limit=5)
        assert await books.inbox.latest(limit=5) == []
    assert (work.case_id, work.cause, work.amount_minor) == (CASE, "proposal/rejected", 100)
    assert "because" not in work.reason


@pytest.mark.parametrize("state", [Decision.WITHDRAWN, Decision.VOID])
async def test_what_was_taken_back_cannot_be_answered(ledger: Ledger, state: Decision) -> None:
    one = asking()
    await asked(ledger, one)
    async with ledger.begin() as books:
        await (books.decisions.withdraw([CASE]) if state is Decision.WITHDRAWN else books.decisions.void([one.id]))
    with pytest.raises(RefusedError, match=state.value):
        await answer(ledger, one)


async def test_a_new_question_takes_the_place_of_the_one_before(ledger: Ledger) -> None:
    first, second = asking(), asking(content_hash="bb")
    await asked(ledger, first, second)
    async with ledger.begin() as books:
        assert [row.id for row in await books.decisions.waiting()] == [second.id]
    await answer(ledger, second)
    async with ledger.begin() as books:
        await books.decisions.ask([second])
        assert (await books.decisions.get([second.id]))[second.id].state == "approved"


async def test_an_unknown_decision_is_refused(ledger: Ledger) -> None:
    with pytest.raises(RefusedError, match="no such decision"):
        await answer(ledger, asking())
