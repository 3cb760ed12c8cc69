"""What is done may be replayed: nothing changes outside, but for what people have thrown away."""

from __future__ import annotations

from uuid import UUID

import httpx

from ledger.replaying import Choice, Prospect, replay
from tests.world import NO_TLS, World, lead

READS = ("/search", "/batch/read", "/conversations.history", "/token")


async def replayed(world: World, *events: UUID, from_start: bool = True) -> list[Prospect]:
    """Replay events and let everything that is ready run."""
    prospects = await replay(world.house.ledger, world.house.catalog, Choice(events), from_start=from_start)
    await world.settles()
    return prospects


async def writes(world: World, since: int) -> list[tuple[str, str]]:
    """Return what was written since a request."""
    asked = await world.vendors.asked(since=since)
    return [(one["method"], one["path"]) for one in asked if one["method"] != "GET" and not one["path"].endswith(READS)]


async def thrown_away(world: World, file: str) -> None:
    """Let a person put a file into the bin."""
    url, person = f"{world.vendors.url}/google/drive/v3/files/{file}", {"authorization": "Bearer person"}
    async with httpx.AsyncClient(verify=NO_TLS, trust_env=False, headers=person) as client:
        assert (await client.patch(url, json={"trashed": True})).is_success


async def test_a_replay_makes_anew_what_was_thrown_away_and_nothing_else(world: World) -> None:
    """
    Given a deal in discovery
    When its opportunity is replayed, and then from its start
    Then nothing is written anywhere, and it is done as before.
    When a person throws its packet away, and the opportunity is replayed from its start
    Then the packet is there again, filled, the deal in the CRM leads to it at its stage, and nobody is told again.
    When the lead before it is replayed from its start
    Then it is left alone, for its deal has moved on, and the event to replay instead is named.
    """
    (first,) = await world.travels(lead())
    (opportunity,) = [row.id for row in await world.events() if row.id != first]
    since, counts, case = await world.vendors.last_request(), await world.vendors.all_counts(), await world.case_of(first)
    assert [one.becomes for one in await replayed(world, opportunity, from_start=False)] == ["is done already"]
    assert [one.becomes for one in await replayed(world, opportunity)] == ["goes on"]
    assert await world.status(opportunity) == "done"
    assert await writes(world, since) == []

    (packet,) = await world.vendors.objects("docs", "documents")
    await thrown_away(world, packet["id"])
    await replayed(world, opportunity)
    assert await world.status(opportunity) == "done"
    anew = [one for one in await world.vendors.objects("docs", "documents") if not one.get("trashed")]
    (made,) = anew
    assert made["id"] != packet["id"]
    assert "{{" not in await world.house.docs.read_text(made["id"])
    (deal,) = await world.vendors.objects("crm", "deals")
    assert made["id"] in " ".join(str(value) for value in deal["properties"].values())
    assert deal["properties"]["dealstage"] == "presentationscheduled"
    assert (await world.vendors.counts())["messages"] == counts["messages"]
    assert (await world.case_of(first)).stage == case.stage

    since = await world.vendors.last_request()
    (left,) = await replayed(world, first)
    assert (left.becomes, left.why) == ("its deal has moved on", f"replay {opportunity} instead")
    assert await writes(world, since) == []
    assert [row.status for row in await world.events()] == ["done", "done"]
