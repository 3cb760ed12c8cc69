"""Deciding on a proposal in the Prefect UI: the same decisions as by every other door, and no free text."""

from __future__ import annotations

from typing import Any
from uuid import UUID, uuid4

import pytest
from prefect.client.schemas.objects import State
from prefect.settings import PREFECT_API_URL, temporary_settings
from prefect.utilities.callables import parameter_schema

from contracts.catalog import catalog
from flows.decide import Reason, decide
from ledger.decisions import NewDecision
from lifecycle.decisions import Verdict
from tests.world import World


async def asked(world: World, *, owner: str = "sales-1") -> UUID:
    """Let a proposal wait for a decision; return its id."""
    case = uuid4()
    new = NewDecision(
        id=uuid4(),
        kind="proposal",
        case_id=case,
        event_id=uuid4(),
        title="Northwind GmbH · implementation",
        document="doc-1",
        url="https://docs.example/doc-1",
        content_hash="f00d",
        minor=1500000,
        currency="EUR",
        terms={},
        owner=owner,
    )
    async with world.house.ledger.begin() as books:
        await books.cases.open([case])
        blank = dict.fromkeys(("account_id", "title", "owner", "amount_minor", "currency"))
        await books.cases.advance([{"id": case, "stage": "proposed", "crm_deal_id": "310421", **blank}])
        await books.decisions.ask([new])
    return new.id


async def decided(world: World, decision: UUID, answer: Verdict, by: str, reason: Reason | None = None) -> State[Any]:
    with temporary_settings({PREFECT_API_URL: world.prefect}):
        state: State[Any] = await decide(decision, answer, by, reason, return_state=True)
    return state


async def row_of(world: World, decision: UUID) -> Any:
    async with world.house.ledger.begin() as books:
        return (await books.decisions.get([decision]))[decision]


async def test_an_approval_is_written_down_with_its_door_and_followed_by_its_event(world: World) -> None:
    decision = await asked(world)
    state = await decided(world, decision, Verdict.APPROVE, "head-of-sales")
    assert state.message == f"decision {decision} is approved"
    row = await row_of(world, decision)
    assert (row.state, row.decided_by, row.door, row.reason) == ("approved", "head-of-sales", "prefect", "")
    assert [one.type for one in await world.events()] == ["proposal.approved"]


async def test_a_rejection_says_why_and_begins_nothing(world: World) -> None:
    decision = await asked(world)
    assert (await decided(world, decision, Verdict.REJECT, "finance-operations", Reason.PRICE)).is_completed()
    row = await row_of(world, decision)
    assert (row.state, row.reason) == ("rejected", "price")
    assert await world.events() == []


@pytest.mark.parametrize(
    ("answer", "by", "reason", "said"),
    [
        (Verdict.REJECT, "head-of-sales", None, "a rejection needs its reason"),
        (Verdict.APPROVE, "workplace", None, "workplace is not an approver"),
        (Verdict.APPROVE, "nobody", None, "nobody is not an approver"),
        (Verdict.APPROVE, "finance-operations", None, "owns this deal"),
    ],
    ids=["no reason", "no approver", "unknown", "own deal"],
)
async def test_an_answer_that_does_not_count_is_refused_in_words(
    world: World, answer: Verdict, by: str, reason: Reason | None, said: str
) -> None:
    decision = await asked(world, owner="finance-operations")
    state = await decided(world, decision, answer, by, reason)
    assert (state.is_failed(), state.name) == (True, "Refused")
    assert said in str(state.message)
    assert (await row_of(world, decision)).state == "waiting"
    assert await world.events() == []


async def test_the_first_answer_counts(world: World) -> None:
    decision = await asked(world)
    await decided(world, decision, Verdict.REJECT, "head-of-sales", Reason.TERMS)
    state = await decided(world, decision, Verdict.APPROVE, "finance-operations")
    assert (state.name, state.message) == ("Refused", "this was rejected by head-of-sales already")


async def test_a_decision_that_is_not_there_is_refused(world: World) -> None:
    state = await decided(world, uuid4(), Verdict.APPROVE, "head-of-sales")
    assert (state.name, state.message) == ("Refused", "there is no such decision")


def test_the_form_offers_the_owners_and_has_no_room_for_free_text() -> None:
    fields = parameter_schema(decide).model_dump_for_openapi()["properties"]
    assert fields["by"]["enum"] == list(catalog().owners.owners), "anybody may stand in for an approver"
    assert fields["decision"]["format"] == "uuid"
    assert list(fields) == ["decision", "answer", "by", "reason"]
