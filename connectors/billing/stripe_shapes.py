"""What our billing records look like at Stripe, and the way back. Knows no call, and puts no words of people into errors."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from typing import Any

from contracts.billing import CustomerRecord, EstimateRecord, InvoiceRecord, InvoiceSnapshot, LineItem
from contracts.conversions import to_minor
from contracts.errors import RefusedError
from contracts.matrix import matrix
from contracts.records import EffectKey, Fields, Image, Ref

TABLE = matrix()["stripe"]
CUSTOMER, ESTIMATE, INVOICE = TABLE["customer"], TABLE["estimate"], TABLE["invoice"]
ESTIMATE_LINE, INVOICE_LINE = TABLE["estimate_line"], TABLE["invoice_line"]
KEY, ACCOUNT, DEAL = (
    path.removeprefix("metadata.") for path in (INVOICE.name("key"), CUSTOMER.name("account"), INVOICE.name("deal_id"))
)
TOTAL = "towline_total"
DASHBOARD = "https://dashboard.stripe.com"


def customer_params(record: CustomerRecord) -> dict[str, Any]:
    """Return a customer's fields and whose customer it is."""
    return CUSTOMER.out(name=record.name, email=record.email, account=record.account, key=record.account)


def owner_params(record: CustomerRecord) -> dict[str, str]:
    """Return the metadata of a customer: a pure function of the account."""
    marks: dict[str, str] = CUSTOMER.out(account=record.account, key=record.account)["metadata"]
    return marks


def customer_image(record: CustomerRecord, found: Mapping[str, Any] | None) -> Image:
    """Return what bringing a customer up to date finds and leaves."""
    after = {"name": record.name, "email": record.email, ACCOUNT: str(record.account)}
    return Image(customer_fields(found) if found else None, after)


def customer_fields(customer: Mapping[str, Any]) -> dict[str, str | None]:
    """Return the fields of a customer that we may write."""
    return {"name": customer.get("name"), "email": customer.get("email"), ACCOUNT: mark_of(customer, ACCOUNT)}


def restored_params(fields: Fields) -> dict[str, Any]:
    """Return how fields of a customer are set back; an empty text takes a value away."""
    params: dict[str, Any] = {name: value or "" for name, value in fields.items() if name != ACCOUNT}
    return params | ({"metadata": {ACCOUNT: fields[ACCOUNT] or "", KEY: fields[ACCOUNT] or ""}} if ACCOUNT in fields else {})


def product_id(line: LineItem) -> str:
    """Return the id of the product that stands for a line of an estimate: one for each wording."""
    return f"towline_{hashlib.sha256(line.description.encode()).hexdigest()[:32]}"


def quote_params(key: EffectKey, record: EstimateRecord) -> dict[str, Any]:
    """Return a quote that ends with its last day, by UTC."""
    one_currency(record.lines)
    prices = [{**ESTIMATE_LINE.out(amount=line.amount), "product": product_id(line)} for line in record.lines]
    named = {"customer": record.customer, "deal_id": record.deal_id, "valid_until": record.valid_until, "note": record.note}
    return {"line_items": [{"price_data": price, "quantity": 1} for price in prices]} | ESTIMATE.new(key=key, **named)


def invoice_params(key: EffectKey, record: InvoiceRecord) -> dict[str, Any]:
    """Return a draft without lines; nothing but us finalises it, and no item that waits at the customer gets on it."""
    named = {"customer": record.customer, "deal_id": record.deal_id, "note": record.note}
    common = {"auto_advance": False, "currency": one_currency(record.lines)}
    return common | INVOICE.new(key=key, days_until_due=record.days_until_due, **named)


def line_params(lines: Sequence[LineItem]) -> list[dict[str, Any]]:
    """Return the lines of an invoice."""
    return [INVOICE_LINE.out(amount=line.amount, description=line.description) for line in lines]


def total_of(lines: Sequence[LineItem]) -> str:
    """Return the sum in Stripe's minor units: it stands in the metadata of an invoice that has all its lines."""
    return str(sum(to_minor(line.amount) for line in lines))


def one_currency(lines: Sequence[LineItem]) -> str:
    """Return the currency of lines as Stripe writes it. Raises RefusedError where there is none, or more than one."""
    currencies = {line.amount.currency for line in lines}
    if len(currencies) != 1:
        raise RefusedError("billing: lines must be there, in one currency", cause="billing.lines")
    return currencies.pop().lower()


def invoice_snapshot(invoice: Mapping[str, Any]) -> InvoiceSnapshot:
    """Return an invoice as it stands."""
    found = INVOICE.back(invoice)
    return InvoiceSnapshot(**found | {"url": found["url"] or ""}, payment_id=_payment_of(invoice))


def _payment_of(invoice: Mapping[str, Any]) -> str | None:
    """The payment intent that has paid an invoice whose payments were asked for with it."""
    paid = [one["payment"] for one in (invoice.get("payments") or {}).get("data", ()) if one["status"] == "paid"]
    return next((str(one["payment_intent"]) for one in paid if one.get("payment_intent")), None)


def ref(one: Mapping[str, Any]) -> Ref:
    """Return the reference to an object: an invoice's page for the client, else where people see it in the dashboard."""
    mode = "" if one.get("livemode") else "/test"
    page = one.get("hosted_invoice_url") or f"{DASHBOARD}{mode}/{one['object']}s/{one['id']}"
    return Ref(str(one["id"]), str(page))


def mark_of(one: Mapping[str, Any], name: str) -> str | None:
    """Return an entry of an object's metadata."""
    mark: str | None = (one.get("metadata") or {}).get(name)
    return mark
