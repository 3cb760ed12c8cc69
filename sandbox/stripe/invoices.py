"""Invoices and invoice items. https://docs.stripe.com/api/invoices and .../invoiceitems"""

from collections.abc import Callable, Mapping
from typing import Any

from sandbox.stripe.answers import Refusal
from sandbox.stripe.ask import Ask, Table
from sandbox.stripe.bills import ITEM, Bills
from sandbox.stripe.forms import Reader, anything, boolean, choice, integer, listing, merged, metadata, read, text
from sandbox.stripe.money import currency
from sandbox.stripe.search import search
from sandbox.stripe.shelf import PAGE, Object, paged

CHANGE: Mapping[str, Reader] = {
    "auto_advance": boolean,
    "collection_method": choice("charge_automatically", "send_invoice"),
    "custom_fields": anything,
    "days_until_due": integer,
    "description": text(1500),
    "due_date": integer,
    "footer": text(),
    "metadata": metadata,
    "payment_settings": anything,
    "statement_descriptor": text(22),
}
NEW: Mapping[str, Reader] = {
    **CHANGE,
    "currency": currency,
    "customer": text(),
    "pending_invoice_items_behavior": choice("exclude", "include"),
}
WHEN_OPEN = {"auto_advance", "metadata", "expand"}  # what may still be changed of a finalised invoice
FIELDS = ("created", "currency", "customer", "metadata", "number", "receipt_number", "status", "total")
MISSING_EMAIL = "Missing email. In order to create invoices that are sent to the customer, the customer must have a valid email."
LINES = 250  # a call
DECLINING = ("pm_card_chargeDeclined", "pm_card_visa_chargeDeclined")


class Invoices:
    """Routes of invoices and of invoice items."""

    def __init__(self, bills: Bills) -> None:
        self.bills, self.shelf = bills, bills.shelf

    def table(self) -> Table:
        """Return the routes."""
        one, page = "/v1/invoices/{invoice}", self.shelf.page
        filters = ("customer", "status", "collection_method")
        return [
            ("GET", "/v1/invoices/search", lambda ask: search(self.shelf, "invoices", ask.params, FIELDS)),
            ("GET", "/v1/invoices", lambda ask: page("invoices", ask.params, "/v1/invoices", *filters)),
            ("POST", "/v1/invoices", self._create),
            ("GET", one, lambda ask: self._named(ask)),
            ("POST", one, self._change),
            ("DELETE", one, self._delete),
            ("GET", f"{one}/lines", self._lines),
            ("POST", f"{one}/add_lines", self._add_lines),
            ("POST", f"{one}/finalize", self._act(self.bills.finalise, auto_advance=boolean)),
            ("POST", f"{one}/send", self._act(self.bills.send)),
            ("POST", f"{one}/void", self._act(self.bills.void)),
            ("POST", f"{one}/mark_uncollectible", self._act(self.bills.give_up)),
            ("POST", f"{one}/pay", self._pay),
            ("GET", "/v1/invoiceitems", lambda ask: page("invoiceitems", ask.params, "/v1/invoiceitems", "customer", "invoice")),
            ("POST", "/v1/invoiceitems", self._add_item),
            ("GET", "/v1/invoiceitems/{id}", lambda ask: self.shelf.get("invoiceitems", ask.path["id"])),
        ]

    def _create(self, ask: Ask) -> Object:
        given = read(ask.params, NEW, "customer")
        customer = self.shelf.get("customers", given.pop("customer"), "customer")
        waits = given.pop("pending_invoice_items_behavior", "exclude") == "include"
        pending = self._pending(customer["id"]) if waits else []
        code = given.pop("currency", None) or (pending[0]["currency"] if pending else "eur")
        whole = self._terms(given, "charge_automatically", customer)
        whole |= {"metadata": merged({}, whole.get("metadata", {})), "currency": code}
        invoice = self.bills.draft(customer, **whole)
        items = [item | {"invoice": invoice["id"]} for item in pending if item["currency"] == code]
        return self.bills.add(invoice, items) if items else invoice

    def _change(self, ask: Ask) -> Object:
        invoice = self._named(ask, read_nothing=False)
        given = read(ask.params, CHANGE)
        if invoice["status"] != "draft" and not ask.params.keys() <= WHEN_OPEN:
            told = "Finalized invoices can't be updated in this way"
            raise Refusal(400, told, code="invoice_not_editable", done=True)
        customer = self.shelf.get("customers", invoice["customer"])
        whole = self._terms(given, invoice["collection_method"], customer, invoice)
        whole |= {"metadata": merged(invoice["metadata"], given.get("metadata", {}))}
        return self.shelf.change("invoices", invoice, **whole)

    def _terms(self, given: dict[str, Any], method: str, customer: Object, before: Object | None = None) -> dict[str, Any]:
        """Return the fields with the terms of payment checked: what is sent needs an address and a day when it is due."""
        method = given.get("collection_method", method)
        days, day = given.pop("days_until_due", None), given.get("due_date")
        if method == "charge_automatically" and (days is not None or day is not None):
            name = "days_until_due" if days is not None else "due_date"
            raise Refusal(400, f"You can only specify '{name}' if collection method is 'send_invoice'.", param=name)
        if method == "send_invoice":
            known = before is not None and (before["_days"] is not None or before["due_date"] is not None)
            if (days is None) == (day is None) and not (known and days is None):
                told = "If collection_method=send_invoice you must pass one of 'days_until_due' or 'due_date'."
                raise Refusal(400, told, param="days_until_due")
            if not customer["email"]:
                raise Refusal(400, MISSING_EMAIL, param="customer")
        if days is not None and not 0 <= days <= 1000:
            raise Refusal(400, "Invalid days_until_due: must be from 0 to 1000", param="days_until_due")
        return given | ({"_days": days} if days is not None else {})

    def _delete(self, ask: Ask) -> Object:
        invoice = self._named(ask)
        if invoice["status"] != "draft":
            told = "You can only delete draft invoices."
            raise Refusal(400, told, code="invoice_not_editable")
        self.shelf.store.delete("invoices", invoice["id"])
        return {"id": invoice["id"], "object": "invoice", "deleted": True}

    def _lines(self, ask: Ask) -> Object:
        invoice = self._named(ask, read_nothing=False)
        return paged(invoice["_lines"], read(ask.params, PAGE), f"/v1/invoices/{invoice['id']}/lines")

    def _add_lines(self, ask: Ask) -> Object:
        invoice = self._named(ask, read_nothing=False)
        given = read(ask.params, {"lines": listing({**ITEM, "invoice_item": text()}), "invoice_metadata": metadata}, "lines")
        if len(given["lines"]) > LINES:
            raise Refusal(400, f"Array lines exceeded maximum {LINES} allowed elements.", param="lines")
        self.bills.require(invoice, "draft")
        lines = enumerate(given["lines"])
        items = [self.bills.item(invoice["customer"], line, invoice, f"lines[{n}]") for n, line in lines]
        kept = merged(invoice["metadata"], given.get("invoice_metadata", {}))
        return self.bills.add(invoice, items, metadata=kept)

    def _pay(self, ask: Ask) -> Object:
        invoice = self._named(ask, read_nothing=False)
        given = read(ask.params, {"paid_out_of_band": boolean, "payment_method": text(), "forgive": boolean})
        if given.get("paid_out_of_band"):
            return self.bills.pay(invoice, outside=True)
        self.bills.require(invoice, "open", "uncollectible", "paid")
        method = given.get("payment_method")
        if invoice["status"] != "paid" and not method:
            told = "There is no `default_payment_method` set on this Customer or Invoice. Please set a default payment method."
            raise Refusal(400, told, code="resource_missing", done=True)
        if method in DECLINING:
            raise self.bills.fail(invoice)
        return self.bills.pay(invoice)

    def _add_item(self, ask: Ask) -> Object:
        given = read(ask.params, {**ITEM, "customer": text(), "invoice": text()}, "customer")
        customer = self.shelf.get("customers", given["customer"], "customer")
        invoice = self.shelf.get("invoices", given["invoice"], "invoice") if given.get("invoice") else None
        if invoice:
            self.bills.require(invoice, "draft")
        item = self.bills.item(customer["id"], given, invoice, "")
        if invoice is None:
            return self.shelf.put("invoiceitems", item)
        self.bills.add(invoice, [item])
        return item

    def _pending(self, customer_id: str) -> list[Object]:
        return [item for item in self.shelf.having("invoiceitems", customer=customer_id) if item["invoice"] is None]

    def _act(self, act: Callable[[Object], Object], **shape: Reader) -> Callable[[Ask], Object]:
        def answer(ask: Ask) -> Object:
            read(ask.params, shape)
            return act(self._named(ask, read_nothing=False))

        return answer

    def _named(self, ask: Ask, *, read_nothing: bool = True) -> Object:
        if read_nothing:
            read(ask.params, {})
        return self.shelf.get("invoices", ask.path["invoice"])
