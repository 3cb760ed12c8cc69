"""Prefect is told what happens to events, ids only, once each; nothing of ours waits for it.

Each test names its events anew: the Prefect server is the whole session's.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from typing import Any
from uuid import UUID

import httpx
import pytest
from prefect.client.orchestration import PrefectClient, get_client
from prefect.client.schemas.filters import DeploymentFilter, DeploymentFilterId
from prefect.events import Event, Resource
from prefect.settings import PREFECT_API_URL, temporary_settings

from deployments.herald import Herald
from ledger.tables import EventStatus
from tests.house.pages import DOCS, tokens_of
from tests.world import World, event, lead, until

NAME = "Beatrix Ottoline"


@pytest.fixture
async def prefect(prefect_url: str) -> AsyncIterator[PrefectClient]:
    """A client of the session's Prefect server."""
    with temporary_settings({PREFECT_API_URL: prefect_url}):
        client = get_client()
    async with client:
        yield client


async def written(client: PrefectClient) -> None:
    """Let the server write what it holds: it does when it has twenty events, or five seconds later."""
    others = [Event(event="noise", resource=Resource({"prefect.resource.id": "noise"})) for _ in range(20)]
    await client.request("POST", "/events", json=[one.model_dump(mode="json") for one in others])


async def told(client: PrefectClient, one: UUID, number: int) -> list[dict[str, Any]]:
    """Wait until Prefect shows so many events of this one, as an automation would find them; return them in order."""
    await written(client)
    wanted = {"event": {"prefix": ["towline.event."]}, "resource": {"id": [f"towline.event.{one}"]}, "order": "ASC"}

    async def look() -> list[dict[str, Any]]:
        page = (await client.request("POST", "/events/filter", json={"filter": wanted})).json()
        found: list[dict[str, Any]] = page["events"]
        return found if len(found) >= number else []

    found = await until(look)
    assert len(found) == number
    return list(found)


async def settle(world: World, **outcomes: UUID) -> None:
    async with world.house.ledger.begin() as books:
        await books.inbox.settle({one: EventStatus(status) for status, one in outcomes.items()})


async def test_an_event_is_told_when_it_was_accepted_and_when_it_ended(world: World, prefect: PrefectClient) -> None:
    """
    Given a lead that was worked on, and one that waits
    When the herald has looked
    Then Prefect holds an accepted event of both, and an outcome of the first, with its case and its contract.
    """
    ended, waits = await world.arrives(lead("told-1"), lead("told-2", of="contoso"))
    await settle(world, done=ended)
    herald = Herald(world.house, prefect)
    assert await herald.look(settling=0) == 2
    accepted, done = await told(prefect, ended, 2)
    assert (accepted["event"], done["event"]) == ("towline.event.accepted", "towline.event.done")
    assert done["resource"]["towline.type"] == "lead.qualified"
    assert done["resource"]["towline.contract"] == "lead.qualified/1"
    (row,) = [row for row in await world.events() if row.id == ended]
    assert [one["prefect.resource.id"] for one in done["related"]] == [f"towline.case.{row.case_id}"]
    assert [one["event"] for one in await told(prefect, waits, 1)] == ["towline.event.accepted"]
    assert await herald.look(settling=0) == 0


async def test_a_run_that_worked_on_an_event_is_related_to_its_outcome(world: World, prefect: PrefectClient) -> None:
    (event_id,) = await world.arrives(lead("told-3", confidence=0.1))
    await world.qualify(event_id)
    await Herald(world.house, prefect).look(settling=0)
    (_, parked) = await told(prefect, event_id, 2)
    assert parked["event"] == "towline.event.parked"
    (row,) = await world.events()
    assert f"prefect.flow-run.{row.flow_run_id}" in [one["prefect.resource.id"] for one in parked["related"]]


async def test_what_is_told_twice_is_one_event_in_prefect(world: World, prefect: PrefectClient) -> None:
    """
    Given a herald that died after Prefect took its parcel, before it could note that
    When another one looks
    Then Prefect holds each event once.
    """
    (event_id,) = await world.arrives(lead("told-4"))
    await settle(world, done=event_id)
    herald = Herald(world.house, prefect)
    await herald.look(settling=0)
    first = await told(prefect, event_id, 2)
    async with world.house.ledger.begin() as books:
        await books.telling.tell({event_id: "forgotten"})
    async with world.house.ledger.begin() as books:
        (row,) = await books.inbox.get([event_id])
        assert row.told == "forgotten"
    assert await herald.look(settling=0) == 1
    marker = await world.arrives(lead("told-5", of="contoso"))
    await herald.look(settling=0)
    await told(prefect, marker[0], 1)  # told later, so what was told before is there
    assert await told(prefect, event_id, 2) == first


async def test_each_time_that_an_event_is_parked_is_told(world: World, prefect: PrefectClient) -> None:
    (event_id,) = await world.arrives(lead("told-6", confidence=0.1))
    herald = Herald(world.house, prefect)
    await world.qualify(event_id)
    await herald.look(settling=0)
    assert await world.replayed(event_id)
    await world.qualify(event_id)
    assert await herald.look(settling=0) == 1
    found = await told(prefect, event_id, 3)
    assert [one["event"].rpartition(".")[2] for one in found] == ["accepted", "parked", "parked"]


async def test_what_senders_make_up_is_not_told(world: World, prefect: PrefectClient) -> None:
    """
    Given events of an unknown type and of an unknown contract, both named like a person
    When the herald has looked
    Then Prefect is told that they are in quarantine, and no name.
    """
    strange = event(NAME, "odd-1", {}, dataschema=f"{NAME}/1")
    misnamed = lead("odd-2") | {"dataschema": NAME, "subject": NAME}
    ids = await world.arrives(strange, misnamed)
    await Herald(world.house, prefect).look(settling=0)
    for one in ids:
        found = await told(prefect, one, 1)
        assert found[0]["event"] == "towline.event.quarantined"
        assert found[0]["resource"]["towline.contract"] == "unknown"
        assert NAME not in str(found)
        assert found[0]["payload"] == {}


async def test_a_new_event_is_left_to_the_dispatcher_for_a_moment(world: World, prefect: PrefectClient) -> None:
    await world.arrives(lead())
    herald = Herald(world.house, prefect)
    assert await herald.look(settling=60) == 0
    assert await herald.look(settling=0) == 1


async def test_while_runs_are_under_way_a_parcel_is_small(world: World, prefect: PrefectClient) -> None:
    await world.arrives(*(lead(f"told-7{n}", of=f"company{n}") for n in range(30)))
    assert await Herald(world.house, prefect, busy=lambda: [1]).look(settling=0) == 20
    assert await Herald(world.house, prefect, busy=list).look(settling=0) == 10


async def test_of_two_heralds_one_speaks(world: World, prefect: PrefectClient) -> None:
    await world.arrives(lead())
    async with world.house.ledger.begin() as books:
        assert len(await books.telling.untold(limit=10, settling=0)) == 1
        assert await Herald(world.house, prefect).look(settling=0) == 0


@pytest.mark.parametrize("answer", [404, 422, 503])
async def test_what_prefect_does_not_take_is_told_later(world: World, prefect: PrefectClient, answer: int) -> None:
    """
    Given a Prefect that is too old for events, or overloaded
    When the herald looks, and later Prefect takes them
    Then nothing was noted as told in between.
    """
    await world.arrives(lead())
    transport = httpx.MockTransport(lambda _: httpx.Response(answer))
    async with httpx.AsyncClient(transport=transport, base_url="http://prefect/api") as gone:
        with pytest.raises(httpx.HTTPStatusError):
            await Herald(world.house, Answers(gone)).look(settling=0)  # type: ignore[arg-type]  # the one method it needs
    assert await Herald(world.house, prefect).look(settling=0) == 1


async def test_the_automation_of_the_operators_page_starts_a_teams_own_deployment(world: World, prefect: PrefectClient) -> None:
    """
    Given the automation as it stands in the page, with a deployment of the team's own
    When a lead is parked
    Then Prefect makes a run of that deployment, which is given the event's id.
    """
    flow = await prefect.create_flow_from_name("our own")
    deployment = await prefect.create_deployment(flow, name="our own", enforce_parameter_schema=False)
    blocks = [token.content for token in tokens_of(DOCS / "operations.md") if token.type == "fence" and token.info == "json"]
    (automation,) = [block for block in blocks if "towline.event.parked" in block]
    made = json.loads(automation.replace("DEPLOYMENT_ID", str(deployment)))
    answer = (await prefect.request("POST", "/automations/", json=made)).json()
    of_theirs = DeploymentFilter(id=DeploymentFilterId(any_=[deployment]))

    async def look() -> Any:
        return await prefect.read_flow_runs(deployment_filter=of_theirs)

    try:
        (event_id,) = await world.arrives(lead("told-8"))
        await settle(world, parked=event_id)
        await Herald(world.house, prefect).look(settling=0)
        (run,) = await until(look)
        assert run.parameters == {"event": f"towline.event.{event_id}"}
    finally:
        await prefect.request("DELETE", "/automations/{id}", path_params={"id": answer["id"]})
        await prefect.delete_deployment(deployment)


class Answers:
    """The part of Prefect's client that a herald uses."""

    def __init__(self, client: httpx.AsyncClient) -> None:
        self._client = client

    async def request(self, method: str, path: str, **options: Any) -> httpx.Response:
        """Ask, and raise for an answer that is an error, as Prefect's client does."""
        answer = await self._client.request(method, path, **options)
        return answer.raise_for_status()


async def test_a_herald_that_is_not_heard_goes_on(world: World) -> None:
    """
    Given a Prefect that nobody reaches
    When a herald runs
    Then it neither ends nor takes anything as told.
    """
    await world.arrives(lead())
    async with httpx.AsyncClient(base_url="http://127.0.0.1:9") as nobody:
        running = asyncio.create_task(Herald(world.house, Answers(nobody)).run())  # type: ignore[arg-type]
        await asyncio.sleep(0.3)
        assert not running.done()
        running.cancel()
    async with world.house.ledger.begin() as books:
        assert len(await books.telling.untold(limit=10, settling=0)) == 1
