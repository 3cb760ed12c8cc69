"""Stripe's webhooks are believed only when Stripe has just signed them, and become events of ours."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import stripe

from connectors.billing import stripe_hooks
from connectors.hooks import Incoming, SignatureError, Translated
from contracts.errors import ContractError
from contracts.event import parse

SECRET, OTHER = "whsec_first", "whsec_second"
NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
CREATED = int(NOW.timestamp())

PUBLISHED_AT = 1533204620
PUBLISHED_SIGNATURE = "2220f87ef101a04665f11cdf770523143f875572008577fa0f20882ddb9cc3c7"
PUBLISHED = """{
  "id": "evt_123",
  "object": "event",
  "account": "acct_123",
  "api_version": "2017-05-25",
  "created": 1533204620,
  "data": {
    "object": {
      "id": "cus_123",
      "object": "customer",
      "created": 123456789,
      "email": "test@stripe.com",
      "livemode": false,
      "metadata": {}
    }
  },
  "livemode": false,
  "pending_webhooks": 1,
  "request": {
    "id": "req_123",
    "idempotency_key": "idempotency-key-123"
  },
  "type": "customer.created"
}
"""


def incoming(body: bytes | dict[str, Any], signature: str | None = None) -> Incoming:
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    headers = {} if signature is None else {"stripe-signature": signature}
    return Incoming("POST", "https://towline.example/webhooks/stripe", headers, raw, NOW)


def signed(body: bytes, secret: str = SECRET, at: datetime = NOW) -> str:
    """Sign with Stripe's own code."""
    stamp = int(at.timestamp())
    digest = stripe.WebhookSignature._compute_signature(f"{stamp}.{body.decode()}", secret)
    return f"t={stamp},v1={digest}"


def event(kind: str, thing: dict[str, Any], **more: Any) -> dict[str, Any]:
    data = {"object": thing} | more
    return {"id": "evt_1", "object": "event", "type": kind, "created": CREATED, "data": data, "livemode": False}


def invoice(**more: Any) -> dict[str, Any]:
    return {
        "id": "in_1",
        "object": "invoice",
        "currency": "eur",
        "total": 1_499_999,
        "amount_paid": 1_499_999,
        "amount_remaining": 0,
        "customer_email": "ada@northwind.example",
        "metadata": {"towline_key": "k", "deal_id": "9001"},
        "status_transitions": {"paid_at": CREATED - 60, "voided_at": None},
    } | more


def charge(**more: Any) -> dict[str, Any]:
    return {"id": "ch_1", "object": "charge", "currency": "eur", "amount_refunded": 700, "payment_intent": "pi_1"} | more


def translated(body: dict[str, Any]) -> dict[str, Any]:
    told = stripe_hooks.events(incoming(body))
    assert (len(told.events), told.skipped) == (1, 0)
    return told.events[0]


def test_the_published_example_verifies() -> None:
    sent = incoming(PUBLISHED.encode(), f"t={PUBLISHED_AT},v1={PUBLISHED_SIGNATURE}")
    stripe_hooks.verify(sent, ["webhook_secret"], datetime.fromtimestamp(PUBLISHED_AT, UTC))


@pytest.mark.parametrize("secret", [SECRET, OTHER])
def test_what_stripe_s_own_code_signs_verifies_under_either_secret(secret: str) -> None:
    stripe_hooks.verify(incoming(b"{}", signed(b"{}", secret)), [SECRET, OTHER], NOW)


def test_one_good_signature_among_several_is_enough() -> None:
    stamp, good = signed(b"{}").split(",")
    stripe_hooks.verify(incoming(b"{}", f"{stamp},v1=00ff,{good},v0=abc"), [SECRET], NOW)


@pytest.mark.parametrize("seconds", [-300, 300])
def test_five_minutes_either_way_are_fresh(seconds: int) -> None:
    stripe_hooks.verify(incoming(b"{}", signed(b"{}", at=NOW + timedelta(seconds=seconds))), [SECRET], NOW)


@pytest.mark.parametrize(
    ("signature", "fault"),
    [
        (None, "missing"),
        ("", "missing"),
        ("v1=00", "wrong"),
        ("t=1", "wrong"),
        ("t=now,v1=00", "wrong"),
        ("t=١,v1=00", "wrong"),
        (f"t={CREATED},t={CREATED},v1=00", "wrong"),
        (f"t={CREATED},v1=ü", "wrong"),
        (f"t={CREATED},v1=00", "wrong"),
        (signed(b"{}").replace("v1=", "v0="), "wrong"),
        (signed(b"{ }"), "wrong"),
        (signed(b"{}", "whsec_third"), "wrong"),
        (signed(b"{}", at=NOW - timedelta(seconds=301)), "stale"),
        (signed(b"{}", at=NOW + timedelta(seconds=301)), "stale"),
    ],
)
def test_what_stripe_did_not_sign_just_now_is_refused(signature: str | None, fault: str) -> None:
    with pytest.raises(SignatureError, match=fault):
        stripe_hooks.verify(incoming(b"{}", signature), [SECRET, OTHER], NOW)


def test_a_paid_invoice_confirms_the_payment() -> None:
    assert translated(event("invoice.paid", invoice(), previous_attributes={})) == {
        "specversion": "1.0",
        "id": "in_1/paid",
        "source": "stripe",
        "type": "payment.confirmed",
        "time": "2026-11-23T12:00:00+00:00",
        "dataschema": "payment.confirmed/1",
        "datacontenttype": "application/json",
        "data": {
            "invoice_id": "in_1",
            "deal_id": "9001",
            "amount": {"minor": 1_499_999, "currency": "EUR"},
            "paid_at": "2026-11-23T11:59:00+00:00",
        },
    }


def test_a_declined_card_and_a_void_invoice_are_told_with_what_is_owed() -> None:
    failed = translated(event("invoice.payment_failed", invoice(amount_paid=0, amount_remaining=500)))
    assert (failed["type"], failed["id"], failed["data"]["amount"]["minor"]) == ("payment.failed", "evt_1", 500)
    voided = translated(event("invoice.voided", invoice(amount_paid=0)))
    assert (voided["type"], voided["id"]) == ("invoice.voided", "in_1/voided")
    assert voided["data"] == {"invoice_id": "in_1", "deal_id": "9001", "amount": {"minor": 1_499_999, "currency": "EUR"}}


def test_a_refund_tells_what_went_back_this_time_and_of_which_payment() -> None:
    refund = translated(event("charge.refunded", charge(), previous_attributes={"amount_refunded": 500}))
    assert (refund["type"], refund["id"]) == ("payment.refunded", "evt_1")
    assert refund["data"] == {"payment_id": "pi_1", "amount": {"minor": 200, "currency": "EUR"}}
    named = translated(event("charge.refunded", charge(metadata={"deal_id": "9001"}, payment_intent=None)))
    assert named["data"] == {"deal_id": "9001", "amount": {"minor": 700, "currency": "EUR"}}


@pytest.mark.parametrize(
    ("currency", "amount", "minor"), [("jpy", 1500, 1500), ("isk", 150_000, 1500), ("kwd", 1230, 1230), ("usd", 1, 1)]
)
def test_amounts_are_in_our_minor_units(currency: str, amount: int, minor: int) -> None:
    told = translated(event("invoice.paid", invoice(currency=currency, amount_paid=amount)))
    assert told["data"]["amount"] == {"minor": minor, "currency": currency.upper()}


@pytest.mark.parametrize(
    "body",
    [
        event("invoice.paid", invoice(metadata={})),
        event("invoice.paid", invoice(metadata=None)),
        event("invoice.finalized", invoice()),
        event("customer.created", {"id": "cus_1"}),
        event("charge.refunded", charge(payment_intent=None)),
        event("charge.refunded", charge(), previous_attributes={"amount_refunded": 700}),
    ],
    ids=["no metadata", "null metadata", "finalised", "customer", "no payment", "nothing new"],
)
def test_what_is_not_ours_is_skipped(body: dict[str, Any]) -> None:
    assert stripe_hooks.events(incoming(body)) == Translated([], 1)


@pytest.mark.parametrize(
    "body",
    [
        b"null",
        b"[]",
        b"{}",
        event("invoice.paid", {"id": "in_1"}),
        event("invoice.paid", invoice(currency="zzz")),
        event("invoice.paid", invoice(amount_paid=10**20)),
        event("invoice.paid", invoice(amount_paid="1.5")),
        event("invoice.paid", invoice(status_transitions={"paid_at": 10**15})),
        event("invoice.paid", invoice()) | {"created": 10**15},
        event("invoice.paid", invoice()) | {"data": None},
        event("charge.refunded", charge(currency="")),
    ],
)
def test_what_is_no_event_of_stripe_s_is_kept_and_told_without_its_values(body: bytes | dict[str, Any]) -> None:
    (kept,) = stripe_hooks.events(incoming(body)).events
    assert kept["type"] == "payload.unreadable"
    assert "northwind" not in str(kept["data"]["finding"])


@pytest.mark.parametrize("body", [b"", b"[" * 50_000, b"northwind"])
def test_what_is_not_json_is_refused_without_repeating_it(body: bytes) -> None:
    with pytest.raises(ContractError) as raised:
        stripe_hooks.events(incoming(body))
    assert "northwind" not in str(raised.value)


@pytest.mark.parametrize(
    "body",
    [
        event("invoice.paid", invoice()),
        event("invoice.payment_failed", invoice(amount_remaining=5)),
        event("invoice.voided", invoice()),
        event("charge.refunded", charge()),
    ],
    ids=lambda body: body["type"],
)
def test_what_is_told_fits_its_contract(body: dict[str, Any]) -> None:
    told = translated(body)
    parse(told["dataschema"], told["data"], event_type=told["type"])
