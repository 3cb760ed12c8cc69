"""A system that is down for longer: events wait instead of parking, and go on by themselves, once each, when it is back."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import text

from deployments.alerts import Alerts
from deployments.prober import Prober
from tests.world import World, lead

CONTACTS = "POST /crm/v3/objects/contacts/batch/upsert"


@dataclass
class Gate:
    """Takes note of who is let through."""

    let: list[UUID] = field(default_factory=list)
    has_place: bool = True

    def let_through(self, event: Any) -> None:
        self.let.append(event.id)


async def let_through(world: World) -> list[UUID]:
    """Try what is down, the pauses between tries being over; return who is let through."""
    async with world.house.ledger.begin() as books:
        await books.circuits._connection.execute(text("UPDATE circuits SET probe_at = now()"))
    gate = Gate()
    await Prober(world.house, gate).look()
    return gate.let


async def claimed(world: World, event_type: str) -> list[UUID]:
    """Lease what is ready, as the dispatcher does, and return it."""
    async with world.house.ledger.begin() as books:
        return [row.id for row in await books.inbox.claim(event_type, limit=100, worker=world.house.worker, seconds=30)]


async def told(world: World) -> list[str]:
    """Look at the alerts, and return what stands in chat about the CRM."""
    await Alerts(world.house).look()
    return [one["text"] for one in await world.vendors.objects("chat", "messages") if one["text"].startswith("CRM")]


async def attempts(world: World, *events: UUID) -> Sequence[int]:
    async with world.house.ledger.begin() as books:
        return [row.attempts for row in await books.inbox.get(events)]


async def test_leads_that_meet_an_outage_wait_and_go_on_oldest_first_when_it_is_over(world: World) -> None:
    """
    Given a CRM that answers 503 to everything
    When leads come in and are run
    Then they wait without an attempt counted, nothing is parked, and the CRM's owner has one alert that is kept up to date
    And when the CRM is back, one is let through first, then all the others go on in order, once each, and the alert says so.
    """
    await world.vendors.fault("crm", status=503, count=-1)
    leads = await world.arrives(lead("form-1", of="one"), lead("form-2", of="two"))
    state = await world.qualify(*leads)
    assert (state.name, state.message) == ("Waiting", "2 of 2 deals wait: crm is down")
    leads += await world.arrives(lead("form-3", of="three"))
    assert await claimed(world, "lead.qualified") == await let_through(world) == []
    (first,) = await told(world)
    assert first.startswith("CRM does not answer: 3 leads wait, oldest ")
    assert ", EUR 45,000.00 in them, about EUR 0.0" in first
    leads += await world.arrives(lead("form-4", of="four"))
    (now,) = await told(world)
    assert now.startswith("CRM does not answer: 4 leads wait")
    assert [await world.exceptions(event) for event in leads] == [[]] * 4
    assert list(await attempts(world, *leads)) == [0] * 4

    await world.vendors.heal()
    assert await let_through(world) == leads[:1]
    assert (await world.qualify(leads[0])).is_completed()
    assert await claimed(world, "lead.qualified") == leads[1:]
    await world.qualify(*leads[1:])
    assert {await world.status(event) for event in leads} == {"done"}
    counts = await world.vendors.counts()
    assert (counts["companies"], counts["contacts"], counts["deals"], counts["folders"]) == (4, 4, 4, 4)
    (over,) = await told(world)
    assert over.startswith("CRM is back after ")
    assert ": 4 leads waited, which cost about EUR 0.0" in over


async def test_an_operation_that_fails_alone_is_tried_by_events_that_need_it_and_stops_no_other_path(world: World) -> None:
    """
    Given a CRM that saves no contact and does all else
    When a lead has met that
    Then opportunities go on, and leads are let through one at a time, each of which fails at once and waits again
    And when contacts are saved again, the next one finds out.
    """
    (other,) = await world.arrives(lead("form-0", of="zero"))
    await world.qualify(other)
    await world.vendors.fault("crm", CONTACTS, status=503, count=-1)
    leads = await world.arrives(lead("form-1", of="one"), lead("form-2", of="two"))
    assert (await world.qualify(leads[0])).name == "Waiting"
    await world.discover()
    assert (await world.case_of(other)).stage == "discovery"
    for one in leads:
        since = await world.vendors.last_request()
        assert await let_through(world) == [one]
        assert (await world.qualify(one)).name == "Waiting"
        asked = [request for request in await world.vendors.asked(since=since, system="crm") if request["status"] == 503]
        assert len(asked) == 1
    await world.vendors.heal()
    assert await let_through(world) == leads[:1]
    await world.qualify(leads[0])
    assert await claimed(world, "lead.qualified") == leads[1:]


async def test_while_chat_is_down_its_owner_is_told_when_it_is_back(world: World) -> None:
    """
    Given a chat that answers nothing, in which alerts are posted
    When a lead has met that, and later chat is back
    Then its owner reads how long it was away, and the lead's own message stands once.
    """
    await world.vendors.fault("chat", status=503, count=-1)
    (event,) = await world.arrives(lead())
    assert (await world.qualify(event)).name == "Waiting"
    await Alerts(world.house).look()
    await world.vendors.heal()
    assert await let_through(world) == [event]
    await world.qualify(event)
    await Alerts(world.house).look()
    texts = [one["text"] for one in await world.vendors.objects("chat", "messages")]
    assert len(texts) == 2
    assert [text.split(" after ")[0] for text in texts if "is back" in text] == ["Chat is back"]


@pytest.mark.parametrize("event_type", ["lead.qualified", "opportunity.created"])
async def test_deals_wait_while_our_credentials_are_not_taken(world: World, event_type: str) -> None:
    """
    Given a CRM that does not take our token, met by a call that writes or by one that reads
    When leads come in meanwhile
    Then nothing is parked, their owner reads that credentials are to be renewed, and the CRM is asked every half minute only
    And when it takes them again, all of it goes on.
    """
    (event,) = await world.arrives(lead())
    if event_type == "opportunity.created":
        await world.qualify(event)
    await world.vendors.fault("crm", status=401, count=-1)
    run = world.discover if event_type == "opportunity.created" else world.qualify
    (event,) = [row.id for row in await world.events() if row.status == "received"]
    assert (await run(event)).name == "Waiting"
    (now,) = await told(world)
    assert now.startswith("CRM does not take our credentials: 1 ")
    said = str(await world.vendors.objects("chat", "messages"))
    assert "renew the credentials" in said
    assert await let_through(world) == []
    async with world.house.ledger.begin() as books:
        assert [row.probe_at - row.opened_at > timedelta(seconds=20) for row in await books.circuits.open()] == [True]
        assert [row.cause for row in await books.exceptions.causes()] == []
    await world.vendors.heal()
    assert await let_through(world) == [event]
    await run(event)
    await world.discover()
    assert {row.status for row in await world.events()} == {"done"}
    (over,) = await told(world)
    assert over.startswith("CRM is back after ")
