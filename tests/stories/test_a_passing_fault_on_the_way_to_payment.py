"""Faults that pass by themselves, at any system on the way to payment: waited for in the same run, and nothing is doubled."""

from __future__ import annotations

from typing import Any

from tests.journey import deals_at, happen, reach
from tests.world import World

LOST: dict[str, Any] = {"lose_answer": True}
FAULTS: dict[str, list[tuple[str, str, dict[str, Any]]]] = {
    "proposed": [("billing", "POST /v1/quotes", LOST), ("docs", "POST /upload/drive/v3/files", {"status": 500})],
    "delivery": [("mail", "POST /gmail/v1/users/me/messages/send", LOST), ("docs", "PATCH /drive/v3/files", {"status": 503})],
    "delivered": [("billing", "POST /v1/invoices/{id}/send", LOST), ("crm", "POST /crm/v3/objects/deals/batch", {"status": 0})],
    "invoiced": [("chat", "POST /chat.postMessage", LOST)],
    "paid": [("crm", "POST /crm/v3/objects/deals/batch/update", LOST)],
}
"""By the stage that a deal is on its way to: what goes wrong once there."""


async def test_deals_whose_answers_get_lost_on_every_path_are_paid_without_anybodys_work(world: World) -> None:
    """
    Given two deals in discovery
    When on each path to payment answers get lost and systems are down for a moment
    Then both are paid in one run a path, nobody is bothered, and each thing stands once.
    """
    deals = await deals_at(world, "discovery", "northwind", "contoso")
    for stage, faults in FAULTS.items():
        for system, operation, fault in faults:
            await world.vendors.fault(system, operation, **fault)
        await reach(world, stage, deals)
        assert await world.vendors.control("GET", "faults") == [], stage
        if stage == "delivery":
            await world.vendors.fault("crm", "POST /crm/v3/objects/notes/batch/create", lose_answer=True)
            await happen(world, "milestone.reached", deals, milestone="Go-live")
            await world.settles()
    assert {(row.status, row.attempts) for row in await world.events()} == {("done", 1)}
    async with world.house.ledger.begin() as books:
        assert await books.exceptions.latest(limit=10) == []
    counts = await world.vendors.all_counts()
    once = {"deals": 1, "tickets": 1, "notes": 1, "folders": 2, "documents": 2, "quotes": 1, "invoices": 1, "letters": 2}
    assert {kind: counts[kind] for kind in once} == {kind: number * len(deals) for kind, number in once.items()}
    assert counts["messages"] == 8  # of the batch: lead, packet, approval, kick-off, milestone, finance, owner, paid
