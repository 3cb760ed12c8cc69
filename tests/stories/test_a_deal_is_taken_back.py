"""What was done can be undone: from payment back to lead, once, in every system, and what a person changed since is theirs."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from lifecycle.stages import Stage
from tests.journey import deal_at
from tests.undoing import items, of_event, planned, rolled_back, row_of
from tests.world import World


async def first_event(world: World, case: UUID) -> UUID:
    async with world.house.ledger.begin() as books:
        return UUID(str((await books.inbox.of_case(case))[0].id))


async def alive(world: World, system: str, kind: str) -> list[dict[str, Any]]:
    return [one for one in await world.vendors.objects(system, kind) if not one.get("trashed")]


async def test_a_whole_deal_goes_back_to_nothing_and_what_cannot_is_listed(world: World) -> None:
    """Given a deal whose invoice is out, for three deals of other companies
    When its lead is undone by two people
    Then nothing of ours stands in any system but a closed request and letters, and the case stands where it began
    And done again, it is made anew, once.
    """
    deal = await deal_at(world, "invoiced")
    lead_event = await first_event(world, deal.case)
    rollback = await planned(world, of_event(lead_event))
    planned_verdicts = {(row.step, row.verdict) for row in await items(world, rollback)}
    assert {step for step, verdict in planned_verdicts if verdict != "undo"} == {
        "send_summary",
        "send_cover_note",
        "send_invoice",
    }
    done = await rolled_back(world, of_event(lead_event))
    assert {row.outcome for row in await items(world, done)} == {"undone", "kept"}
    assert [await alive(world, "crm", kind) for kind in ("companies", "contacts", "deals")] == [[], [], []]
    assert [await alive(world, "docs", kind) for kind in ("folders", "documents", "files")] == [[], [], []]
    assert await world.vendors.objects("chat", "messages") == []
    assert [one["status"] for one in await world.vendors.objects("billing", "quotes")] == ["canceled"]
    assert [one["status"] for one in await world.vendors.objects("billing", "invoices")] == ["void"]
    assert [one for one in await world.vendors.objects("billing", "customers") if not one.get("deleted")] == []
    assert [one["properties"]["hs_pipeline_stage"] for one in await world.vendors.objects("crm", "tickets")] == ["4"]
    case = await world.case(deal.case)
    assert (case.stage, case.crm_deal_id) == (Stage.NEW, None)
    assert {row.status for row in await world.events()} == {"undone"}
    assert (await row_of(world, done)).state == "done"
