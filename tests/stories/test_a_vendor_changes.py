"""What a vendor begins to send differently is noticed at the first payload that shows it, told once, and nothing is lost."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Any

import httpx
import pytest
from pydantic import BaseModel

from connectors.billing import stripe_hooks
from connectors.crm import hubspot_hooks
from connectors.crm.hubspot_calls import objects
from connectors.drift import UNWATCHED
from contracts.catalog import catalog
from deployments.alerts import Alerts, settle
from tests.web.sender import CRM_NEW, Sender, gateway, settings, stored
from tests.web.test_webhooks import BILLING_NEW, change, from_stripe
from tests.world import DAY, World, lead
from web.gateway.again import read_again
from web.gateway.counter import Counter
from web.gateway.sources import open_sources
from web.house import House
from web.live import Live
from web.metrics import Metrics
from web.quotas import Quotas

CHANGE = change(1) | {"sourceId": "userId:1", "changeFlag": "CREATED"}
"""What the sandbox sends of a new deal."""


@pytest.fixture
async def client(world: World) -> AsyncIterator[httpx.AsyncClient]:
    async with gateway(world.house.ledger, billing_webhook_secrets=(BILLING_NEW,)) as client:
        yield client


async def open_causes(world: World) -> dict[str, str]:
    async with world.house.ledger.begin() as books:
        return {row.cause: row.reason for row in await books.exceptions.causes() if row.cause.startswith("drift/")}


async def told(world: World) -> list[str]:
    await Alerts(world.house, now=lambda: DAY).look()
    return [one["text"] for one in await world.vendors.objects("chat", "messages") if "something else" in one["text"]]


def bill(**more: Any) -> dict[str, Any]:
    """A paid invoice as Stripe tells it."""
    invoice = {"id": "in_1", "object": "invoice", "currency": "eur", "total": 500, "amount_paid": 500, "amount_remaining": 0}
    invoice |= {"metadata": {"deal_id": "9001"}, "status": "paid", "status_transitions": {"paid_at": 1793000000}} | more
    return {"id": "evt_1", "object": "event", "type": "invoice.paid", "created": 1793000000, "data": {"object": invoice}}


@pytest.mark.parametrize(
    ("changed", "cause", "difference"),
    [
        ({"shoeSize": 46}, "webhook/shoeSize/unknown", "hubspot webhook.shoeSize: a field that is new, integer"),
        ({"changeSource": 7}, None, None),
        ({"sourceId": 7.5}, "webhook/sourceId/type.number", "hubspot webhook.sourceId: was text or integer?, is number"),
        ({"isSensitive": "no"}, "webhook/isSensitive/type.text", "hubspot webhook.isSensitive: was flag?, is text"),
    ],
    ids=["unknown", "unreadable source", "a number", "type"],
)
async def test_hubspot_sends_something_else(
    world: World, client: httpx.AsyncClient, changed: dict[str, Any], cause: str | None, difference: str | None
) -> None:
    """
    Given a change with a field that is new, or of another type
    When it comes, and others like it
    Then each is stored, and goes on where it can be read
    And the integration's owner is told once, with the exact difference.
    """
    sender = Sender(client, crm_secret=CRM_NEW)
    statuses = []
    for number in range(3):
        answer = await sender.hubspot([CHANGE | changed | {"eventId": number, "objectId": 1000 + number}])
        statuses += [one["status"] for one in answer.json()["events"]]
    assert statuses == ["received" if cause else "quarantined"] * 3
    assert len(await stored(world.house.ledger)) == 3
    found = await open_causes(world)
    assert len(found) == 1
    if cause:
        assert found == {f"drift/hubspot/{cause}": difference}
    first = await told(world)
    assert first == [f"A vendor sends something else: {reason}" for reason in found.values()]
    assert await told(world) == first


@pytest.mark.parametrize(
    ("changed", "status", "cause", "difference"),
    [
        ({"loyalty_points": 3}, "received", "loyalty_points/unknown", "a field that is new, integer"),
        (
            {"status": "paid_in_kind"},
            "received",
            "status/word.paid_in_kind",
            "a word that is new, paid_in_kind; known are draft, open",
        ),
        ({"number": 7}, "received", "number/type.integer", "was text?, is integer"),
        ({"total": None}, "quarantined", "total/type.null", "was integer, is null"),
        ({"amount_remaining": "0 EUR"}, "quarantined", "amount_remaining/type.text", "was integer, is text"),
        ({"currency": "zzz"}, "quarantined", "currency/unreadable", "cannot be read, currency"),
    ],
)
async def test_stripe_sends_something_else(
    world: World, client: httpx.AsyncClient, changed: dict[str, Any], status: str, cause: str, difference: str
) -> None:
    answer = await from_stripe(client, bill(**changed))
    assert answer.json()["events"][0]["status"] == status
    found = await open_causes(world)
    assert list(found) == [f"drift/stripe/invoice/{cause}"]
    assert difference in found[f"drift/stripe/invoice/{cause}"]
    (message,) = await told(world)
    assert "drift.md" in json.dumps(await world.vendors.objects("chat", "messages"))
    assert "0 EUR" not in message


async def test_a_field_that_does_not_come_any_more_is_missed(world: World, client: httpx.AsyncClient) -> None:
    event = bill()
    del event["data"]["object"]["amount_remaining"]
    assert (await from_stripe(client, event)).json()["events"][0]["status"] == "quarantined"
    assert await open_causes(world) == {
        "drift/stripe/invoice/amount_remaining/missing": "stripe invoice.amount_remaining: does not come any more, was integer"
    }


async def test_what_the_sandbox_sends_and_shows_is_as_expected(world: World) -> None:
    """Given a lead that is carried into the CRM and read again, then nothing is different."""
    (event,) = await world.arrives(lead())
    await world.qualify(event)
    ids = [one["id"] for one in await world.vendors.objects("crm", "deals")]
    assert await world.house.crm.read_deals(ids)
    assert await open_causes(world) == {}


async def test_a_record_that_is_read_shows_a_new_word_and_a_property_that_is_gone(world: World) -> None:
    """
    Given a deal that people moved to a stage which is new in the CRM
    When it is read, and again
    Then the deal is read all the same, and the owner is told of the new word once.
    """
    (event,) = await world.arrives(lead())
    await world.qualify(event)
    api = world.house.crm._api  # type: ignore[attr-defined]
    item = {"id": "1", "createdAt": "2026-01-01T00:00:00Z", "updatedAt": "2026-01-01T00:00:00Z", "archived": False}
    seen = item | {"properties": {"dealstage": "handshake", "amount": "a lot", "hs_object_id": "1"}}
    for _ in range(2):
        path, asked = "/crm/v3/objects/deals/batch/read", {"properties": ["dealstage", "dealname"]}
        await api._drift.look("hubspot", objects(path, asked, {"results": [seen]}))
    assert sorted(await open_causes(world)) == [
        "drift/hubspot/deals/amount/type.text",
        "drift/hubspot/deals/dealname/missing",
        "drift/hubspot/deals/dealstage/word.handshake",
    ]


async def test_what_the_shapes_expect_by_now_is_settled(world: World, client: httpx.AsyncClient) -> None:
    """
    Given a difference that is open, which somebody has entered into the shapes since, and one that nobody has
    When the worker starts
    Then the first is closed, and the owner reads so; the other stays.
    """
    sender = Sender(client, crm_secret=CRM_NEW)
    await sender.hubspot([CHANGE | {"shoeSize": 46}])
    async with world.house.ledger.begin() as books:
        await books.drift.note([_finding("isSensitive")])
    assert len(await told(world)) == 2
    await settle(world.house)
    assert list(await open_causes(world)) == ["drift/hubspot/webhook/shoeSize/unknown"]
    assert len(await told(world)) == 1


def _finding(path: str) -> Any:
    from contracts.drift import shapes

    return shapes()["hubspot"].found("webhook", path, "unknown", "", "flag")


async def test_what_could_not_be_read_stays_until_a_person_has_looked(world: World, client: httpx.AsyncClient) -> None:
    """Given a payload that nobody can read, then a replay leaves it where it is, with its difference as the reason."""
    await from_stripe(client, bill(total=None))
    (row,) = await stored(world.house.ledger)
    assert not await world.replayed(row.id)
    (open_, *_) = [one for one in await world.exceptions(row.id) if one.closed_at is None]
    assert open_.cause == "drift/stripe/invoice/total/type.null"


async def test_what_can_be_read_after_a_repair_is_read_when_the_gateway_starts(
    world: World, client: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    """
    Given a payment and a change of the CRM that this version could not read, and a payment that no version can
    When one that can is started, twice
    Then each goes its way, once, under the id that it would have had, and what it lay there for is closed
    And the last one stays in quarantine.
    """

    def fails(_of: Any) -> Any:
        raise ValueError

    with monkeypatch.context() as broken:
        broken.setitem(stripe_hooks._TRANSLATIONS, "invoice.paid", fails)
        broken.setattr(hubspot_hooks._Change, "model_validate", lambda _raw: _Number.model_validate("x"))
        await from_stripe(client, bill())
        await Sender(client, crm_secret=CRM_NEW).hubspot([CHANGE])
    await from_stripe(client, bill(total=None) | {"id": "evt_2"})
    assert [row.status for row in await stored(world.house.ledger)] == ["quarantined"] * 3
    for _ in range(2):
        await read_again(house_of(world))
    states = sorted((row.type, row.status) for row in await stored(world.house.ledger))
    unreadable = [("payload.unreadable", "quarantined"), *[("payload.unreadable", "undone")] * 2]
    assert states == [("opportunity.created", "received"), *unreadable, ("payment.confirmed", "received")]
    assert list(await open_causes(world)) == ["drift/stripe/invoice/total/type.null"]
    assert (await from_stripe(client, bill())).json()["events"][0]["status"] == "duplicate"


class _Number(BaseModel):
    number: int


def house_of(world: World) -> House:
    given, agreed, ledger = settings(billing_webhook_secrets=(BILLING_NEW,)), catalog(), world.house.ledger
    parts = (Counter(ledger, agreed), open_sources(given), Metrics(), UNWATCHED, Live(ledger), Quotas())
    return House(given, agreed, ledger, *parts, lambda: datetime.now(UTC))
