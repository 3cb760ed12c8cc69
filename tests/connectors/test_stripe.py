"""Stripe keeps the billing port's promises, and what is Stripe's own."""

import asyncio
from collections.abc import AsyncIterator
from uuid import uuid4

import httpx
import pytest

from connectors.billing.stripe import StripeBilling
from connectors.billing.stripe_calls import explain, form
from contracts.errors import MisconfiguredError, RefusedError, RetryableError
from contracts.records import Ref, Wanted
from tests.connectors.billing_rules import (
    BillingRules,
    client,
    customer_of,
    estimate,
    invoice,
    named,
    owed,
    people,
    ref_of,
)
from tests.connectors.conftest import Sandbox


def speaking(sandbox: Sandbox, key: str = "sk_test_towline") -> StripeBilling:
    return StripeBilling(f"{sandbox.url}/stripe", key, transport=sandbox.transport)


@pytest.fixture
async def billing(sandbox: Sandbox) -> AsyncIterator[StripeBilling]:
    """Stripe in the sandbox."""
    billing = speaking(sandbox)
    yield billing
    await billing.aclose()


class TestStripe(BillingRules):
    """All rules, on Stripe."""

    async def payment_of(self, sandbox: Sandbox, invoice_id: str) -> str:
        url, key = f"{sandbox.url}/stripe", {"authorization": "Bearer sk_test_x"}
        async with httpx.AsyncClient(base_url=url, transport=sandbox.transport, headers=key) as http:
            found = (await http.get(f"/v1/invoice_payments?invoice={invoice_id}")).json()
        payment: str = found["data"][0]["payment"]["payment_intent"]
        return payment


async def test_two_processes_that_draft_the_same_invoice_at_once_make_one(
    billing: StripeBilling, sandbox: Sandbox, no_waiting: None
) -> None:
    other, one = speaking(sandbox), invoice(await customer_of(billing))
    first, second = await asyncio.gather(billing.draft_invoices([one]), other.draft_invoices([one]))
    assert first == second
    (made,) = await sandbox.objects("billing", "invoices")
    assert len(made["object"]["lines"]["data"]) == 2
    await other.aclose()


async def test_two_processes_that_see_a_new_account_at_once_make_one_customer(
    billing: StripeBilling, sandbox: Sandbox, no_waiting: None
) -> None:
    other, one = speaking(sandbox), client()
    again = Wanted(uuid4(), one.record)
    first, second = await asyncio.gather(billing.upsert_customers([one]), other.upsert_customers([again]))
    assert first[one.key] == second[again.key]
    assert len(await sandbox.objects("billing", "customers")) == 1
    await other.aclose()


async def test_a_refusal_that_stripe_kept_does_not_stand_in_the_way_for_a_day() -> None:
    """Given that the cause of a refusal is mended, when the same key is used again, then the kept refusal is stepped over."""
    one, keys = named("in_1"), list[str]()

    def answer(request: httpx.Request) -> httpx.Response:
        found = {"id": "in_1", "object": "invoice", "status": "draft"}
        if request.method == "GET":
            return httpx.Response(200, json=found)
        keys.append(request.headers["idempotency-key"])
        if len(keys) < 3:
            error = {"type": "invalid_request_error", "message": "x"}
            return httpx.Response(400, json={"error": error}, headers={"idempotent-replayed": "true"})
        return httpx.Response(200, json=found | {"status": "open"})

    billing = StripeBilling("https://api.stripe.test", "sk_test_x", transport=httpx.MockTransport(answer))
    assert (await ref_of(billing.finalise_invoices, one)).id == "in_1"
    assert keys == [str(one.key), f"{one.key}-1", f"{one.key}-2"]
    await billing.aclose()


async def test_the_same_key_with_other_contents_finds_what_it_made_first(billing: StripeBilling, sandbox: Sandbox) -> None:
    customer = await customer_of(billing)
    for make, write in ((invoice, billing.draft_invoices), (estimate, billing.open_estimates)):
        one = make(customer)
        other = Wanted(one.key, make(customer, note="A word more").record)
        assert (await ref_of(write, one)).id == (await ref_of(write, other)).id  # type: ignore[arg-type]
    assert len(await sandbox.objects("billing", "invoices")) == len(await sandbox.objects("billing", "quotes")) == 1


async def test_a_draft_without_all_its_lines_is_not_reported_and_is_completed(billing: StripeBilling, sandbox: Sandbox) -> None:
    one = invoice(await customer_of(billing))
    await sandbox.fault("billing", "POST /v1/invoices/{id}/add_lines", status=503)
    with pytest.raises(RetryableError):
        await billing.draft_invoices([one])
    assert await billing.find("invoice", [one.key]) == {}
    made = await ref_of(billing.draft_invoices, one)
    assert (await billing.find("invoice", [one.key])) == {one.key: made}


async def test_an_invoice_is_mailed_once_though_the_call_failed_at_first(billing: StripeBilling, sandbox: Sandbox) -> None:
    one = named(await owed(billing))
    await sandbox.fault("billing", "POST", lose_answer=True)
    with pytest.raises(Exception, match="no_answer"):
        await billing.send_invoices([one])
    await ref_of(billing.send_invoices, one)
    url, key = f"{sandbox.url}/stripe", {"authorization": "Bearer sk_test_x"}
    async with httpx.AsyncClient(base_url=url, transport=sandbox.transport, headers=key) as http:
        told = (await http.get("/v1/events?type=invoice.sent")).json()["data"]
    assert len(told) == 1


async def test_a_product_that_somebody_deleted_is_made_again(billing: StripeBilling, sandbox: Sandbox) -> None:
    await ref_of(billing.open_estimates, estimate(await customer_of(billing)))
    await sandbox.control("POST", "reset")
    customer = await customer_of(billing)
    first, second = estimate(customer), estimate(customer)
    assert isinstance((await billing.open_estimates([first]))[first.key], RefusedError)
    assert isinstance((await billing.open_estimates([second]))[second.key], Ref)


async def test_every_write_names_its_key_and_the_version(billing: StripeBilling, sandbox: Sandbox) -> None:
    one, customer = named(await owed(billing)), await customer_of(billing)
    drawn = invoice(customer)
    await billing.draft_invoices([drawn])
    await billing.void_invoices([one])
    asked = {(call["path"].rsplit("/", 1)[-1], call["key"]) for call in await sandbox.asked("/v1/invoices")}
    assert {("invoices", str(drawn.key)), ("void", str(one.key))} <= asked
    sent: list[httpx.Request] = []

    def answer(request: httpx.Request) -> httpx.Response:
        sent.append(request)
        return httpx.Response(200, json={"id": "in_1", "object": "invoice", "status": "open"})

    recorded = StripeBilling("https://api.stripe.test", "sk_test_x", transport=httpx.MockTransport(answer))
    await ref_of(recorded.finalise_invoices, one)
    await recorded.aclose()
    (request,) = sent
    assert request.headers["stripe-version"] == "2026-05-27.dahlia"
    assert request.headers["idempotency-key"] == str(one.key)
    assert request.content == b"auto_advance=false"


@pytest.mark.parametrize("key", ["sk_test_invalid", "sk_test_expired", "sk_test_revoked"])
async def test_a_key_that_is_no_good_is_for_the_operator(sandbox: Sandbox, key: str) -> None:
    billing = speaking(sandbox, key)
    with pytest.raises(MisconfiguredError):
        await billing.upsert_customers([client()])
    await billing.aclose()


async def test_a_declined_card_leaves_the_invoice_open(billing: StripeBilling, sandbox: Sandbox) -> None:
    opened = await owed(billing)
    await people(sandbox, "invoices", opened, status="payment_failed")
    assert (await billing.read_invoices([opened]))[opened].status == "open"


def test_forms_are_bracketed_and_flags_are_words() -> None:
    params = {"a": {"b": [{"c": 1}, {"c": "ü&="}]}, "d": False}
    assert form(params) == b"a%5Bb%5D%5B0%5D%5Bc%5D=1&a%5Bb%5D%5B1%5D%5Bc%5D=%C3%BC%26%3D&d=false"


def test_an_error_is_known_by_its_code_or_its_kind_and_by_its_request() -> None:
    logged = {"type": "idempotency_error", "request_log_url": "https://dashboard.stripe.com/test/logs/req_1a?t=1"}
    assert explain({"error": logged}) == ("idempotency_error", "req_1a")
    assert explain({"error": {"type": "card_error", "code": "card_declined"}}) == ("card_declined", "")
    assert explain({"error": "none"}) == ("", "")
