"""Quotes. https://docs.stripe.com/api/quotes and https://docs.stripe.com/quotes/overview"""

from collections.abc import Callable, Mapping
from typing import Any

from sandbox.stripe.answers import Refusal, contradicts
from sandbox.stripe.ask import Ask, Table
from sandbox.stripe.bills import Bills
from sandbox.stripe.catalog import PRICE, Catalog
from sandbox.stripe.events import Events
from sandbox.stripe.forms import (
    Reader,
    anything,
    choice,
    integer,
    listing,
    mapping,
    merged,
    metadata,
    read,
    text,
)
from sandbox.stripe.money import within_reach
from sandbox.stripe.shelf import PAGE, Object, Shelf, now, paged

SHAPE: Mapping[str, Reader] = {
    "collection_method": choice("charge_automatically", "send_invoice"),
    "customer": text(),
    "description": text(500),
    "expires_at": integer,
    "footer": text(500),
    "header": text(50),
    "invoice_settings": mapping({"days_until_due": integer, "issuer": anything}),
    "line_items": listing({"price_data": mapping(PRICE), "quantity": integer}),
    "metadata": metadata,
}
LIFE = 30 * 24 * 3600  # of a quote whose maker names no end
NO_TAX = {"amount_discount": 0, "amount_shipping": 0, "amount_tax": 0}


class Quotes:
    """Routes of quotes."""

    def __init__(self, shelf: Shelf, events: Events, catalog: Catalog, bills: Bills) -> None:
        self.shelf, self.events, self.catalog, self.bills = shelf, events, catalog, bills

    def table(self) -> Table:
        """Return the routes."""
        one = "/v1/quotes/{quote}"
        return [
            ("GET", "/v1/quotes", lambda ask: self.shelf.page("quotes", ask.params, "/v1/quotes", "customer", "status")),
            ("POST", "/v1/quotes", self._create),
            ("GET", one, lambda ask: self._named(ask)),
            ("GET", f"{one}/line_items", self._lines),
            ("POST", f"{one}/finalize", self._act(self._finalise, expires_at=integer)),
            ("POST", f"{one}/accept", self._act(self.accept)),
            ("POST", f"{one}/cancel", self._act(self.cancel)),
        ]

    def _create(self, ask: Ask) -> Object:
        given = read(ask.params, SHAPE)
        customer = self.shelf.get("customers", given["customer"], "customer")["id"] if given.get("customer") else None
        quote_id = self.shelf.new_id("qt")
        lines = [self._line(line, number) for number, line in enumerate(given.pop("line_items", []))]
        if len({line["currency"] for line in lines}) > 1:
            raise Refusal(400, "All prices on a quote must have the same currency.", param="line_items")
        total = within_reach(sum(line["amount_total"] for line in lines), "line_items")
        settings = {"days_until_due": None, "issuer": {"type": "self"}} | given.pop("invoice_settings", {})
        quote = _new(quote_id, customer, lines, total) | given | {"invoice_settings": settings}
        quote |= {"customer": customer, "metadata": merged({}, given.get("metadata", {}))}
        if quote["expires_at"] <= now():
            raise Refusal(400, "expires_at must be in the future", code="parameter_invalid_integer", param="expires_at")
        made = self.shelf.put("quotes", quote)
        self.events.note("quote.created", made)
        return made

    def accept(self, quote: Object) -> Object:
        """Take an open quote as the client does: it becomes a draft invoice."""
        self._require(quote, "accept", "open")
        customer = self.shelf.get("customers", quote["customer"], "customer")
        parent = {"quote_details": {"quote": quote["id"]}, "subscription_details": None, "type": "quote_details"}
        terms = {"collection_method": quote["collection_method"], "_days": quote["invoice_settings"]["days_until_due"]}
        invoice = self.bills.draft(customer, currency=quote["currency"], parent=parent, **terms)
        wanted = [{"amount": line["amount_total"], "description": line["description"]} for line in quote["_lines"]]
        self.bills.add(invoice, [self.bills.item(customer["id"], line, invoice, "") for line in wanted])
        return self._to(quote, "accepted", "accepted_at", invoice=invoice["id"])

    def cancel(self, quote: Object) -> Object:
        """Take a quote back."""
        self._require(quote, "cancel", "draft", "open")
        return self._to(quote, "canceled", "canceled_at")

    def _finalise(self, quote: Object) -> Object:
        self._require(quote, "finalize", "draft")
        if not quote["_lines"] or not quote["customer"]:
            raise contradicts("A quote needs a customer and line items before it can be finalized.")
        number = f"QT-{quote['customer'][-8:].upper()}-{self.shelf.new_id('')[-4:]}-1"
        return self._to(quote | {"number": number}, "open", "finalized_at", told="finalized")

    def _to(self, quote: Object, status: str, moment: str, *, told: str = "", **more: Any) -> Object:
        moments = quote["status_transitions"] | {moment: now()}
        after = self.shelf.change("quotes", quote, status=status, status_transitions=moments, **more)
        self.events.note(f"quote.{told or status}", after)
        return after

    def _require(self, quote: Object, verb: str, *statuses: str) -> None:
        if quote["status"] not in statuses:
            told = f"You can only {verb} a quote that is {' or '.join(statuses)}. This quote is {quote['status']}."
            raise contradicts(told, "status_transition_invalid")

    def _line(self, given: Mapping[str, Any], number: int) -> Object:
        param = f"line_items[{number}][price_data]"
        if "price_data" not in given:
            raise Refusal(400, f"Missing required param: {param}.", code="parameter_missing", param=param)
        price, quantity = self.catalog.price(given["price_data"], param), given.get("quantity", 1)
        amount = price["unit_amount"] * quantity
        sums = dict.fromkeys(("amount_subtotal", "amount_total"), amount) | {"amount_discount": 0, "amount_tax": 0}
        named = {"description": self.shelf.get("products", price["product"])["name"], "price": price, "quantity": quantity}
        return {"id": self.shelf.new_id("li"), "object": "item", "currency": price["currency"], **sums, **named}

    def _lines(self, ask: Ask) -> Object:
        quote = self._named(ask, read_nothing=False)
        return paged(quote["_lines"], read(ask.params, PAGE), f"/v1/quotes/{quote['id']}/line_items")

    def _act(self, act: Callable[[Object], Object], **shape: Reader) -> Callable[[Ask], Object]:
        def answer(ask: Ask) -> Object:
            given = read(ask.params, shape)
            return act(self._named(ask, read_nothing=False) | given)

        return answer

    def _named(self, ask: Ask, *, read_nothing: bool = True) -> Object:
        if read_nothing:
            read(ask.params, {})
        return self.shelf.get("quotes", ask.path["quote"])


def _new(quote_id: str, customer: str | None, lines: list[Object], total: int) -> Object:
    sums = {"amount_subtotal": total, "amount_total": total}
    empty = (
        "application", "application_fee_amount", "application_fee_percent", "description", "footer", "from_quote", "header",
        "invoice", "number", "on_behalf_of", "subscription", "subscription_schedule", "test_clock", "transfer_data",
    )  # fmt: skip
    return {
        "id": quote_id,
        "object": "quote",
        **sums,
        "automatic_tax": {"enabled": False, "liability": None, "provider": None, "status": None},
        "collection_method": "charge_automatically",
        "computed": {"recurring": None, "upfront": sums | {"total_details": NO_TAX}},
        "created": now(),
        "currency": lines[0]["currency"] if lines else None,
        "customer": customer,
        "default_tax_rates": [],
        "discounts": [],
        "expires_at": now() + LIFE,
        "invoice_settings": {"days_until_due": None, "issuer": {"type": "self"}},
        "livemode": False,
        "metadata": {},
        "status": "draft",
        "status_transitions": {"accepted_at": None, "canceled_at": None, "finalized_at": None},
        "subscription_data": {"description": None, "effective_date": None, "metadata": None, "trial_period_days": None},
        "total_details": NO_TAX,
        "_lines": lines,
    } | dict.fromkeys(empty)
