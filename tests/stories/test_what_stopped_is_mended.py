"""What stops for a slip is mended by one answer, or by nobody once that has been earned; and never what binds the company."""

from __future__ import annotations

import json
from typing import Any

from contracts.autonomy import Level, autonomy
from deployments.alerts import Alerts
from deployments.proposer import Proposer
from ledger.correcting import accept
from ledger.standing import move, standings
from runtime.wiring import Runtime
from tests.suggesting import WORDS, event_of, good_weeks, is_left, open_of, past, suggestions_of
from tests.undoing import of_event, rolled_back
from tests.world import DAY, Vendors, World, lead

OWNER = "sales-operations"


async def level(house: Runtime) -> Level:
    async with house.ledger.begin() as books:
        (found,) = await standings(books, autonomy(), [WORDS])
    return found.level


async def alerts_of(vendors: Vendors) -> list[str]:
    return [json.dumps(one, ensure_ascii=False) for one in await vendors.objects("chat", "messages")]


async def deals(world: World) -> list[dict[str, Any]]:
    return [one["properties"] for one in await world.vendors.objects("crm", "deals")]


async def test_a_misspelt_service_is_suggested_accepted_and_arrives(world: World) -> None:
    """
    Given a lead for “Implementaton”, which the contract does not know
    When the house looks at what stopped, and a person accepts what it suggests
    Then the lead travels to its last effect as one for an implementation, and what was received is kept.
    """
    house = world.house
    (event,) = await world.arrives(lead(service="Implementaton"))
    assert await world.status(event) == "quarantined"
    await Proposer(house).look()
    (waiting,) = await suggestions_of(house.ledger, event)
    assert (waiting.proposed, waiting.treatment) == ("implementation", "suggested")
    await accept(house.ledger, house.catalog, event.hex[:8], by="ada")
    await world.qualify(event)
    await Proposer(house).look()
    assert await world.status(event) == "done"
    (deal,) = await deals(world)
    assert "implementation" in json.dumps(deal)
    assert (await event_of(house.ledger, event)).original["data"]["service"] == "Implementaton"
    (told,) = await suggestions_of(house.ledger, event)
    assert (told.outcome, told.completed) == ("accepted", True)


async def test_an_address_that_is_a_slip_stops_before_anything_is_made_and_arrives_mended(world: World) -> None:
    """
    Given a lead whose address is two letters off its company's domain
    When its path is run
    Then the gate stops it and nothing is made
    And when a person accepts what is suggested, it goes on with the right address, and no exception names either.
    """
    house = world.house
    (event,) = await world.arrives(lead(person={"name": "Ada Byron", "email": "ada@northwnid.example"}))
    await world.qualify(event)
    assert await world.status(event) == "parked"
    assert (await world.vendors.counts())["contacts"] == 0
    await Proposer(house).look()
    (stopped,) = await open_of(house.ledger, event)
    assert stopped.cause == "gate/lead/contact_email_is_spelt_right"
    assert "`towline suggestions`" in stopped.route
    assert "northw" not in stopped.reason + stopped.route
    await accept(house.ledger, house.catalog, str(event), by="ada")
    await world.qualify(event)
    assert await world.status(event) == "done"
    (contact,) = await world.vendors.objects("crm", "contacts")
    assert contact["properties"]["email"] == "ada@northwind.example"


async def test_an_address_that_a_person_confirms_is_not_questioned_again(world: World) -> None:
    """
    Given a lead whose address looks like a slip, and is none
    When a person gives the address as it was
    Then the gate lets it pass, and it arrives as it was written.
    """
    house, written = world.house, "ada@northwinds.example"
    (event,) = await world.arrives(lead(person={"name": "Ada Byron", "email": written}))
    await world.qualify(event)
    await Proposer(house).look()
    await accept(house.ledger, house.catalog, str(event), by="ada", value=written)
    await world.qualify(event)
    assert await world.status(event) == "done"
    (contact,) = await world.vendors.objects("crm", "contacts")
    assert contact["properties"]["email"] == written


async def test_what_has_been_earned_is_done_alone_until_it_goes_wrong_and_its_owner_is_told(
    house: Runtime, vendors: Vendors
) -> None:
    """
    Given four weeks in which people accepted what was suggested
    When the owner lets it be done alone, and a lead for “consulting” comes in
    Then it is an advisory one, ready to go, and no person is asked or told
    And when people leave two of those, the action falls back, its owner reads why, and the next one is only suggested
    And when the owner has looked at it, the alert is settled.
    """
    world = World(house, vendors, "")
    proposer, alerts = Proposer(house), Alerts(house, now=lambda: DAY)
    await good_weeks(house.ledger)
    await move(house.ledger, autonomy(), WORDS, Level.ALONE, by=OWNER, reason="four good weeks")
    first, second = await world.arrives(lead("form-1", service="consulting"), lead("form-2", of="contoso", service="workshop"))
    await proposer.look()
    await alerts.look()
    assert [await world.status(one) for one in (first, second)] == ["received", "received"]
    assert (await event_of(house.ledger, first)).payload["data"]["service"] == "advisory"
    assert await alerts_of(vendors) == []

    for event in (first, second):
        await is_left(house.ledger, event)
    await proposer.look()
    assert await level(house) is Level.SUGGESTED
    await alerts.look()
    (alert,) = await alerts_of(vendors)
    assert "fell back from “alone” to “suggested”: 100 % of 2 proposals were wrong, allowed 2 %" in alert
    assert "autonomy.md" in alert
    (third,) = await world.arrives(lead("form-3", of="fabrikam", service="consulting"))
    await proposer.look()
    assert await world.status(third) == "quarantined"
    (suggestion,) = await suggestions_of(house.ledger, third)
    assert (suggestion.treatment, suggestion.proposed) == ("suggested", "advisory")

    await move(house.ledger, autonomy(), WORDS, Level.SUGGESTED, by=OWNER, reason="")
    await alerts.look()
    assert any("Settled: a person has said how far this action goes" in one for one in await alerts_of(vendors))


async def test_nothing_is_done_alone_in_the_look_in_which_the_evidence_breaks(house: Runtime, vendors: Vendors) -> None:
    """
    Given an action that is done alone, and wrong ones that nobody has looked at yet
    When the house looks at a new stop
    Then the action falls back first, and the new one is suggested.
    """
    await good_weeks(house.ledger)
    await move(house.ledger, autonomy(), WORDS, Level.ALONE, by=OWNER, reason="four good weeks")
    world = World(house, vendors, "")
    (event,) = await world.arrives(lead(service="consulting"))
    await past(house.ledger, "reverted", 5, days=0, level="alone")
    await Proposer(house).look()
    assert await world.status(event) == "quarantined"


async def test_a_lead_that_is_like_nothing_we_know_stays_blocked_with_its_owner(house: Runtime, vendors: Vendors) -> None:
    """
    Given a lead for a service that is like none of ours
    When the house looks at it, at whatever level
    Then it stays where it is, and its owner reads that nothing near is known, and whom to ask.
    """
    await good_weeks(house.ledger)
    await move(house.ledger, autonomy(), WORDS, Level.ALONE, by=OWNER, reason="four good weeks")
    world = World(house, vendors, "")
    (event,) = await world.arrives(lead(service="zebra"))
    await Proposer(house).look()
    await Alerts(house, now=lambda: DAY).look()
    assert await world.status(event) == "quarantined"
    (alert,) = await alerts_of(vendors)
    assert "nothing near enough is known" in alert
    assert "in doubt ask #ops" in alert
    assert "zebra" not in alert


async def test_what_was_done_alone_and_is_taken_back_counts_as_wrong(world: World) -> None:
    """
    Given a lead that was mended alone, and travelled
    When two people take it back
    Then nothing of it stands outside, and its correction counts as wrong.
    """
    house = world.house
    await good_weeks(house.ledger)
    await move(house.ledger, autonomy(), WORDS, Level.ALONE, by=OWNER, reason="four good weeks")
    (event,) = await world.arrives(lead(service="consulting"))
    await Proposer(house).look()
    await world.qualify(event)
    assert await world.status(event) == "done"
    await rolled_back(world, of_event(event))
    assert await world.status(event) == "undone"
    assert await deals(world) == []
    (told,) = await suggestions_of(house.ledger, event)
    assert told.outcome == "reverted"
