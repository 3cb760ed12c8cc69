"""The examples of the sandbox's control interface, as the connectors' page has them: each works, and becomes what it says."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

import httpx
import orjson
import pytest

from connectors.billing import stripe_hooks
from connectors.billing.stripe import StripeBilling
from connectors.crm import hubspot_hooks
from connectors.crm.hubspot import HubSpot
from connectors.guard import speaking_for
from connectors.hooks import Incoming
from connectors.oauth import StaticToken
from contracts.billing import CustomerRecord, InvoiceRecord, LineItem
from contracts.event import parse
from contracts.records import DealRecord, Outcomes, Ref, RequestRecord, Wanted
from contracts.values import Money
from sandbox.app import create_app
from sandbox.settings import Settings
from tests.house.pages import DOCS, tokens_of

EXAMPLE = re.compile(r"curl -X (\w+) http://127\.0\.0\.1:8500(\S+) -d '([^']*)'(?: *# (\w+\.\w+)$)?", re.MULTILINE)
SECRETS: dict[str, Any] = {"crm_webhook_secrets": "secret", "billing_webhook_secrets": "secret"}


class Gateway:
    """Takes webhooks, and keeps the events that they become."""

    def __init__(self) -> None:
        self.events: list[dict[str, Any]] = []
        self.called = asyncio.Event()

    def __call__(self, request: httpx.Request) -> httpx.Response:
        incoming = Incoming(request.method, str(request.url), dict(request.headers), request.content, datetime.now(UTC))
        of_billing = request.url.path.endswith("/stripe")
        self.events += (stripe_hooks.events(incoming) if of_billing else hubspot_hooks.events(incoming, None)).events
        self.called.set()
        return httpx.Response(200)

    async def told(self, event_type: str) -> dict[str, Any]:
        """Wait for an event of this type."""
        async with asyncio.timeout(10):
            while not (found := [event for event in self.events if event["type"] == event_type]):
                self.called.clear()
                await self.called.wait()
        return found[-1]


@pytest.fixture
async def gateway() -> Gateway:
    return Gateway()


@pytest.fixture
async def transport(gateway: Gateway) -> AsyncIterator[httpx.ASGITransport]:
    """The sandbox in this process, whose webhooks the gateway gets."""
    async with httpx.AsyncClient(transport=httpx.MockTransport(gateway)) as outgoing:
        app = create_app(Settings(limits=False, **SECRETS), client=outgoing)
        async with app.router.lifespan_context(app):
            yield httpx.ASGITransport(app)


@pytest.fixture
async def ids(transport: httpx.ASGITransport) -> dict[str, str]:
    """What stands in the systems before people act, by the placeholders of the page."""
    crm = HubSpot("http://sandbox/hubspot", StaticToken("token"), transport=transport)
    billing = StripeBilling("http://sandbox/stripe", "sk_test_towline", transport=transport)
    await crm.prepare()
    deal = made(await crm.open_deals([Wanted(uuid4(), DealRecord("Tailspin Toys", "discovery", "sales-1"))]))
    ticket = made(await crm.open_requests([Wanted(uuid4(), RequestRecord("Delivery", deal, "Begin"))]))
    client = Wanted(uuid4(), CustomerRecord(uuid4(), "Tailspin Toys", "mary@tailspin.example"))
    with speaking_for("crm"):
        customer = made(await billing.upsert_customers([client]))
    lines = (LineItem("Training", Money(minor=480000, currency="EUR")),)
    draft = made(await billing.draft_invoices([Wanted(uuid4(), InvoiceRecord(customer, deal, lines, 30))]))
    invoice = made(await billing.finalise_invoices([Wanted(uuid4(), draft)]))
    await crm.aclose()
    await billing.aclose()
    return {"DEAL_ID": deal, "TICKET_ID": ticket, "INVOICE_ID": invoice, "ID OR MESSAGE-ID": ""}


def made(outcomes: Outcomes) -> str:
    (ref,) = outcomes.values()
    assert isinstance(ref, Ref)
    return ref.id


async def test_every_control_example_works_and_becomes_the_event_that_it_says(
    transport: httpx.ASGITransport, ids: dict[str, str], gateway: Gateway
) -> None:
    fences = [token.content for token in tokens_of(DOCS / "connectors.md") if token.type == "fence" and token.info == "sh"]
    examples = [found for fence in fences for found in EXAMPLE.findall(fence)]
    said = [event for *_, event in examples if event]
    assert len(examples) == "".join(fences).count("curl")
    assert said == ["lead.qualified", "discovery.completed", "milestone.reached", "delivery.completed", "payment.confirmed"]
    named = {"companies": "COMPANY_ID", "contacts": "CONTACT_ID", "messages": "ID"}
    async with httpx.AsyncClient(transport=transport, base_url="http://sandbox") as http:
        for method, path, body, event in examples:
            content = re.sub(r'"([A-Z _-]*ID)"', lambda found: f'"{ids[found[1]]}"', body)
            answer = await http.request(method, path, content=content)
            assert answer.is_success, (path, answer.text)
            if method == "POST" and (name := named.get(orjson.loads(content).get("kind"))):
                ids[name] = answer.json()["id"]
            if event:
                told = await gateway.told(event)
                parse(told["dataschema"], told["data"], event_type=event)
