"""What HubSpot's stand-in really sends is let in and understood: a person's moves are events, our own are not."""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime

import httpx
import pytest

from connectors.crm.hubspot import HubSpot, oauth_token
from connectors.crm.hubspot_hooks import events, verify
from connectors.hooks import Incoming
from contracts.records import DealChange, Ref, Wanted
from sandbox.app import create_app
from sandbox.hubspot import system
from sandbox.oauth import app_id
from sandbox.settings import Settings
from tests.connectors.conftest import Sandbox
from tests.connectors.crm_delivery_rules import moved, opened, person_changes, request

SECRET = "webhook-secret"
CLIENT = "towline"


class Gateway:
    """Takes in what HubSpot sends as the real one does, and keeps type and subject of every event."""

    def __init__(self) -> None:
        self.found: list[tuple[str, str]] = []
        self.skipped = 0
        self.heard = asyncio.Event()

    def __call__(self, told: httpx.Request) -> httpx.Response:
        headers = {name.lower(): value for name, value in told.headers.items()}
        incoming = Incoming("POST", str(told.url), headers, told.content, datetime.now(UTC))
        verify(incoming, [SECRET], incoming.received_at)
        translated = events(incoming, str(app_id(CLIENT)))
        self.found += [(event["type"], event["subject"]) for event in translated.events]
        self.skipped += translated.skipped
        self.heard.set()
        return httpx.Response(202)

    async def has(self, count: int) -> list[tuple[str, str]]:
        """Wait until there are so many events."""
        async with asyncio.timeout(10):
            while len(self.found) < count:
                self.heard.clear()
                await self.heard.wait()
        return self.found


@pytest.fixture
def gateway() -> Gateway:
    return Gateway()


@pytest.fixture
async def sandbox(gateway: Gateway) -> AsyncIterator[Sandbox]:
    """A CRM that tells the gateway what happens in it."""
    settings = Settings(limits=False, gateway_url="http://gateway:8400", crm_webhook_secrets=SECRET)
    async with httpx.AsyncClient(transport=httpx.MockTransport(gateway)) as outgoing:
        stand_in = system(settings, outgoing)
        yield Sandbox("http://sandbox", httpx.ASGITransport(create_app(settings, [stand_in])))
        await stand_in.close()


@pytest.fixture
async def crm(sandbox: Sandbox) -> AsyncIterator[HubSpot]:
    base = f"{sandbox.url}/hubspot"
    token = oauth_token(base, CLIENT, "secret", "sandbox-refresh-token", transport=sandbox.transport)
    crm = HubSpot(base, token, transport=sandbox.transport)
    await crm.prepare()
    yield crm
    await crm.aclose()


async def test_a_person_s_moves_are_events_and_ours_are_not(crm: HubSpot, sandbox: Sandbox, gateway: Gateway) -> None:
    ours, theirs, lost = await opened(crm, 3)
    wanted = [request(ours), request(theirs)]
    our_request, their_request = [ref.id for ref in (await crm.open_requests(wanted)).values() if isinstance(ref, Ref)]
    for stage in ("discovered", "lost"):
        await crm.change_deals([Wanted(wanted[0].key, DealChange(ours, stage=stage))])
    await crm.change_requests([moved(our_request, "closed")])

    await person_changes(sandbox, "deals", theirs, dealstage="decisionmakerboughtin")
    await person_changes(sandbox, "deals", theirs, dealstage="closedwon")
    await person_changes(sandbox, "deals", lost, dealstage="closedlost")
    await person_changes(sandbox, "tickets", their_request, towline_milestone="Built")
    await person_changes(sandbox, "tickets", their_request, towline_milestone="")
    await person_changes(sandbox, "tickets", their_request, hs_pipeline_stage="4")

    assert sorted(await gateway.has(4)) == [
        ("deal.cancelled", f"deal-{lost}"),
        ("delivery.completed", f"ticket-{their_request}"),
        ("discovery.completed", f"deal-{theirs}"),
        ("milestone.reached", f"ticket-{their_request}"),
    ]
    assert gateway.skipped >= 8
