"""`POST /webhooks/{source}` takes vendors' notifications: verified, and all of one or none.

HubSpot's come with many changes, Stripe's with one event each.
"""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest

from contracts.errors import MisconfiguredError
from ledger.database import Ledger
from tests.web.sender import CRM_NEW, CRM_OLD, Sender, assert_problem, gateway, settings, stored
from web.gateway.sources import open_sources

BILLING_NEW, BILLING_OLD = "whsec_billing_new", "whsec_billing_old"


def change(number: int, kind: str = "deal.creation", **more: Any) -> dict[str, Any]:
    return {
        "eventId": number,
        "subscriptionId": 1,
        "portalId": 62515,
        "appId": 77,
        "occurredAt": 1793000000000 + number,
        "subscriptionType": kind,
        "attemptNumber": 0,
        "objectId": 1000 + number,
        "changeSource": "CRM_UI",
    } | more


def qualified(number: int) -> dict[str, Any]:
    return change(number, "contact.propertyChange", propertyName="lifecyclestage", propertyValue="salesqualifiedlead")


async def test_a_batch_of_a_hundred_becomes_one_event_a_change(sender: Sender, ledger: Ledger) -> None:
    """Given 100 changes, 10 of them twice, 15 our own and 5 of a kind without an event, then 70 events are stored."""
    new = [qualified(n) for n in range(30)] + [change(n) for n in range(30, 70)]
    own = [change(n, changeSource="INTEGRATION", sourceId="77") for n in range(70, 85)]
    other = [change(n, "company.deletion") for n in range(85, 90)]
    answer = await sender.hubspot(new + new[:10] + own + other)
    told = answer.json()
    assert (answer.status_code, told["skipped"]) == (202, 20)
    assert [one["status"] for one in told["events"]] == ["received"] * 70 + ["duplicate"] * 10
    rows = await stored(ledger)
    assert sorted(str(row.id) for row in rows) == sorted(one["id"] for one in told["events"][:70])
    assert {row.type for row in rows} == {"lead.qualified", "opportunity.created"}
    assert {row.source for row in rows} == {"hubspot/62515"}


async def test_the_same_batch_again_is_answered_with_duplicates(sender: Sender, ledger: Ledger) -> None:
    first, second = await sender.hubspot([change(1), change(2)]), await sender.hubspot([change(1), change(2)])
    assert (first.status_code, second.status_code) == (202, 200)
    assert [one["status"] for one in second.json()["events"]] == ["duplicate"] * 2
    assert [one["id"] for one in second.json()["events"]] == [one["id"] for one in first.json()["events"]]
    assert len(await stored(ledger)) == 2


async def test_a_batch_with_nothing_for_us_is_answered_so(sender: Sender) -> None:
    answer = await sender.hubspot([change(1, "company.deletion")])
    assert (answer.status_code, answer.json()) == (200, {"events": [], "skipped": 1})


async def test_an_object_id_that_is_none_is_quarantined_and_the_others_go_on(sender: Sender) -> None:
    answer = await sender.hubspot([change(1, objectId="not an id!"), change(2)])
    assert [one["status"] for one in answer.json()["events"]] == ["quarantined", "received"]


@pytest.mark.parametrize("secret", [CRM_NEW, CRM_OLD])
async def test_both_secrets_verify_during_a_rotation(sender: Sender, secret: str) -> None:
    sender.crm_secret = secret
    assert (await sender.hubspot([change(1)])).status_code == 202


@pytest.mark.parametrize(
    ("late", "secret", "headers"),
    [
        (timedelta(), "another", {}),
        (timedelta(minutes=6), CRM_NEW, {}),
        (timedelta(minutes=-6), CRM_NEW, {}),
        (timedelta(), CRM_NEW, {"x_hubspot_signature_v3": ""}),
        (timedelta(), CRM_NEW, {"x_hubspot_request_timestamp": "1"}),
        (timedelta(), CRM_NEW, {"x_hubspot_request_timestamp": "now"}),
    ],
)
async def test_what_hubspot_did_not_sign_just_now_is_refused(
    sender: Sender, ledger: Ledger, late: timedelta, secret: str, headers: dict[str, str]
) -> None:
    sender.late, sender.crm_secret = late, secret
    assert_problem(await sender.hubspot([change(1)], **headers), 401)
    assert await stored(ledger) == []


async def test_a_signature_covers_the_address_as_the_vendor_called_it(ledger: Ledger) -> None:
    """Given a proxy in front, when HubSpot signs the public address, then that one verifies and the inner one does not."""
    async with gateway(ledger, public_url="https://towline.example.com/hooks/") as client:
        sender = Sender(client)
        outer = await sender.hubspot([change(1)], "https://towline.example.com/hooks/webhooks/hubspot")
        inner = await sender.hubspot([change(2)])
    assert (outer.status_code, inner.status_code) == (202, 401)


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b'[{"eventId": NaN}]',
        b"[" * 50_000,
        [change(1, eventId="\0")],
        [change(1, eventId="x" * 300)],
    ],
)
async def test_what_is_no_notification_is_refused_as_a_whole(sender: Sender, ledger: Ledger, body: Any) -> None:
    assert_problem(await sender.hubspot(body), 400)
    assert await stored(ledger) == []


@pytest.mark.parametrize(
    ("body", "where"),
    [
        (b"{}", "body"),
        (b"null", "body"),
        (b"[1]", "body"),
        (b"[{}]", "eventId"),
        ([change(1, occurredAt=-1)], "occurredAt"),
        ([change(1, portalId=None)], "portalId"),
    ],
)
async def test_a_notification_that_cannot_be_read_is_kept_once(sender: Sender, ledger: Ledger, body: Any, where: str) -> None:
    """Given something signed by HubSpot that nobody can read, sent twice, then it lies in quarantine once, as it came."""
    first, again = await sender.hubspot(body), await sender.hubspot(body)
    assert [answer.json()["events"][0]["status"] for answer in (first, again)] == ["quarantined", "duplicate"]
    (row,) = await stored(ledger)
    sent = json.loads(body) if isinstance(body, bytes) else body
    assert row.payload["data"]["payload"] == (sent[0] if isinstance(sent, list) else sent)
    assert row.payload["data"]["finding"]["path"] == where


async def test_of_a_batch_what_can_be_read_goes_on(sender: Sender) -> None:
    answer = await sender.hubspot([change(1), change(2, portalId=None), change(3)])
    assert [one["status"] for one in answer.json()["events"]] == ["received", "quarantined", "received"]


@pytest.mark.parametrize("source", ["unknown", "events", "..%2fevents", "HubSpot"])
async def test_an_unknown_source_is_not_found(client: httpx.AsyncClient, source: str) -> None:
    assert_problem(await client.post(f"/webhooks/{source}", content=b"[]"), 404)


async def test_a_notification_of_two_mebibytes_is_refused(sender: Sender) -> None:
    assert_problem(await sender.hubspot(b" " * 2 * 1024 * 1024), 413)


@pytest.fixture
async def billed(ledger: Ledger) -> AsyncIterator[httpx.AsyncClient]:
    """A gateway that knows two secrets of Stripe's."""
    async with gateway(ledger, billing_webhook_secrets=(BILLING_NEW, BILLING_OLD)) as client:
        yield client


def paid(number: int = 1, **more: Any) -> dict[str, Any]:
    invoice = {
        "id": f"in_{number}",
        "currency": "eur",
        "total": 500,
        "amount_paid": 500,
        "amount_remaining": 0,
        "metadata": {"deal_id": "9001"},
        "status_transitions": {"paid_at": 1793000000},
    } | more
    return {"id": f"evt_{number}", "object": "event", "type": "invoice.paid", "created": 1793000000, "data": {"object": invoice}}


async def from_stripe(
    client: httpx.AsyncClient, event: object, *, secret: str = BILLING_NEW, late: timedelta = timedelta()
) -> httpx.Response:
    body = event if isinstance(event, bytes) else json.dumps(event).encode()
    stamp = str(int((datetime.now(UTC) - late).timestamp()))
    signature = hmac.new(secret.encode(), stamp.encode() + b"." + body, hashlib.sha256).hexdigest()
    headers = {"content-type": "application/json", "stripe-signature": f"t={stamp},v1={signature}"}
    return await client.post("/webhooks/stripe", content=body, headers=headers)


@pytest.mark.parametrize("secret", [BILLING_NEW, BILLING_OLD])
async def test_a_paid_invoice_is_a_confirmed_payment_once(billed: httpx.AsyncClient, ledger: Ledger, secret: str) -> None:
    """Given that Stripe tells twice, in two events, that one invoice is paid, then one payment is confirmed."""
    first = await from_stripe(billed, paid(), secret=secret)
    again = await from_stripe(billed, paid() | {"id": "evt_2"}, secret=secret)
    assert (first.status_code, again.status_code) == (202, 200)
    assert [one["status"] for answer in (first, again) for one in answer.json()["events"]] == ["received", "duplicate"]
    (row,) = await stored(ledger)
    assert (row.type, row.source) == ("payment.confirmed", "stripe")


async def test_an_invoice_that_is_not_ours_is_answered_and_not_stored(billed: httpx.AsyncClient, ledger: Ledger) -> None:
    answer = await from_stripe(billed, paid(metadata={}))
    assert (answer.status_code, answer.json()) == (200, {"events": [], "skipped": 1})
    assert await stored(ledger) == []


@pytest.mark.parametrize(
    ("secret", "late"),
    [("whsec_other", timedelta()), (BILLING_NEW, timedelta(minutes=6)), (BILLING_NEW, timedelta(minutes=-6))],
)
async def test_what_stripe_did_not_sign_just_now_is_refused(
    billed: httpx.AsyncClient, ledger: Ledger, secret: str, late: timedelta
) -> None:
    assert_problem(await from_stripe(billed, paid(), secret=secret, late=late), 401)
    assert_problem(await billed.post("/webhooks/stripe", content=b"{}"), 401)
    assert await stored(ledger) == []


@pytest.mark.parametrize("body", [b"null", b"[]", b"{}", paid(currency="zzz"), paid(total=None)])
async def test_what_stripe_sends_and_nobody_can_read_is_kept(billed: httpx.AsyncClient, ledger: Ledger, body: Any) -> None:
    answer = await from_stripe(billed, body)
    assert (answer.status_code, answer.json()["events"][0]["status"]) == (202, "quarantined")
    (row,) = await stored(ledger)
    assert row.payload["data"]["payload"] == (json.loads(body) if isinstance(body, bytes) else body)


@pytest.mark.parametrize("body", [b"", b"[" * 50_000])
async def test_what_is_no_event_of_stripe_s_is_refused(billed: httpx.AsyncClient, ledger: Ledger, body: Any) -> None:
    assert_problem(await from_stripe(billed, body), 400)
    assert await stored(ledger) == []


def test_without_the_billing_secret_the_gateway_does_not_start() -> None:
    with pytest.raises(MisconfiguredError, match="TOWLINE_BILLING_WEBHOOK_SECRETS"):
        open_sources(settings(billing_webhook_secrets=()))
