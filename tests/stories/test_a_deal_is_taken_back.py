"""What was done can be undone, from payment back to lead, once, in every system; what a person changed since is theirs."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from lifecycle.stages import Stage
from lifecycle.undo import EDITED, SETTLED
from tests.journey import Deal, deals_at, deals_of, travel
from tests.undoing import items, of_event, rolled_back, row_of
from tests.world import World, lead


async def first_event(world: World, deal: Deal) -> UUID:
    async with world.house.ledger.begin() as books:
        return UUID(str((await books.inbox.of_case(deal.case))[0].id))


async def standing(world: World) -> dict[str, int]:
    """How much stands where, what lies in the bin or is deleted, void or closed left out."""
    kinds = [("crm", "companies"), ("crm", "contacts"), ("crm", "deals"), ("docs", "folders"), ("docs", "documents")]
    kinds += [("docs", "files"), ("chat", "messages"), ("billing", "customers"), ("billing", "quotes"), ("billing", "invoices")]
    found = {kind: await world.vendors.objects(system, kind) for system, kind in kinds}
    return {kind: sum(map(_stands, some)) for kind, some in found.items() if any(map(_stands, some))}


def _stands(one: dict[str, Any]) -> bool:
    return not (one.get("trashed") or one.get("deleted") or one.get("status") in ("void", "canceled"))


async def test_a_whole_deal_is_undone_and_done_again(world: World) -> None:
    """Given a deal whose invoice is out
    When its lead is undone by two people
    Then nothing of ours stands in any system, letters and what was sent are listed, and the case stands where it began
    And billing's word that the invoice is void is taken as done
    And when the lead is done again, it is made anew, once, with what follows it.
    """
    (deal,) = await deals_at(world, "invoiced", "northwind")
    before = await standing(world)
    event = await first_event(world, deal)
    undone = await rolled_back(world, of_event(event))
    assert {row.step for row in await items(world, undone) if row.verdict != "undo"} == {
        "send_summary",
        "send_invoice",
        "send_cover_note",
    }
    assert {row.outcome for row in await items(world, undone)} == {"undone", "kept"}
    assert await standing(world) == {}
    assert [one["properties"]["hs_pipeline_stage"] for one in await world.vendors.objects("crm", "tickets")] == ["4"]
    case = await world.case(deal.case)
    assert (case.stage, case.crm_deal_id) == (Stage.NEW, None)
    assert {row.status for row in await world.events()} == {"undone"}
    assert (await row_of(world, undone)).state == "done"
    (invoice,) = await world.vendors.objects("billing", "invoices")
    echo = await world.happens("invoice.voided", {"deal_id": deal.id, "invoice_id": invoice["id"]})
    assert [row.status for row in await world.events() if row.id == echo] == ["done"]

    async with world.house.ledger.begin(wake=True) as books:
        await books.inbox.reopen([event])
    await world.settles()
    again = await standing(world)
    assert again == {kind: before[kind] for kind in ("companies", "contacts", "deals", "folders")} | {
        "folders": 1,
        "documents": 1,
        "messages": 2,
    }
    assert (await world.case(deal.case)).stage == Stage.DISCOVERY


async def test_what_people_changed_since_is_asked_about_and_the_rest_is_undone(world: World) -> None:
    """Given a paid deal, a deal that a person has moved, one whose packet a person has edited, and one that nobody has touched
    When the leads of all of them are undone
    Then what was paid, moved and edited stays as it is, its owner is asked, and the other deal is gone.
    """
    names = ("northwind", "contoso", "fabrikam", "initech")
    deals = await deals_of(world, "discovery", {name: lead(f"form-{name}", of=name) for name in names})
    paid, moved, edited, untouched = deals
    await travel(world, [paid], "proposed", "delivery", "delivered", "invoiced", "paid")
    await world.vendors.person_changes("crm", "deals", moved.id, {"dealstage": "closedlost"})
    packet = next(one for one in await world.vendors.objects("docs", "documents") if "fabrikam" in one["name"])
    await world.vendors.person_changes("docs", "documents", packet["id"], {"text": "Ask for the board first."})
    found = {}
    for deal in deals:
        undone = await rolled_back(world, of_event(await first_event(world, deal)))
        found[deal.name] = {row.step: (row.outcome, row.reason) for row in await items(world, undone)}
        said = str(await world.vendors.objects("chat", "messages"))
        assert ("were taken back" in said, deal.name.title() in said) == (deal is not deals[-1], False)
    assert found[paid.name]["finalise_invoice"] == found[paid.name]["draft_invoice"] == ("changed", SETTLED)
    assert found[moved.name]["advance_deal"] == found[moved.name]["open_deal"] == ("changed", EDITED)
    assert found[edited.name]["fill_packet"] == ("changed", EDITED)
    assert {outcome for outcome, _ in found[untouched.name].values()} == {"undone"}
    stages = {deal.name: (await world.case(deal.case)).stage for deal in deals}
    assert stages[untouched.name] == Stage.NEW
    assert stages[paid.name] == Stage.DELIVERED
    left = {one["id"]: one["properties"]["dealstage"] for one in await world.vendors.objects("crm", "deals")}
    assert left == {moved.id: "closedlost"}
    async with world.house.ledger.begin() as books:
        asked = await books.exceptions.latest(limit=50)
    assert {row.cause for row in asked} == {"rollback/changed"}
    assert {row.case_id for row in asked} == {paid.case, moved.case, edited.case}
