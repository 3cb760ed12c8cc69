"""What does not pass the gate, or contradicts where its deal stands, waits for a person; everything else goes on."""

from __future__ import annotations

import json

from tests.world import World, event, lead, sample


async def test_a_lead_that_fails_the_gate_leaves_with_the_rules_words_and_the_rest_go_on(world: World) -> None:
    """
    Given a batch of leads, one of which its source is not sure of
    When it is run
    Then that one is parked with the expectation's own words, nothing is made for it, and the other one is done
    And the verdict is kept, with the event and without any value of it.
    """
    good, doubtful = await world.arrives(lead("form-1"), lead("form-2", of="contoso", confidence=0.123))
    await world.qualify(good, doubtful)
    assert [await world.status(one) for one in (good, doubtful)] == ["done", "parked"]
    (exception,) = await world.exceptions(doubtful)
    assert exception.cause.startswith("gate/lead/")
    assert exception.reason.startswith("The source is sure enough that this is a lead (0.5 or more), because ")
    assert (exception.field, exception.owner) == ("confidence", "sales-operations")
    assert exception.route.endswith("then `towline replay --cause gate/lead/source_is_sure_of_the_lead`")
    assert [one["properties"]["name"] for one in await world.vendors.objects("crm", "companies")] == ["Northwind GmbH"]
    async with world.house.ledger.begin() as books:
        (verdict,) = await books.gates.latest(limit=10)
    assert (verdict.suite, verdict.checked, verdict.failed) == ("lead", 2, 1)
    kept = json.dumps(verdict.summary)
    assert str(doubtful) in kept
    assert not [value for value in ("0.123", "contoso", "Contoso", "Ada", "+49") if value in kept]


async def test_a_lead_that_was_corrected_by_hand_and_replayed_passes_the_same_gate_again(world: World) -> None:
    """
    Given a lead that the gate has stopped
    When it is replayed as it is
    Then the gate stops it again, with one open exception, and still nothing is made for it.
    """
    (doubtful,) = await world.arrives(lead(confidence=0.2))
    await world.qualify(doubtful)
    assert await world.replayed(doubtful)
    await world.qualify(doubtful)
    assert await world.status(doubtful) == "parked"
    assert len(await world.exceptions(doubtful)) == 1
    assert len(await world.exceptions(doubtful, closed=True)) == 1
    assert (await world.vendors.counts())["companies"] == 0


async def test_a_lead_for_a_deal_that_is_past_it_parks(world: World) -> None:
    """
    Given a deal that stands in discovery
    When another lead of that same deal comes in
    Then it is parked because it contradicts the deal's stage, and nothing is made.
    """
    await world.travels(lead("form-1", envelope={"subject": "deal-7"}))
    before = await world.vendors.counts()
    (again,) = await world.arrives(lead("form-2", envelope={"subject": "deal-7", "time": "2026-11-21T10:00:00Z"}))
    await world.qualify(again)
    assert await world.status(again) == "parked"
    (exception,) = await world.exceptions(again)
    assert (exception.cause, exception.reason) == (
        "lead/stage/stage",
        "lead.qualified does not fit a case at stage discovery",
    )
    assert await world.vendors.counts() == before


async def test_events_of_one_deal_in_the_wrong_order_are_done_in_the_right_one(world: World) -> None:
    """
    Given an opportunity that arrives before the lead of the same deal, which happened before it
    When both are there and the opportunity's path is run first
    Then the opportunity is left alone until its lead is done, and then both are done, on one deal.
    """
    data = sample("opportunity.created", "import")
    late = event("opportunity.created", "opp-1", data, subject="deal-9", time="2026-11-21T10:00:00Z")
    early = lead("form-1", envelope={"subject": "deal-9", "time": "2026-11-21T09:00:00Z"})
    (opportunity,) = await world.arrives(late)
    (first,) = await world.arrives(early)
    state = await world.discover(opportunity)
    assert (state.message, await world.status(opportunity)) == ("0 deals done", "received")
    await world.qualify(first)
    await world.discover(opportunity)
    assert [await world.status(one) for one in (first, opportunity)] == ["done", "done"]
    assert (await world.vendors.counts())["deals"] == 1


async def test_an_opportunity_without_a_lead_brings_its_deal_into_the_crm(world: World) -> None:
    """
    Given an opportunity from an import, of a company without a domain, which no lead came before
    When its path is run
    Then company, deal, folder, packet and message stand, and what nobody knows is said to be found out.
    """
    data = sample("opportunity.created", "import")
    (opportunity,) = await world.arrives(event("opportunity.created", "1C1I7A6R", data))
    await world.discover(opportunity)
    assert await world.status(opportunity) == "done", await world.exceptions(opportunity)
    counts = {"companies": 1, "contacts": 0, "deals": 1, "folders": 1, "documents": 1, "messages": 1}
    assert await world.vendors.counts() == counts
    (packet,) = await world.vendors.objects("docs", "documents")
    text = await world.house.docs.read_text(packet["id"])
    assert "Sector\nTechnology\n" in text
    assert "Contact\nto be found out\n" in text


async def test_an_opportunity_of_a_deal_that_is_gone_from_the_crm_parks(world: World) -> None:
    """
    Given an event that names only a deal which the CRM does not have
    When its path is run
    Then it is parked as gone, and the run does not fail for the others.
    """
    bare = event("opportunity.created", "hook-1", {"deal_id": "404404"})
    good = event("opportunity.created", "hook-2", sample("opportunity.created", "import"))
    gone, other = await world.arrives(bare, good)
    await world.discover(gone, other)
    assert [await world.status(one) for one in (gone, other)] == ["parked", "done"]
    assert [row.cause for row in await world.exceptions(gone)] == ["discovery/read_opportunity/crm.gone"]


async def test_a_message_with_a_hostile_title_stays_text(world: World) -> None:
    """
    Given a company whose name is Slack markup
    When its lead is run
    Then the message shows the name, and mentions nobody.
    """
    (hostile,) = await world.arrives(lead(company={"name": "<!channel> & Sons", "domain": "sons.example"}))
    await world.qualify(hostile)
    (said,) = await world.vendors.objects("chat", "messages")
    assert "<!channel>" not in json.dumps(said)
    assert "&lt;!channel&gt; &amp; Sons" in json.dumps(said)
