"""Stripe's own client works against the stand-in over real HTTP: every operation that a billing integration needs."""

import time
from collections.abc import Callable
from typing import Any
from uuid import uuid4

import httpx
import pytest
import stripe

from tests.sandbox.conftest import Running

VERSION = "2026-05-27.dahlia"
LINES = [{"amount": 120_050, "description": "Workshop"}, {"amount": 79_950, "description": "Report"}]
SENT: Any = {"collection_method": "send_invoice", "days_until_due": 14, "auto_advance": False}


def client_of(sandbox: Running, key: str = "sk_test_towline") -> stripe.StripeClient:
    base: Any = {"api": f"{sandbox.url}/stripe"}
    return stripe.StripeClient(key, base_addresses=base, stripe_version=VERSION, max_network_retries=0)


@pytest.fixture
def billing(sandbox: Running) -> stripe.StripeClient:
    return client_of(sandbox)


@pytest.fixture
def customer(billing: stripe.StripeClient) -> str:
    made = billing.v1.customers.create({"name": "Northwind GmbH", "email": "ada@northwind.example"})
    return made.id


def drafted(billing: stripe.StripeClient, customer: str, **more: Any) -> str:
    draft = billing.v1.invoices.create({"customer": customer, **SENT, **more})
    return billing.v1.invoices.add_lines(draft.id, {"lines": LINES}).id  # type: ignore[typeddict-item]


def told(metadata: Any) -> dict[str, str]:
    """Return metadata as plain values."""
    found: dict[str, str] = metadata.to_dict()
    return found


def person(sandbox: Running, kind: str, one: str, **properties: Any) -> httpx.Response:
    body = {"system": "billing", "kind": kind, "id": one, "properties": properties}
    return sandbox.http.patch("/_sandbox/people", json=body)


def test_a_customer_is_made_changed_listed_and_searched(billing: stripe.StripeClient) -> None:
    customers, mark = billing.v1.customers, str(uuid4())
    made = customers.create(
        {"name": "Northwind", "email": "a@northwind.example", "metadata": {"towline_account": mark, "x": "1"}}
    )
    changed = customers.update(made.id, {"name": "Northwind GmbH", "metadata": {"x": "", "y": "2"}})
    assert (changed.name, changed.email) == ("Northwind GmbH", "a@northwind.example")
    assert told(changed.metadata) == {"towline_account": mark, "y": "2"}
    assert [one.id for one in customers.list({"email": "a@northwind.example"}).data] == [made.id]
    assert customers.list({"email": "b@northwind.example"}).data == []
    query = f"metadata['towline_account']:'{mark}' OR metadata['towline_account']:'{uuid4()}'"
    assert [one.id for one in customers.search({"query": query}).data] == [made.id]
    assert [one.id for one in customers.search({"query": 'name~"northwind" AND -email:"x@y.example"'}).data] == [made.id]
    assert customers.delete(made.id).deleted
    assert customers.list().data == []
    assert customers.retrieve(made.id).deleted


def test_lists_come_in_pages_newest_first(billing: stripe.StripeClient) -> None:
    made = [billing.v1.customers.create({"name": f"Client {n}"}).id for n in range(5)]
    first = billing.v1.customers.list({"limit": 2})
    assert ([one.id for one in first.data], first.has_more) == (made[:2:-1], True)
    assert [one.id for one in first.auto_paging_iter()] == made[::-1]
    back = billing.v1.customers.list({"limit": 2, "ending_before": made[0]})
    assert ([one.id for one in back.data], back.has_more) == ([made[2], made[1]], True)


def test_a_product_has_the_id_that_it_is_given_once(billing: stripe.StripeClient) -> None:
    made = billing.v1.products.create({"id": "towline_workshop", "name": "Workshop"})
    assert billing.v1.products.retrieve("towline_workshop").name == made.name == "Workshop"
    with pytest.raises(stripe.InvalidRequestError) as refused:
        billing.v1.products.create({"id": "towline_workshop", "name": "Other"})
    assert refused.value.code == "resource_already_exists"


def test_a_quote_goes_from_draft_to_accepted_and_becomes_a_draft_invoice(billing: stripe.StripeClient, customer: str) -> None:
    billing.v1.products.create({"id": "towline_workshop", "name": "Workshop"})
    price: Any = {"currency": "eur", "product": "towline_workshop", "unit_amount": 120_050}
    lines: Any = [{"price_data": price, "quantity": 2}]
    quotes = billing.v1.quotes
    quote = quotes.create({"customer": customer, "line_items": lines, "expires_at": int(time.time()) + 3600})
    assert (quote.status, quote.amount_total, quote.currency, quote.number) == ("draft", 240_100, "eur", None)
    assert [line.description for line in quotes.line_items.list(quote.id).data] == ["Workshop"]
    opened = quotes.finalize_quote(quote.id)
    assert (opened.status, bool(opened.number)) == ("open", True)
    accepted = quotes.accept(quote.id, {"expand": ["invoice"]})
    invoice: Any = accepted.invoice
    assert (accepted.status, invoice.status, invoice.total) == ("accepted", "draft", 240_100)
    with pytest.raises(stripe.InvalidRequestError):
        quotes.cancel(quote.id)
    other = quotes.create({"customer": customer, "line_items": lines})
    assert quotes.cancel(other.id).status == "canceled"
    assert [one.id for one in quotes.list({"customer": customer, "status": "canceled"}).data] == [other.id]


def test_an_invoice_goes_from_draft_to_paid(billing: stripe.StripeClient, customer: str, sandbox: Running) -> None:
    draft = drafted(billing, customer, metadata={"deal_id": "9001"}, description="Thank you")
    invoices = billing.v1.invoices
    assert (invoices.retrieve(draft).total, invoices.retrieve(draft).number) == (200_000, None)
    opened = invoices.finalize_invoice(draft)
    prefix = billing.v1.customers.retrieve(customer).invoice_prefix
    assert (opened.status, opened.number, opened.amount_due) == ("open", f"{prefix}-0001", 200_000)
    assert str(opened.hosted_invoice_url).startswith("https://invoice.stripe.com/i/")
    assert str(opened.invoice_pdf).startswith("https://pay.stripe.com/invoice/")
    assert opened.due_date is not None
    assert abs(opened.due_date - time.time() - 14 * 86400) < 60
    assert invoices.send_invoice(draft).status == "open"
    assert person(sandbox, "invoices", draft, status="paid").json()["status"] == "paid"
    paid = invoices.retrieve(draft, {"expand": ["payments.data.payment.payment_intent"]})
    assert (paid.amount_paid, paid.amount_remaining) == (200_000, 0)
    assert paid.status_transitions.paid_at is not None
    (payment,) = paid.payments.data if paid.payments else ()
    intent: Any = payment.payment.payment_intent
    assert (payment.status, intent.status, intent.amount_received) == ("paid", "succeeded", 200_000)
    found = billing.v1.invoice_payments.list({"payment": {"type": "payment_intent", "payment_intent": intent.id}})
    assert [one.invoice for one in found.data] == [draft]


def test_the_status_of_an_invoice_is_enforced(billing: stripe.StripeClient, customer: str, sandbox: Running) -> None:
    invoices, draft, other = billing.v1.invoices, drafted(billing, customer), drafted(billing, customer)
    refused: list[Callable[[], object]] = [
        lambda: invoices.void_invoice(draft),
        lambda: invoices.pay(draft, {"paid_out_of_band": True}),
        lambda: invoices.mark_uncollectible(draft),
    ]
    assert {error_of(act) for act in refused} == {"status_transition_invalid"}
    invoices.finalize_invoice(draft)
    assert told(invoices.update(draft, {"metadata": {"a": "b"}}).metadata) == {"a": "b"}
    edits: list[Callable[[], object]] = [
        lambda: invoices.update(draft, {"description": "x"}),
        lambda: invoices.add_lines(draft, {"lines": LINES}),  # type: ignore[typeddict-item]
        lambda: invoices.delete(draft),
    ]
    assert {error_of(act) for act in edits} == {"invoice_not_editable"}
    assert invoices.void_invoice(draft).status == "void"
    assert error_of(lambda: invoices.pay(draft, {"paid_out_of_band": True})) == "status_transition_invalid"
    assert person(sandbox, "invoices", draft, status="paid").status_code == 400
    assert invoices.delete(other).deleted
    assert error_of(lambda: invoices.retrieve(other)) == "resource_missing"


def error_of(act: Callable[[], object]) -> str | None:
    with pytest.raises(stripe.InvalidRequestError) as refused:
        act()
    return refused.value.code


def test_a_declined_card_is_a_402_and_an_out_of_band_payment_is_one(billing: stripe.StripeClient, customer: str) -> None:
    invoices, one = billing.v1.invoices, drafted(billing, customer)
    invoices.finalize_invoice(one)
    assert error_of(lambda: invoices.pay(one)) == "resource_missing"
    with pytest.raises(stripe.CardError) as declined:
        invoices.pay(one, {"payment_method": "pm_card_chargeDeclined"})
    assert (declined.value.http_status, declined.value.code) == (402, "card_declined")
    assert (invoices.retrieve(one).status, invoices.retrieve(one).attempt_count) == ("open", 1)
    paid = invoices.pay(one, {"paid_out_of_band": True})
    assert (paid.status, paid.amount_paid_off_stripe) == ("paid", 200_000)
    assert invoices.list({"customer": customer, "status": "paid"}).data[0].id == one


def test_refunds_go_as_far_as_the_charge(billing: stripe.StripeClient, customer: str, sandbox: Running) -> None:
    one = drafted(billing, customer)
    billing.v1.invoices.finalize_invoice(one)
    assert person(sandbox, "invoices", one, status="refunded").status_code == 400
    person(sandbox, "invoices", one, status="paid")
    (charge,) = billing.v1.charges.list({"customer": customer}).data
    assert billing.v1.refunds.create({"charge": charge.id, "amount": 50_000}).status == "succeeded"
    assert person(sandbox, "invoices", one, status="refunded", amount=50_000).is_success
    with pytest.raises(stripe.InvalidRequestError):
        billing.v1.refunds.create({"charge": charge.id, "amount": 100_001})
    billing.v1.refunds.create({"payment_intent": str(charge.payment_intent)})
    after = billing.v1.charges.retrieve(charge.id)
    assert (after.amount_refunded, after.refunded) == (200_000, True)
    assert error_of(lambda: billing.v1.refunds.create({"charge": charge.id})) == "charge_already_refunded"


def test_items_that_wait_at_a_customer_get_on_an_invoice_that_includes_them(billing: stripe.StripeClient, customer: str) -> None:
    billing.v1.invoice_items.create({"customer": customer, "amount": 700, "currency": "eur", "description": "Travel"})
    without = billing.v1.invoices.create({"customer": customer, **SENT, "pending_invoice_items_behavior": "exclude"})
    with_it = billing.v1.invoices.create({"customer": customer, **SENT, "pending_invoice_items_behavior": "include"})
    assert (without.total, with_it.total) == (0, 700)
    billing.v1.invoice_items.create({"customer": customer, "amount": -200, "currency": "eur", "invoice": with_it.id})
    assert billing.v1.invoices.retrieve(with_it.id).total == 500
    assert billing.v1.invoices.finalize_invoice(without.id).status == "paid"


def test_a_yen_is_a_yen(billing: stripe.StripeClient, customer: str, sandbox: Running) -> None:
    draft = billing.v1.invoices.create({"customer": customer, **SENT, "currency": "jpy"})
    billing.v1.invoices.add_lines(draft.id, {"lines": [{"amount": 1500, "description": "x"}]})
    column = sandbox.control("GET", "page")["columns"][4]
    assert column["kinds"][2]["cards"][0]["facts"] == ["JPY 1,500", "draft"]


def test_more_than_ten_lines_are_on_pages_of_their_own(billing: stripe.StripeClient, customer: str) -> None:
    draft = billing.v1.invoices.create({"customer": customer, **SENT})
    lines: Any = [{"amount": n, "description": f"Day {n}"} for n in range(1, 26)]
    shown = billing.v1.invoices.add_lines(draft.id, {"lines": lines})
    assert (len(shown.lines.data), shown.lines.has_more, shown.total) == (10, True, 325)
    assert [line.amount for line in billing.v1.invoices.line_items.list(draft.id).auto_paging_iter()] == list(range(1, 26))


def test_what_happened_is_told_in_events(billing: stripe.StripeClient, customer: str) -> None:
    one = drafted(billing, customer)
    billing.v1.invoices.finalize_invoice(one, {}, {"idempotency_key": "finalise-it"})
    (event,) = billing.v1.events.list({"type": "invoice.finalized"}).data
    thing: Any = event.data.object
    assert (thing["id"], event.api_version) == (one, VERSION)
    assert event.request is not None
    assert event.request.idempotency_key == "finalise-it"
    assert billing.v1.events.retrieve(event.id).type == "invoice.finalized"


def test_the_control_interface_shows_our_keys(billing: stripe.StripeClient, sandbox: Running) -> None:
    key, other = str(uuid4()), str(uuid4())
    made = billing.v1.customers.create({"email": "a@b.example", "metadata": {"towline_key": key}})
    one = drafted(billing, made.id)
    billing.v1.invoices.finalize_invoice(one, {}, {"idempotency_key": other})
    billing.v1.invoices.send_invoice(one, {}, {"idempotency_key": "not-a-uuid"})
    asked = sandbox.control("GET", "requests?since=0")
    keys = [(call["path"].rsplit("/", 1)[-1], call["key"]) for call in asked if call["method"] == "POST"]
    assert [keys[0], *keys[-2:]] == [("customers", key), ("finalize", other), ("send", None)]
    assert sandbox.control("GET", "objects?system=billing")["customers"][0]["key"] == key


def test_the_page_for_people_shows_who_and_how_much(billing: stripe.StripeClient, customer: str, sandbox: Running) -> None:
    number = billing.v1.invoices.finalize_invoice(drafted(billing, customer)).number
    column = sandbox.control("GET", "page")["columns"][4]
    cards = {kind["kind"]: [(card["title"], card["facts"]) for card in kind["cards"]] for kind in column["kinds"]}
    assert column["vendor"] == "Stripe"
    assert cards["customers"] == [("Northwind GmbH", ["ada@northwind.example"])]
    assert cards["invoices"] == [(number, ["EUR 2,000.00", "open"])]
