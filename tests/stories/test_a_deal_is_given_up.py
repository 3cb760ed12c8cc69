"""A deal can be given up wherever it stands: what binds is taken back, what stays is written down; money is a person's matter."""

from __future__ import annotations

from collections import Counter
from typing import Any

from tests.journey import Deal, deal_at, deals_at, goes, happen, invoices, travel
from tests.world import World

NAMES = ("discovery", "proposed", "delivery", "delivered", "invoiced", "paid")


async def deals_everywhere(world: World) -> dict[str, Deal]:
    """Return a deal at each stage, by the stage that it is named after."""
    deals = {deal.name: deal for deal in await deals_at(world, "discovery", *NAMES)}
    for number, stage in enumerate(NAMES):
        if stage in ("discovery", "invoiced"):
            continue
        await travel(world, [deals[name] for name in NAMES[number:]], stage)
        if stage == "delivered":
            told = [row.id for row in await world.events() if row.type == "invoice.issued" and row.case_id != deals[stage].case]
            await goes(world, *told)
    return deals


async def notes(world: World) -> dict[str, str]:
    """Return what the CRM's notes say of each deal."""

    async def text(deal: str) -> str:
        found = await world.house.crm.read_notes([deal])
        return "\n".join(note.text for some in found.values() for note in some)

    return {one["id"]: await text(one["id"]) for one in await world.vendors.objects("crm", "deals")}


async def test_a_deal_can_be_given_up_wherever_it_stands_until_it_is_paid(world: World) -> None:
    """
    Given a deal at each stage from discovery to paid
    When all of them are given up in one batch
    Then estimates, invoices, delivery requests and decisions are taken back where there were any, each deal is lost in the CRM,
    with a note of what was taken back and what stays, and the documents and letters are where they were
    But the one that is paid is a person's matter, and stays as it is.
    """
    deals = await deals_everywhere(world)
    before = await world.vendors.all_counts()
    events = await happen(world, "deal.cancelled", list(deals.values()), reason="the client was bought")
    await goes(world, *events)
    stages = {name: (await world.case(deal.case)).stage for name, deal in deals.items()}
    assert stages == {**dict.fromkeys(NAMES, "cancelled"), "paid": "paid", "delivered": "delivered"}
    await world.settles()
    assert (await world.case(deals["delivered"].case)).stage == "cancelled"

    crm = {one["id"]: one["properties"] for one in await world.vendors.objects("crm", "deals")}
    assert {name: crm[deal.id]["dealstage"] for name, deal in deals.items()} == {
        **dict.fromkeys(NAMES, "closedlost"),
        "paid": "closedwon",
    }
    taken_back = {
        "discovery": "nothing",
        "proposed": "the estimate",
        "delivery": "the estimate, the delivery request",
        "delivered": "the estimate, the invoice, the delivery request",
        "invoiced": "the estimate, the invoice, the delivery request",
    }
    written = await notes(world)
    for name, words in taken_back.items():
        assert f"Taken back: {words}" in written[deals[name].id]
        assert "the client was bought" in written[deals[name].id]
        assert "Stays: " in written[deals[name].id]
    assert Counter(one["status"] for one in await world.vendors.objects("billing", "quotes")) == {"canceled": 4, "open": 1}
    assert Counter(one["status"] for one in await world.vendors.objects("billing", "invoices")) == {"void": 2, "paid": 1}
    assert await world.waiting() == []
    after = await world.vendors.all_counts()
    kept = ("folders", "documents", "letters", "companies", "contacts", "tickets")
    assert {kind: after[kind] for kind in kept} == {kind: before[kind] for kind in kept}

    (refused,) = [event for event in events if await world.status(event) == "parked"]
    (exception,) = await world.exceptions(refused)
    assert (exception.case_id, exception.owner) == (deals["paid"].case, "sales-operations")
    assert exception.reason == "deal.cancelled does not fit a case at stage paid"


async def test_what_happens_to_a_deal_after_it_was_given_up_is_somebodys_work(world: World) -> None:
    """
    Given deals that are given up in delivery, with an invoice out, and with one that was paid a moment ago
    When billing tells that the invoice is void, and other events of these deals come in
    Then the first does no harm, and each of the others is an exception with an owner, and nothing is made
    But the one that was paid is not given up, which is somebody's work.
    """
    early, late, paying = await deals_at(world, "delivery", "early", "late", "paying")
    await travel(world, [late, paying], "delivered", "invoiced")
    bills = await invoices(world)
    invoice = bills[late.id]
    await world.vendors.person_changes("billing", "invoices", bills[paying.id]["id"], {"status": "paid"})
    given_up = await happen(world, "deal.cancelled", [early, late, paying])
    await goes(world, *given_up)
    assert [await world.status(event) for event in given_up] == ["done", "done", "parked"]
    assert (await world.exceptions(given_up[2]))[0].cause.startswith("gate/cancellation/cancelled_deal_is_not_paid")
    assert ((await world.case(paying.case)).stage, (await invoices(world))[paying.id]["status"]) == ("invoiced", "paid")
    amount = {"minor": 1_500_000, "currency": "EUR"}
    (voided,) = await happen(world, "invoice.voided", [late], invoice_id=invoice["id"], amount=amount)
    await goes(world, voided)
    assert (await world.status(voided), (await world.case(late.case)).stage) == ("done", "cancelled")
    money = await world.line(late.case)
    assert (money.approved, money.delivered, money.invoiced, money.paid) == (1_500_000, 0, 0, 0)
    before = await world.vendors.all_counts()
    more: dict[str, dict[str, Any]] = {"delivery.completed": {}, "discovery.completed": {}}
    for (event_type, data), deal in zip(more.items(), (early, late), strict=True):
        (event,) = await happen(world, event_type, [deal], **data)
        await goes(world, event)
        (exception,) = await world.exceptions(event)
        assert (exception.reason, bool(exception.owner)) == (f"{event_type} does not fit a case at stage cancelled", True)
    assert await world.vendors.all_counts() == before


async def test_a_deal_with_an_event_that_stopped_can_be_given_up(world: World) -> None:
    """
    Given a deal whose delivery is said to be of another amount than was agreed, so that it waits for a person
    When the deal is given up instead
    Then it is, and what had stopped is nobody's work any more.
    """
    deal = await deal_at(world, "delivery")
    (odd,) = await happen(world, "delivery.completed", [deal], amount={"minor": 1, "currency": "EUR"})
    await goes(world, odd)
    assert await world.status(odd) == "parked"
    await goes(world, *await happen(world, "deal.cancelled", [deal]))
    assert (await world.case(deal.case)).stage == "cancelled"
    assert (await world.status(odd), await world.exceptions(odd)) == ("undone", [])


async def test_all_offers_of_a_deal_that_is_given_up_are_taken_back(world: World) -> None:
    """
    Given a deal in delivery whose changed offer waits for approval beside the one that was approved
    When the deal is given up
    Then neither estimate can be accepted any more.
    """
    deal = await deal_at(world, "delivery")
    await goes(world, *await happen(world, "change.requested", [deal], amount={"minor": 1_600_000, "currency": "EUR"}))
    await goes(world, *await happen(world, "deal.cancelled", [deal]))
    assert [one["status"] for one in await world.vendors.objects("billing", "quotes")] == ["canceled", "canceled"]
