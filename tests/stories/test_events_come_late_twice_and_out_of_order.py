"""Events of a deal may come early, twice and in any order: it ends as it would have; what contradicts it is a person's work."""

from __future__ import annotations

from itertools import permutations
from typing import Any
from uuid import UUID

from tests.journey import Deal, approve, clients_pay, deal_at, deals_at, goes, happen, invoices, reach
from tests.world import World, event

STEPS = ("discovery.completed", "milestone.reached", "delivery.completed")
NOTE = {"text": "It is live", "approved_by": "delivery-1"}


def told(deal: Deal, event_type: str) -> dict[str, Any]:
    """Return the event of a deal, which happened in its place whenever it comes in."""
    data = {"deal_id": deal.id} | ({"milestone": "Go-live", "notes": [NOTE]} if event_type == "milestone.reached" else {})
    happened = f"2027-03-0{STEPS.index(event_type) + 1}T09:00:00Z"
    return event(event_type, f"{deal.name}/{event_type}", data, source="crm/people", time=happened)


async def test_whatever_order_a_deals_events_come_in_it_ends_in_the_same_place(world: World) -> None:
    """
    Given six deals, each of which hears of discovery, milestone and completion in another order, and of each twice
    When everything that is ready runs after each arrival, and their proposals are approved and invoices paid
    Then all of them end as the one that heard in order: same stage, same money, each thing once.
    """
    orders = list(permutations(STEPS))
    deals = await deals_at(world, "discovery", *(f"order{letter}" for letter in "abcdef"))
    for turn in range(len(STEPS)):
        news = [told(deal, order[turn]) for deal, order in zip(deals, orders, strict=True)]
        await world.arrives(*news, *news)
        await world.settles()
    await approve(world, deals)
    await world.settles()
    await goes(world, *await clients_pay(world, deals))
    assert {row.status for row in await world.events()} == {"done"}
    for deal in deals:
        assert (await world.case(deal.case)).stage == "paid"
        money = await world.line(deal.case)
        assert (money.approved, money.delivered, money.invoiced, money.paid) == (1_500_000,) * 4
    counts = await world.vendors.all_counts()
    once = {"deals": 1, "tickets": 1, "notes": 1, "folders": 2, "documents": 2, "quotes": 1, "invoices": 1, "letters": 3}
    assert {kind: counts[kind] for kind in once} == {kind: number * len(deals) for kind, number in once.items()}


async def test_a_payment_that_comes_before_its_invoice_was_told_waits_for_it(world: World) -> None:
    """
    Given a client who pays before we have told anybody of the invoice
    When the payment is run first, and then the invoice is told
    Then the payment waits and goes on by itself.
    """
    deal = await deal_at(world, "delivered")
    (paid,) = await clients_pay(world, [deal])
    await goes(world, paid)
    before = await world.status(paid)
    await world.settles()
    assert (before in ("received", "waiting"), await world.status(paid)) == (True, "done")
    assert (await world.case(deal.case)).stage == "paid"


async def test_an_event_of_a_deal_that_nobody_knows_waits_until_a_case_turns_out_to_be_that_deals(world: World) -> None:
    """
    Given a milestone of a CRM deal which no case of ours is about
    When it is run, the deal's opportunity comes in from elsewhere, and the deal gets to its delivery
    Then the milestone has waited, holds nobody up, and is done in the deal's own case.
    """
    makes = world.vendors.person_makes
    company = await makes("companies", {"name": "Contoso GmbH", "domain": "contoso.example"})
    contact = await makes("contacts", {"email": "ada@contoso.example", "firstname": "Ada"}, company=company["id"])
    known = {"dealname": "Contoso", "amount": "15000", "deal_currency_code": "EUR"}
    crm = await makes("deals", known, company=company["id"], contact=contact["id"])
    milestone = event("milestone.reached", "m-1", {"deal_id": crm["id"], "milestone": "Go-live"}, source="crm/people", time=None)
    (early,) = await world.arrives(milestone)
    await goes(world, early)
    assert await world.status(early) == "waiting"
    bare = event("opportunity.created", "o-1", {"deal_id": crm["id"], "owner": "sales-1"}, source="import/csv")
    (opportunity,) = await world.arrives(bare)
    await world.settles()
    await world.settles()  # the milestone has moved to the deal's case by now, and is tried there
    assert (await world.status(opportunity), await world.status(early)) == ("done", "waiting")
    deal = Deal("contoso", crm["id"], (await world.case_of(opportunity)).id)
    await happen(world, "discovery.completed", [deal])
    await world.settles()
    await approve(world, [deal])
    await world.settles()  # the milestone is tried, waits on, and lets the approval pass
    await world.settles()
    assert await world.status(early) == "done"
    assert (await world.case_of(early)).id == deal.case


async def test_what_contradicts_a_deals_stage_is_somebodys_work(world: World) -> None:
    """
    Given one deal that is invoiced and one that is paid
    When the first is said to be delivered again, and the second to have reached a milestone
    Then both events stop as an exception with an owner, and nothing changes.
    """
    invoiced, paid = await deals_at(world, "invoiced", "invoiced", "paid")
    await reach(world, "paid", [paid])
    before = await world.vendors.all_counts()
    events: list[UUID] = []
    events += await happen(world, "delivery.completed", [invoiced])
    events += await happen(world, "milestone.reached", [paid], milestone="Go-live")
    for one in events:
        await goes(world, one)
    stopped = [(await world.exceptions(one))[0] for one in events]
    assert [(one.cause, one.owner) for one in stopped] == [
        ("invoice/stage/stage", "finance-operations"),
        ("milestone/stage/stage", "delivery-operations"),
    ]
    assert await world.vendors.all_counts() == before
    assert set(await invoices(world)) == {invoiced.id, paid.id}
