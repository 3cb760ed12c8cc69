"""A deal goes from discovery to its payment: each step once, each amount the same to the cent, each decision a person's."""

from __future__ import annotations

from lifecycle.decisions import Verdict
from tests.world import World


async def test_a_deal_is_drafted_approved_delivered_invoiced_and_paid(world: World) -> None:
    """
    Given a lead that has its discovery packet
    When discovery is completed, the proposal approved, a milestone reached, the delivery completed and the invoice paid
    Then each system holds each thing once, the client has three letters in one thread
    And approved, delivered, invoiced and paid are the same amount, and the case is closed
    And no vendor has answered anything else than its shape says.
    """
    deal = await world.deal_in_discovery()
    await world.happens("discovery.completed", {"deal_id": deal})
    (asked,) = await world.waiting()
    assert (asked.minor, asked.currency, asked.state) == (1_500_000, "EUR", "waiting")
    await world.decides(asked.id, Verdict.APPROVE)
    case = await world.case(asked.case_id)
    assert case.stage == "delivery"
    await world.happens("milestone.reached", {"deal_id": deal, "milestone": "Go-live", "notes": [APPROVED, SECRET]})
    await world.happens("delivery.completed", {"deal_id": deal})
    assert (await world.case(case.id)).stage == "invoiced"
    (invoice,) = await world.vendors.objects("billing", "invoices")
    await world.vendors.person_changes("billing", "invoices", invoice["id"], {"status": "paid"})
    paid = {"minor": 1_500_000, "currency": "EUR"}
    await world.happens("payment.confirmed", {"deal_id": deal, "invoice_id": invoice["id"], "amount": paid})
    assert (await world.case(case.id)).stage == "paid"
    assert {row.status for row in await world.events()} == {"done"}
    money = await world.line(case.id)
    assert (money.approved, money.delivered, money.invoiced, money.paid) == (1_500_000,) * 4
    counts = await world.vendors.all_counts()
    assert counts == {
        "companies": 1,
        "contacts": 1,
        "deals": 1,
        "tickets": 1,
        "notes": 1,
        "folders": 2,
        "documents": 2,
        "messages": 8,
        "customers": 1,
        "quotes": 1,
        "invoices": 1,
        "letters": 3,
    }
    letters = await world.vendors.objects("mail", "messages")
    assert len({letter["threadId"] for letter in letters}) == 1
    (crm,) = await world.vendors.objects("crm", "deals")
    assert crm["properties"]["dealstage"] == "closedwon"
    assert crm["properties"]["towline_payment"] == "paid"
    text = str(letters)
    assert "secret" not in text
    async with world.house.ledger.begin() as books:
        assert [row.reason for row in await books.exceptions.causes()] == []


APPROVED = {"text": "The first site is live", "approved_by": "delivery-1"}
SECRET = {"text": "A secret that nobody has released"}
