"""HubSpot keeps the CRM port's promises, and what is HubSpot's own."""

import asyncio
from collections.abc import AsyncIterator
from uuid import uuid4

import httpx
import pytest

from connectors.crm.hubspot import HubSpot, oauth_token
from connectors.oauth import StaticToken
from contracts.errors import MisconfiguredError, RetryableError
from contracts.records import Ref
from tests.connectors.conftest import Sandbox
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


class TestHubSpot(CrmRules):
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
