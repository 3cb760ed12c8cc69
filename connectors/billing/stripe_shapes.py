"""What our billing records look like at Stripe, and the way back. Knows no call, and puts no words of people into errors."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from typing import Any

from contracts.billing import CustomerRecord, EstimateRecord, InvoiceRecord, InvoiceSnapshot, LineItem
from contracts.errors import RefusedError
from contracts.records import EffectKey, Fields, Image, Ref
from contracts.values import Money

KEY, ACCOUNT, DEAL, TOTAL = "towline_key", "towline_account", "deal_id", "towline_total"
ZERO_DECIMAL = frozenset(
    {"BIF", "CLP", "DJF", "GNF", "JPY", "KMF", "KRW", "MGA", "PYG", "RWF"} | {"VND", "VUV", "XAF", "XOF", "XPF"}
)
THREE_DECIMAL = frozenset({"BHD", "JOD", "KWD", "OMR", "TND"})
DASHBOARD = "https://dashboard.stripe.com"


def amount_of(money: Money) -> int:
    """Return money in Stripe's minor units, which are ours but for a few currencies. https://docs.stripe.com/currencies

    Raises RefusedError for an amount that Stripe cannot express.
    """
    amount = Decimal(money.decimal()).scaleb(_digits(money.currency))
    if amount != amount.to_integral_value():
        raise RefusedError(f"billing: Stripe has no such fraction of {money.currency}", cause="billing.no_such_fraction")
    return int(amount)


def money_of(amount: int, currency: str) -> Money:
    """Return Stripe's minor units as money; what is owed to the client instead (below zero) counts as nothing.

    Raises ValueError for a currency that is none.
    """
    code = Money(minor=0, currency=currency.upper()).currency
    return Money.from_major(str(Decimal(max(amount, 0)).scaleb(-_digits(code))), code)


def customer_params(record: CustomerRecord) -> dict[str, Any]:
    """Return a customer's fields and whose customer it is."""
    return {"name": record.name, "email": record.email, "metadata": owner_params(record)}


def owner_params(record: CustomerRecord) -> dict[str, str]:
    """Return the metadata of a customer: a pure function of the account."""
    return {KEY: str(record.account), ACCOUNT: str(record.account)}


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
    code = one_currency(record.lines)
    ends = datetime.combine(record.valid_until + timedelta(days=1), time(), UTC)
    prices = [{"currency": code, "product": product_id(line), "unit_amount": amount_of(line.amount)} for line in record.lines]
    return {
        "customer": record.customer,
        "expires_at": int(ends.timestamp()),
        "line_items": [{"price_data": price, "quantity": 1} for price in prices],
        "metadata": {KEY: str(key), DEAL: record.deal_id},
    } | _description(record.note)


def invoice_params(key: EffectKey, record: InvoiceRecord) -> dict[str, Any]:
    """Return a draft without lines; nothing but us finalises it, and no item that waits at the customer gets on it."""
    return {
        "auto_advance": False,
        "collection_method": "send_invoice",
        "currency": one_currency(record.lines),
        "customer": record.customer,
        "days_until_due": record.days_until_due,
        "metadata": {KEY: str(key), DEAL: record.deal_id},
        "pending_invoice_items_behavior": "exclude",
    } | _description(record.note)


def line_params(lines: Sequence[LineItem]) -> list[dict[str, Any]]:
    """Return the lines of an invoice."""
    return [{"amount": amount_of(line.amount), "description": line.description} for line in lines]


def total_of(lines: Sequence[LineItem]) -> str:
    """Return the sum in Stripe's minor units: it stands in the metadata of an invoice that has all its lines."""
    return str(sum(amount_of(line.amount) for line in lines))


def one_currency(lines: Sequence[LineItem]) -> str:
    """Return the currency of lines as Stripe writes it. Raises RefusedError where there is none, or more than one."""
    currencies = {line.amount.currency for line in lines}
    if len(currencies) != 1:
        raise RefusedError("billing: lines must be there, in one currency", cause="billing.lines")
    return currencies.pop().lower()


def invoice_snapshot(invoice: Mapping[str, Any]) -> InvoiceSnapshot:
    """Return an invoice as it stands."""
    mark, currency = invoice.get("metadata") or {}, str(invoice["currency"])
    return InvoiceSnapshot(
        id=str(invoice["id"]),
        key=mark.get(KEY),
        deal_id=mark.get(DEAL),
        number=invoice.get("number"),
        status=str(invoice["status"]),
        total=money_of(invoice["total"], currency),
        paid=money_of(invoice["amount_paid"], currency),
        due_on=_day(invoice.get("due_date")),
        url=str(invoice.get("hosted_invoice_url") or ""),
        payment_id=_payment_of(invoice),
    )


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


def _digits(currency: str) -> int:
    return 0 if currency in ZERO_DECIMAL else 3 if currency in THREE_DECIMAL else 2


def _description(note: str) -> dict[str, str]:
    return {"description": note} if note else {}


def _day(seconds: int | None) -> date | None:
    return datetime.fromtimestamp(seconds, UTC).date() if seconds is not None else None
