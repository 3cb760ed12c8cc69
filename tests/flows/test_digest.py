"""The daily digest: one message a day and channel, whatever happens, and none when there is nothing to say."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from prefect.client.schemas.objects import State
from prefect.settings import PREFECT_API_URL, temporary_settings

from flows.digest import digest
from ledger.continuity import NewEntry
from ledger.decisions import NewDecision
from ledger.inbox import NewEvent
from ledger.tables import EventStatus
from lifecycle.continuity import Kind, Movement
from lifecycle.digest import since_the_last
from tests.world import World

TODAY = date(2026, 11, 23)
"""A Monday."""
UNTIL = since_the_last(TODAY, "0 8 * * 1-5", "Europe/Berlin")[1]


async def told(world: World, today: date = TODAY) -> State[Any]:
    with temporary_settings({PREFECT_API_URL: world.prefect}):
        state: State[Any] = await digest(today, return_state=True)
    return state


async def messages(world: World) -> list[tuple[str, str]]:
    """Channel and first line of each message that people see."""
    return [(one["channel"], one["text"]) for one in await world.vendors.objects("chat", "messages")]


async def case(world: World, title: str, *, stage: str = "delivery", owner: str = "sales-1") -> UUID:
    number = uuid4()
    async with world.house.ledger.begin() as books:
        await books.cases.open([number])
        values = {"account_id": None, "amount_minor": None, "currency": None, "crm_deal_id": str(number.int)[:9]}
        await books.cases.advance([{"id": number, "stage": stage, "title": title, "owner": owner, **values}])
    return number


async def reached(world: World, of: UUID, when: datetime, milestone: str = "Pilot accepted") -> None:
    event = NewEvent(
        id=uuid4(),
        source="hubspot",
        external_id=str(uuid4()),
        type="milestone.reached",
        contract="milestone.reached/1",
        case_id=of,
        payload={"data": {"deal_id": "1", "milestone": milestone}},
        occurred_at=when,
        status=EventStatus.DONE,
    )
    async with world.house.ledger.begin() as books:
        await books.inbox.accept([event])
        await books.inbox._set([event.id], finished_at=when)


async def asked(world: World, of: UUID, title: str) -> None:
    new = NewDecision(
        uuid4(), "proposal", of, uuid4(), title, "doc-1", "https://docs.example/1", "f00d", 99, "EUR", {}, "sales-1"
    )
    async with world.house.ledger.begin() as books:
        await books.decisions.ask([new])


async def invoiced(world: World, of: UUID, due_on: date) -> None:
    new = NewEntry(of, uuid4(), Movement(Kind.INVOICED, 1500000, "EUR", f"in_{of.hex[:6]}"), due_on)
    async with world.house.ledger.begin() as books:
        await books.continuity.enter([new])


async def test_a_channel_is_told_of_its_own_deals_in_one_message(world: World) -> None:
    """
    Given milestones of Friday and Saturday, one of last Thursday, and two overdue invoices, one of a deal that finance owns
    When Monday's digest runs
    Then the delivery channel and finance's each have one message, and Thursday's milestone is in none.
    """
    northwind, contoso = await case(world, "Northwind"), await case(world, "Contoso")
    await reached(world, northwind, UNTIL - timedelta(days=2, hours=20))
    await reached(world, contoso, UNTIL - timedelta(days=1), "Go-live")
    await reached(world, contoso, UNTIL - timedelta(days=4), "Kick-off held")
    late, theirs = (
        await case(world, "Litware", stage="invoiced"),
        await case(world, "Adatum", stage="invoiced", owner="finance-operations"),
    )
    await invoiced(world, late, TODAY - timedelta(days=8))
    await invoiced(world, theirs, TODAY - timedelta(days=1))
    await invoiced(world, await case(world, "Tailspin", stage="invoiced"), TODAY)
    assert (await told(world)).message == "told 2 channels"
    found = await world.vendors.objects("chat", "messages")
    assert sorted(one["text"] for one in found) == [
        "Monday, 23 November: 1 invoice overdue",
        "Monday, 23 November: 2 milestones reached, 1 invoice overdue",
    ]
    assert all(words in str(found) for words in ("Northwind · Pilot accepted", "Contoso · Go-live", "Litware · EUR 15,000.00"))
    assert not any(words in str(found) for words in ("Kick-off held", "Tailspin"))


async def test_what_waits_for_a_decision_is_told_with_its_age(world: World) -> None:
    await asked(world, await case(world, "Fabrikam", stage="proposed"), "Fabrikam")
    future = datetime.now(UNTIL.tzinfo).date() + timedelta(days=8)
    await told(world, future)
    (found,) = await world.vendors.objects("chat", "messages")
    assert "1 decision waits" in found["text"]
    assert "Fabrikam" in str(found)
    assert "EUR 0.99 · for " in str(found)


async def test_a_digest_that_runs_twice_is_posted_once_and_brought_up_to_date(world: World) -> None:
    """
    Given a digest that was posted
    When another milestone is reached, and the day's digest runs again
    Then there is still one message, and it tells both.
    """
    northwind = await case(world, "Northwind")
    await reached(world, northwind, UNTIL - timedelta(hours=5))
    await told(world)
    await reached(world, northwind, UNTIL - timedelta(hours=1), "Go-live")
    await told(world)
    (found,) = await world.vendors.objects("chat", "messages")
    assert found["text"] == "Monday, 23 November: 2 milestones reached"


@pytest.mark.parametrize("lost", [True, False], ids=["the answer is lost", "the chat is overloaded"])
async def test_a_digest_whose_post_goes_wrong_is_posted_once(world: World, lost: bool) -> None:
    await reached(world, await case(world, "Northwind"), UNTIL - timedelta(hours=5))
    fault: dict[str, Any] = {"lose_answer": True} if lost else {"status": 503}
    await world.vendors.fault("chat", "POST /chat.postMessage", **fault)
    assert (await told(world)).is_completed()
    assert len(await messages(world)) == 1


async def test_a_day_without_news_has_no_message(world: World) -> None:
    assert (await told(world)).message == "told 0 channels"
    assert await messages(world) == []
