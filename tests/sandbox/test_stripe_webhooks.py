"""What Stripe tells a billing integration is really sent, signed as Stripe's own client expects, again until it arrives."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import pytest
import stripe

from sandbox.app import create_app
from sandbox.settings import Settings
from sandbox.stripe import Stripe, system

SECRET = "whsec_first"
GATEWAY = "http://gateway:8400"


class Gateway:
    """Takes webhooks, checks them with Stripe's own code, and answers as told (200 when nothing is)."""

    def __init__(self) -> None:
        self.events: list[Any] = []
        self.answers: list[int] = []
        self.called = asyncio.Event()

    def __call__(self, request: httpx.Request) -> httpx.Response:
        assert str(request.url) == f"{GATEWAY}/webhooks/stripe"
        self.events.append(stripe.Webhook.construct_event(request.content, request.headers["Stripe-Signature"], SECRET))
        self.called.set()
        status = self.answers.pop(0) if self.answers else 200
        if not status:
            raise httpx.ConnectError("refused", request=request)
        return httpx.Response(status)

    async def has(self, number: int) -> list[Any]:
        """Wait until so many events came; return them by type."""
        async with asyncio.timeout(10):
            while len(self.events) < number:
                self.called.clear()
                await self.called.wait()
        return sorted(self.events, key=lambda event: event.type)


@pytest.fixture
def gateway() -> Gateway:
    return Gateway()


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    secrets = f"{SECRET}, whsec_old"
    return Settings(limits=False, gateway_url=GATEWAY, billing_webhook_secrets=secrets, state=tmp_path)


@pytest.fixture
async def stand_in(gateway: Gateway, settings: Settings) -> AsyncIterator[Stripe]:
    async with httpx.AsyncClient(transport=httpx.MockTransport(gateway)) as outgoing:
        made = system(settings, outgoing)
        made.events.courier.first_wait = 0.01
        yield made
        await made.close()


@pytest.fixture
async def http(stand_in: Stripe) -> AsyncIterator[httpx.AsyncClient]:
    transport = httpx.ASGITransport(create_app(stand_in.settings, [stand_in]))
    headers = {"Authorization": "Bearer sk_test_towline"}
    async with httpx.AsyncClient(transport=transport, base_url="http://sandbox/stripe", headers=headers) as client:
        yield client


async def opened(http: httpx.AsyncClient, amount: int = 500) -> str:
    customer = (await http.post("/v1/customers", data={"email": "a@b.example"})).json()["id"]
    terms = {"customer": customer, "collection_method": "send_invoice", "days_until_due": "5", "metadata[deal_id]": "9001"}
    one: str = (await http.post("/v1/invoices", data=terms)).json()["id"]
    await http.post(f"/v1/invoices/{one}/add_lines", data={"lines[0][amount]": str(amount)})
    assert (await http.post(f"/v1/invoices/{one}/finalize")).is_success
    return one


async def person(http: httpx.AsyncClient, kind: str, one: str, **properties: Any) -> httpx.Response:
    body = {"system": "billing", "kind": kind, "id": one, "properties": properties}
    return await http.patch("http://sandbox/_sandbox/people", json=body)


async def test_every_step_of_an_invoice_is_told(http: httpx.AsyncClient, gateway: Gateway) -> None:
    one = await opened(http)
    await http.post(f"/v1/invoices/{one}/send")
    for properties in (
        {"status": "payment_failed"},
        {"status": "paid"},
        {"status": "refunded", "amount": 200},
        {"status": "refunded"},
    ):
        assert (await person(http, "invoices", one, **properties)).is_success
    events = await gateway.has(6)
    told = ["charge.refunded", "charge.refunded", "invoice.finalized", "invoice.paid", "invoice.payment_failed", "invoice.sent"]
    assert [event.type for event in events] == told
    refunds = {(event.data.object["amount_refunded"], event.data.previous_attributes["amount_refunded"]) for event in events[:2]}
    assert refunds == {(200, 0), (500, 200)}
    paid = events[3].data.object
    assert (paid["id"], paid["amount_paid"], paid["metadata"]["deal_id"]) == (one, 500, "9001")
    assert {event.api_version for event in events} == {"2026-05-27.dahlia"}


async def test_a_void_invoice_and_a_quote_s_steps_are_told(http: httpx.AsyncClient, gateway: Gateway) -> None:
    one = await opened(http)
    assert (await person(http, "invoices", one, status="void")).json()["status"] == "void"
    await http.post("/v1/products", data={"id": "work", "name": "Work"})
    customer = (await http.get("/v1/customers")).json()["data"][0]["id"]
    price = {"currency": "eur", "product": "work", "unit_amount": "500"}
    line = {f"line_items[0][price_data][{name}]": value for name, value in price.items()}
    for status in ("accepted", "canceled"):
        quote = (await http.post("/v1/quotes", data={"customer": customer, **line})).json()["id"]
        await http.post(f"/v1/quotes/{quote}/finalize")
        assert (await person(http, "quotes", quote, status=status)).json()["status"] == status
    told = ["invoice.finalized", "invoice.voided", "quote.accepted", "quote.canceled", "quote.finalized", "quote.finalized"]
    assert [event.type for event in await gateway.has(6)] == told


@pytest.mark.parametrize(
    ("kind", "properties"),
    [
        ("invoices", {"status": "lost"}),
        ("invoices", {}),
        ("invoices", {"status": "refunded"}),
        ("invoices", {"status": "paid", "amount": 5}),
        ("invoices", {"status": "paid", "colour": "red"}),
        ("quotes", {"status": "paid"}),
        ("products", {"status": "paid"}),
    ],
)
async def test_what_people_cannot_do_is_answered_as_stripe_would(
    http: httpx.AsyncClient, kind: str, properties: dict[str, Any]
) -> None:
    answer = await person(http, kind, await opened(http), **properties)
    assert (answer.status_code, answer.json()["error"]["type"]) == (400, "invalid_request_error")


async def test_a_refund_can_be_no_more_than_what_was_paid(http: httpx.AsyncClient) -> None:
    one = await opened(http)
    await person(http, "invoices", one, status="paid")
    for amount in (0, -5, 501):
        assert (await person(http, "invoices", one, status="refunded", amount=amount)).status_code == 400


async def test_an_event_is_sent_again_until_it_arrives(http: httpx.AsyncClient, gateway: Gateway) -> None:
    gateway.answers = [500, 0]
    await opened(http)
    first, *others = await gateway.has(3)
    assert {event.id for event in others} == {first.id}


async def test_what_an_earlier_process_did_not_deliver_arrives_after_a_restart(
    http: httpx.AsyncClient, gateway: Gateway, settings: Settings, stand_in: Stripe
) -> None:
    stand_in.courier.manner.delay_ms = 60_000  # type: ignore[union-attr]
    one = await opened(http)
    await stand_in.close()
    assert gateway.events == []
    async with httpx.AsyncClient(transport=httpx.MockTransport(gateway)) as outgoing:
        again = system(settings, outgoing)
        await again.start()
        (event,) = await gateway.has(1)
        assert (event.type, event.data.object["id"]) == ("invoice.finalized", one)
        await again.close()


async def test_without_a_secret_nothing_is_sent(gateway: Gateway) -> None:
    async with httpx.AsyncClient(transport=httpx.MockTransport(gateway)) as outgoing:
        silent = system(Settings(limits=False, gateway_url=GATEWAY), outgoing)
        transport = httpx.ASGITransport(create_app(silent.settings, [silent]))
        headers = {"Authorization": "Bearer sk_test_towline"}
        async with httpx.AsyncClient(transport=transport, base_url="http://sandbox/stripe", headers=headers) as client:
            await opened(client)
        assert silent.store.count("undelivered") == 0
        await silent.close()
    assert gateway.events == []
