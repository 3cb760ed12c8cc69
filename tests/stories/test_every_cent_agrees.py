"""From the approved offer to the payment an amount is the same to the cent, or somebody's work; never a guess of ours."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID

import httpx

from ledger.intake import leave
from tests.journey import Deal, approve, deal_at, deals_at, deals_of, goes, happen, invoices, travel
from tests.world import World, lead


def money(minor: int, currency: str = "EUR") -> dict[str, Any]:
    return {"minor": minor, "currency": currency}


async def stopped(world: World, events: Sequence[UUID]) -> list[tuple[str, str]]:
    """Return status and cause of each event."""
    found = []
    for event in events:
        exceptions = await world.exceptions(event)
        found.append((await world.status(event), exceptions[0].cause if exceptions else ""))
    return found


async def sums(world: World, deal: Deal) -> tuple[int, int, int, int, int]:
    line = await world.line(deal.case)
    return line.approved, line.changed, line.delivered, line.invoiced, line.paid


async def test_what_was_delivered_must_be_what_was_agreed(world: World) -> None:
    """
    Given deals in delivery over EUR 15,000.00
    When one cent less, one cent more and another currency are said to be delivered, and of the last deal just the agreed amount
    Then the first three wait for a person without an invoice, and the last one is invoiced.
    """
    deals = await deals_at(world, "delivery", "less", "more", "dollars", "agreed")
    told = [money(1_499_999), money(1_500_001), money(1_500_000, "USD"), money(1_500_000)]
    events: list[UUID] = []
    for deal, amount in zip(deals, told, strict=True):
        events += await happen(world, "delivery.completed", [deal], amount=amount)
    await goes(world, *events)
    statuses = await stopped(world, events)
    assert [status for status, _ in statuses] == ["parked", "parked", "parked", "done"]
    assert [cause.split("/")[2] for _, cause in statuses[:2]] == ["delivered_is_agreed"] * 2
    assert set(await invoices(world)) == {deals[3].id}


async def test_an_invoice_that_billing_makes_another_sum_of_is_not_sent(world: World) -> None:
    """
    Given an invoice whose draft somebody adds a position to in billing, while we wait to finalise it
    When the path goes on
    Then it stops for a person, the client hears of no invoice, and nothing counts as invoiced.
    """
    deal = await deal_at(world, "delivery")
    letters = len(await world.vendors.objects("mail", "messages"))
    await world.vendors.fault("billing", "POST /v1/invoices/{id}/finalize", status=400)
    (event,) = await happen(world, "delivery.completed", [deal])
    await goes(world, event)
    assert await world.status(event) == "parked"
    draft = (await invoices(world))[deal.id]
    async with httpx.AsyncClient(base_url=world.vendors.url, auth=("sk_test_somebody", "")) as client:
        line = {"lines[0][amount]": "1", "lines[0][description]": "A cent for luck"}
        assert (await client.post(f"/stripe/v1/invoices/{draft['id']}/add_lines", data=line)).is_success
    assert await world.replayed(event)
    await goes(world, event)
    assert await stopped(world, [event]) == [("parked", "invoice/draft_invoice/differs")]
    assert len(await world.vendors.objects("mail", "messages")) == letters
    assert [one["path"] for one in await world.vendors.asked(system="billing") if one["path"].endswith("/send")] == []
    assert await sums(world, deal) == (1_500_000, 0, 0, 0, 0)


async def test_a_payment_of_another_amount_closes_no_case(world: World) -> None:
    """
    Given deals whose invoices are paid in billing
    When events say that a cent less, a cent more, another currency, and just the owed amount were paid
    Then the first three wait for finance, the CRM does not call them paid, and the last one is.
    """
    deals = await deals_at(world, "invoiced", "less", "more", "dollars", "owed")
    told = [money(1_499_999), money(1_500_001), money(1_500_000, "USD"), money(1_500_000)]
    events: list[UUID] = []
    for deal, amount in zip(deals, told, strict=True):
        invoice = (await invoices(world))[deal.id]
        await world.vendors.person_changes("billing", "invoices", invoice["id"], {"status": "paid"})
        events += await happen(world, "payment.confirmed", [deal], invoice_id=invoice["id"], amount=amount)
    await goes(world, *events)
    assert [status for status, _ in await stopped(world, events)] == ["parked", "parked", "parked", "done"]
    assert {(await world.exceptions(event))[0].owner for event in events[:3]} == {"finance-operations"}
    crm = {one["id"]: one["properties"]["towline_payment"] for one in await world.vendors.objects("crm", "deals")}
    assert [crm[deal.id] for deal in deals] == ["open", "open", "open", "paid"]
    assert [(await sums(world, deal))[4] for deal in deals] == [0, 0, 0, 1_500_000]


async def test_a_change_during_delivery_is_approved_anew_and_invoiced_in_the_new_total(world: World) -> None:
    """
    Given a deal in delivery over EUR 15,000.00
    When a change to two positions of EUR 16,234.57 in all is requested and approved, and everything is delivered and paid
    Then the line shows what was approved and by how much it changed, and invoice and payment are the new total, line by line.
    """
    deal = await deal_at(world, "delivery")
    lines = [{"description": "Implementation", "amount": money(1_500_000)}, {"description": "Training", "amount": money(123_457)}]
    await goes(world, *await happen(world, "change.requested", [deal], lines=lines))
    assert await sums(world, deal) == (1_500_000, 0, 0, 0, 0)
    await goes(world, *await approve(world, [deal]))
    assert await sums(world, deal) == (1_500_000, 123_457, 0, 0, 0)
    await travel(world, [deal], "delivered", "invoiced", "paid")
    assert await sums(world, deal) == (1_500_000, 123_457, 1_623_457, 1_623_457, 1_623_457)
    invoice = (await invoices(world))[deal.id]
    assert (invoice["total"], invoice["amount_paid"]) == (1_623_457, 1_623_457)
    assert sorted(line["amount"] for line in invoice["lines"]["data"]) == [123_457, 1_500_000]
    counts = await world.vendors.all_counts()
    assert (counts["tickets"], counts["invoices"], counts["folders"]) == (1, 1, 2)


async def test_what_goes_back_to_the_client_is_finances_work(world: World) -> None:
    """
    Given a paid deal
    When a part of the money goes back to the client
    Then the line shows what is left, the CRM says so, and finance has the difference as work, which they can close.
    """
    deal = await deal_at(world, "paid")
    invoice = (await invoices(world))[deal.id]
    await world.vendors.person_changes("billing", "invoices", invoice["id"], {"status": "refunded", "amount": 25_001})
    (event,) = await happen(world, "payment.refunded", [deal], amount=money(25_001))
    await goes(world, event)
    assert await world.status(event) == "done"
    assert await sums(world, deal) == (1_500_000, 0, 1_500_000, 1_500_000, 1_474_999)
    async with world.house.ledger.begin() as books:
        (work,) = await books.exceptions.latest(limit=10)
    assert (work.case_id, work.cause, work.owner) == (deal.case, "continuity/refunded", "finance-operations")
    (crm,) = await world.vendors.objects("crm", "deals")
    assert crm["properties"]["towline_payment"] == "refunded"
    assert await leave(world.house.ledger, [event]) == {event}
    async with world.house.ledger.begin() as books:
        assert await books.exceptions.latest(limit=10) == []
    assert await world.status(event) == "done"


async def test_an_invoice_that_is_taken_back_is_written_anew(world: World) -> None:
    """
    Given an invoice that is out
    When somebody voids it in billing, and the delivery is completed again and paid
    Then a second invoice of the same amount stands there, and the line adds up as if there had been one.
    """
    deal = await deal_at(world, "invoiced")
    old = (await invoices(world))[deal.id]
    await world.vendors.person_changes("billing", "invoices", old["id"], {"status": "void"})
    (voided,) = await happen(world, "invoice.voided", [deal], invoice_id=old["id"], amount=money(1_500_000))
    await goes(world, voided)
    assert (await world.case(deal.case)).stage == "delivery"
    assert await sums(world, deal) == (1_500_000, 0, 0, 0, 0)
    await travel(world, [deal], "delivered", "invoiced", "paid")
    assert await sums(world, deal) == (1_500_000, 0, 1_500_000, 1_500_000, 1_500_000)
    assert sorted(one["status"] for one in await world.vendors.objects("billing", "invoices")) == ["paid", "void"]


async def test_any_amount_goes_through_whole(world: World) -> None:
    """
    Given leads over an odd amount, over one cent, and in a currency without cents
    When their deals travel to their payment through every system
    Then each system and the line have the very same amounts.
    """
    amounts = {"odd": (1_234_567, "EUR"), "cent": (1, "EUR"), "yen": (1_234_567, "JPY")}
    leads = {name: lead(name, of=name, amount=money(*amount)) for name, amount in amounts.items()}
    deals = await deals_of(world, "paid", leads)
    billed = await invoices(world)
    quotes = {one["metadata"]["deal_id"]: one for one in await world.vendors.objects("billing", "quotes")}
    for deal in deals:
        minor, currency = amounts[deal.name]
        assert await sums(world, deal) == (minor, 0, minor, minor, minor)
        assert (billed[deal.id]["amount_paid"], billed[deal.id]["currency"]) == (minor, currency.lower())
        assert (quotes[deal.id]["amount_total"], quotes[deal.id]["currency"]) == (minor, currency.lower())
