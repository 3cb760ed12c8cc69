"""A backlog is one batch a path: a bad deal in its middle stops alone, and people get one message, not thirty."""

from __future__ import annotations

from collections import Counter
from uuid import UUID

from tests.journey import APPROVER, Deal, approve, deals_at, goes, happen, invoices
from tests.world import World

BAD = 15


async def run_with_one_bad(world: World, events: list[UUID], cause: str) -> None:
    """Run a batch, and see the bad one in the middle stop for this cause while all others are done."""
    said = len(await world.vendors.objects("chat", "messages"))
    state = await goes(world, *events)
    assert state.is_failed(), state.message
    assert state.message == f"1 of {len(events)} deals need a person"
    statuses = {row.id: row.status for row in await world.events()}
    assert Counter(statuses[event] for event in events) == {"done": len(events) - 1, "parked": 1}
    bad = events[BAD]
    (exception,) = await world.exceptions(bad)
    assert (statuses[bad], exception.cause.startswith(cause)) == ("parked", True), exception.cause
    assert len(await world.vendors.objects("chat", "messages")) - said <= 2


def without(deals: list[Deal], bad: Deal) -> list[Deal]:
    return [deal for deal in deals if deal is not bad]


async def test_a_bad_deal_in_the_middle_of_a_batch_stops_alone_on_every_path(world: World) -> None:
    """
    Given thirty-three deals in discovery
    When on each path to payment one in the middle of the batch cannot go on
    Then that one waits for a person, and all others are done in the same run, told of in one message a channel.
    """
    deals = await deals_at(world, "discovery", *(f"firm{number:02}" for number in range(33)))

    odd = deals[BAD]
    events = await happen(world, "discovery.completed", deals[:BAD])
    events += await happen(world, "discovery.completed", [odd], clauses=["nobody-approved-this"])
    events += await happen(world, "discovery.completed", deals[BAD + 1 :])
    await run_with_one_bad(world, events, "gate/proposal/")
    deals = without(deals, odd)

    odd = deals[BAD]
    document = {row.case_id: row.document for row in await world.waiting()}[odd.case]
    approvals = await approve(world, deals, by=APPROVER)
    await world.vendors.fault("docs", f"GET /drive/v3/files/{document}/export", status=404)
    await run_with_one_bad(world, approvals, "delivery/compare_content/")
    deals = without(deals, odd)

    odd = deals[BAD]
    wrong = {"minor": 1_499_999, "currency": "EUR"}
    events = await happen(world, "delivery.completed", deals[:BAD])
    events += await happen(world, "delivery.completed", [odd], amount=wrong)
    events += await happen(world, "delivery.completed", deals[BAD + 1 :])
    await run_with_one_bad(world, events, "gate/invoice/delivered_is_agreed")
    deals = without(deals, odd)

    said = len(await world.vendors.objects("chat", "messages"))
    await world.settles()
    assert len(await world.vendors.objects("chat", "messages")) - said == 2  # finance, and the one owner of all

    odd = deals[BAD]
    bills, events = await invoices(world), list[UUID]()
    for deal in deals:
        status = {"status": "uncollectible" if deal is odd else "paid"}
        await world.vendors.person_changes("billing", "invoices", bills[deal.id]["id"], status)
        events += await happen(world, "payment.confirmed", [deal], invoice_id=bills[deal.id]["id"])
    await run_with_one_bad(world, events, "gate/payment/")
    paid = without(deals, odd)
    assert [(await world.case(deal.case)).stage for deal in paid] == ["paid"] * 29
    counts = await world.vendors.all_counts()
    assert (counts["quotes"], counts["tickets"], counts["invoices"]) == (32, 31, 30)
