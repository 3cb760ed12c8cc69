"""The reconcile flow in Prefect, and what is put back in a deal that is taken back."""

from __future__ import annotations

from typing import Any

from prefect.client.schemas.objects import State
from prefect.settings import PREFECT_API_URL, temporary_settings

from deployments.reconciling import take_over
from flows.reconcile import reconcile
from tests.changing import incidents, won
from tests.journey import deals_at
from tests.undoing import of_event, rolled_back, row_of
from tests.world import World, lead

FOLDER = "towline_folder_url"


async def compared(world: World) -> State[Any]:
    with temporary_settings({PREFECT_API_URL: world.prefect}):
        state: State[Any] = await reconcile(return_state=True)
    return state


async def test_a_field_is_put_back_and_its_deal_can_still_be_taken_back(world: World) -> None:
    """
    Given a deal that came in as a lead, whose folder's address somebody has changed
    When the flow runs twice
    Then it says what it found, the address stands again, and there is nothing new the second time
    And when the lead is taken back, that is done to its end: what was put back stands in nobody's way.
    """
    (event,) = await world.travels(lead())
    (deal,) = await world.vendors.objects("crm", "deals")
    ours = deal["properties"][FOLDER]
    await world.vendors.person_changes("crm", "deals", deal["id"], {FOLDER: "https://drive.example/elsewhere"})
    first = await compared(world)
    assert first.is_completed()
    assert "1 new incidents, 0 known, 0 over, 1 to be put back" in str(first.message)
    assert "0 new incidents, 0 known, 0 over, 0 to be put back" in str((await compared(world)).message)
    (deal,) = await world.vendors.objects("crm", "deals")
    assert deal["properties"][FOLDER] == ours
    assert [one.state for one in await incidents(world.house)] == ["put back"]
    rollback = await row_of(world, await rolled_back(world, of_event(event)))
    assert (rollback.state, rollback.changed, rollback.failed) == ("done", 0, 0)
    assert await world.vendors.objects("crm", "deals") == []


async def test_a_deal_that_nobody_touched_has_no_incident_from_lead_to_payment(world: World) -> None:
    await deals_at(world, "paid", "northwind", "globex")
    state = await compared(world)
    assert "0 new incidents" in str(state.message)
    async with world.house.ledger.begin() as books:
        meter = {row.entity: row.fields for row in await books.incidents.meter()}
    assert set(meter) == {"opportunity", "account", "contact", "document", "invoice"}


async def test_a_changed_proposal_becomes_a_changed_offer_that_waits_for_a_person(world: World) -> None:
    """
    Given a deal in delivery, whose approved proposal is locked
    When somebody lifts the lock and writes into it, and the flow runs
    And its owner makes that a new version
    Then a changed offer is drafted, and a person is asked for it; the flow's next run has nothing new to say.
    """
    (deal,) = await deals_at(world, "delivery", "northwind")
    (proposal,) = [one["id"] for one in await world.vendors.objects("docs", "documents") if "_proposal_v1" in one["name"]]
    await world.vendors.person_changes("docs", "documents", proposal, {"unlock": True})
    await world.vendors.person_changes("docs", "documents", proposal, {"text": "EUR 12,000.00"})
    await compared(world)
    (change,) = await incidents(world.house)
    await take_over(world.house.ledger, world.house.catalog, change.id, by="integration")
    await world.settles()
    (asked,) = await world.waiting()
    assert (asked.case_id, asked.document != proposal) == (deal.case, True)
    assert "0 new incidents" in str((await compared(world)).message)
    assert [one.state for one in await incidents(world.house)] == ["taken over"]


async def test_a_system_that_is_away_holds_up_only_what_stands_there(world: World) -> None:
    """
    Given a deal and its customer, both changed by somebody
    When the CRM does not let us in while the flow runs
    Then the run fails, and the customer's incident is there; when the CRM is back, the deal's, too.
    """
    deal = await won(world.house)
    await world.vendors.person_changes("crm", "deals", deal.id, {FOLDER: "https://drive.example/elsewhere"})
    await world.vendors.person_changes("billing", "customers", deal.customer, {"email": "billing@northwind.example"})
    await world.vendors.fault("crm", "POST /crm/v3/objects/deals/batch/read", status=401, count=-1)
    assert (await compared(world)).is_failed()
    assert [one.field for one in await incidents(world.house)] == ["email"]
    await world.vendors.heal()
    assert (await compared(world)).is_completed()
    assert [one.field for one in await incidents(world.house)] == ["email", "folder_url"]
