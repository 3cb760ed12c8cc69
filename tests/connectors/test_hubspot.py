"""HubSpot keeps the CRM port's promises, and what is HubSpot's own."""

import asyncio
from collections.abc import AsyncIterator, Awaitable
from uuid import uuid4

import httpx
import pytest

from connectors.crm.hubspot import HubSpot, oauth_token
from connectors.crm.hubspot_words import PIPELINES
from connectors.oauth import StaticToken
from contracts.errors import MisconfiguredError, RetryableError
from contracts.records import Ref, Wanted
from tests.connectors.conftest import Sandbox
from tests.connectors.crm_delivery_rules import CrmDeliveryRules, moved, opened, request
from tests.connectors.crm_rules import CrmRules, company, contact, deal


@pytest.fixture
async def crm(sandbox: Sandbox) -> AsyncIterator[HubSpot]:
    """HubSpot in the sandbox, prepared, with an OAuth app's token."""
    base = f"{sandbox.url}/hubspot"
    secrets = ("towline", "sandbox-client-secret", "sandbox-refresh-token")
    token = oauth_token(base, *secrets, transport=sandbox.transport)
    crm = HubSpot(base, token, transport=sandbox.transport)
    await crm.prepare()
    yield crm
    await crm.aclose()


class TestHubSpot(CrmRules, CrmDeliveryRules):
    """All rules, on HubSpot."""


async def test_a_rate_limit_is_waited_for_and_the_call_made_again(crm: HubSpot, sandbox: Sandbox, no_waiting: None) -> None:
    person = contact()
    await sandbox.fault("crm", "POST", status=429, count=2)
    assert isinstance((await crm.upsert_contacts([person]))[person.key], Ref)


async def test_a_rate_limit_that_outlasts_our_patience_says_when_to_come_back(
    crm: HubSpot, sandbox: Sandbox, no_waiting: None
) -> None:
    await sandbox.fault("crm", "POST", status=429, count=-1)
    with pytest.raises(RetryableError) as raised:
        await crm.upsert_contacts([contact()])
    assert raised.value.retry_after == 10
    assert (
        len([one for one in await sandbox.asked("contacts/batch/upsert") if one["status"] == 429]) == 3
    )  # 10 + 10 s; 30 is too long


async def test_a_daily_limit_is_not_waited_for() -> None:
    daily = httpx.Response(429, json={"status": "error", "errorType": "RATE_LIMIT", "policyName": "DAILY", "message": "x"})
    crm = HubSpot("http://hubspot", StaticToken("t"), transport=httpx.MockTransport(lambda _: daily))
    with pytest.raises(RetryableError) as raised:
        await crm.open_deals([deal()])
    assert raised.value.cause == "crm.http_429.DAILY"
    await crm.aclose()


async def test_companies_are_found_before_they_are_made_in_one_search(crm: HubSpot, sandbox: Sandbox) -> None:
    await crm.upsert_companies([company(f"c{n}.example") for n in range(50)])
    calls = [one["path"].rpartition("/")[2] for one in await sandbox.asked("objects/companies")]
    assert calls == ["search", "create"]


async def test_a_lead_is_written_in_few_calls(crm: HubSpot, sandbox: Sandbox) -> None:
    before = len(await sandbox.asked())
    await crm.upsert_companies([company()])
    await crm.upsert_contacts([contact()])
    await crm.open_deals([deal()])
    assert len(await sandbox.asked()) - before == 4


async def test_a_batch_of_deals_that_stand_already_is_read_and_not_tried_one_by_one(crm: HubSpot, sandbox: Sandbox) -> None:
    deals = [deal(f"Deal {n}") for n in range(60)]
    first = await crm.open_deals(deals)
    before = len(await sandbox.asked())
    assert await crm.open_deals(deals) == first
    assert len(await sandbox.asked()) - before == 2


async def test_requests_and_notes_are_written_and_read_in_few_calls(crm: HubSpot, sandbox: Sandbox) -> None:
    deals = await opened(crm, 60)

    async def calls(act: Awaitable[object]) -> int:
        before = len(await sandbox.asked())
        await act
        return len(await sandbox.asked()) - before

    wanted = [request(one) for one in deals]
    assert [await calls(crm.open_requests(wanted)) for _ in range(2)] == [1, 2]
    ids = [ref.id for ref in (await crm.find("request", [one.key for one in wanted])).values()]
    assert await calls(crm.change_requests([moved(one, "closed") for one in ids])) == 1
    assert await calls(crm.read_requests(ids)) == 2
    await crm.add_notes([Wanted(uuid4(), (one, "x")) for one in deals])
    assert await calls(crm.read_notes(deals)) == 2


async def test_the_fields_that_people_fill_in_have_names_for_them(crm: HubSpot, sandbox: Sandbox) -> None:
    labels = {}
    async with httpx.AsyncClient(transport=sandbox.transport, headers={"authorization": "Bearer someone"}) as person:
        for kind in ("deals", "notes", "tickets"):
            shown = (await person.get(f"{sandbox.url}/hubspot/crm/v3/properties/{kind}")).json()["results"]
            labels |= {(kind, one["name"]): (one["label"], one["hasUniqueValue"]) for one in shown}
    assert labels["tickets", "towline_milestone"] == ("Milestone reached", False)
    assert labels["notes", "towline_approved_by"] == ("Approved for the client by", False)
    assert labels["deals", "towline_service"] == ("Service", False)
    assert {labels[kind, "towline_key"][1] for kind in ("deals", "notes", "tickets")} == {True}


@pytest.mark.parametrize(("kind", "name"), [("tickets", "towline_milestone"), ("notes", "towline_approved_by")])
async def test_a_field_for_people_that_somebody_removed_comes_back_with_the_next_write(
    crm: HubSpot, sandbox: Sandbox, kind: str, name: str
) -> None:
    [deal_id] = await opened(crm)
    field = f"{sandbox.url}/hubspot/crm/v3/properties/{kind}/{name}"
    async with httpx.AsyncClient(transport=sandbox.transport, headers={"authorization": "Bearer someone"}) as person:
        assert (await person.delete(field)).status_code == 204
        one, note = request(deal_id), Wanted(uuid4(), (deal_id, "x"))
        outcomes = await crm.open_requests([one]) if kind == "tickets" else await crm.add_notes([note])
        assert [type(outcome) for outcome in outcomes.values()] == [Ref]
        assert (await person.get(field)).status_code == 200


@pytest.mark.parametrize("lacks", ["deals", "tickets"])
async def test_a_pipeline_without_a_stage_of_ours_is_for_the_operator(lacks: str) -> None:
    def answer(asked: httpx.Request) -> httpx.Response:
        kind = asked.url.path.rpartition("/")[2]
        if "/pipelines/" not in asked.url.path or kind == lacks:
            return httpx.Response(200, json={"results": []})
        name, stages = PIPELINES[kind]
        return httpx.Response(200, json={"results": [{"id": name, "stages": [{"id": one} for one in stages.values()]}]})

    crm = HubSpot("http://hubspot", StaticToken("t"), transport=httpx.MockTransport(answer))
    with pytest.raises(MisconfiguredError, match=f"pipeline of {lacks} lacks a stage"):
        await crm.prepare()
    await crm.aclose()


async def test_a_ticket_in_another_pipeline_shows_its_stage_as_it_is(crm: HubSpot, sandbox: Sandbox) -> None:
    stage = {"label": "Shipped", "displayOrder": 0, "stageId": "77", "metadata": {"ticketState": "OPEN"}}
    pipeline = {"label": "Projects", "displayOrder": 1, "pipelineId": "9", "stages": [stage]}
    async with httpx.AsyncClient(transport=sandbox.transport, headers={"authorization": "Bearer someone"}) as person:
        made = await person.post(f"{sandbox.url}/hubspot/crm/v3/pipelines/tickets", json=pipeline)
    assert made.status_code == 201
    ticket = {"system": "crm", "kind": "tickets", "properties": {"hs_pipeline": "9", "hs_pipeline_stage": "77"}}
    number = (await sandbox.control("POST", "people", ticket))["id"]
    shown = (await crm.read_requests([number]))[number]
    assert (shown.stage, shown.deal_id, shown.name) == ("77", None, "")


async def test_processes_that_prepare_an_empty_account_at_once_do_not_disturb_each_other(sandbox: Sandbox) -> None:
    base = f"{sandbox.url}/hubspot"
    workers = [HubSpot(base, StaticToken("private-app"), transport=sandbox.transport) for _ in range(4)]
    await asyncio.gather(*(one.prepare() for one in workers))
    assert await workers[0].find("note", [uuid4()]) == {}
    await asyncio.gather(*(one.aclose() for one in workers))


async def test_a_key_property_that_is_not_unique_is_for_the_operator(sandbox: Sandbox) -> None:
    crm = HubSpot(f"{sandbox.url}/hubspot", StaticToken("private-app"), transport=sandbox.transport)
    plain = {"name": "towline_key", "label": "Key", "type": "string", "fieldType": "text", "groupName": "dealinformation"}
    async with httpx.AsyncClient(transport=sandbox.transport, headers={"authorization": "Bearer someone"}) as person:
        assert (await person.post(f"{sandbox.url}/hubspot/crm/v3/properties/deals", json=plain)).status_code == 201
    with pytest.raises(MisconfiguredError, match="not unique"):
        await crm.prepare()
    await crm.aclose()
