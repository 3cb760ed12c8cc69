"""The people behind Stripe's dashboard and its hosted pages: they pay, refuse, refund, credit, void and accept; knows no HTTP."""

from collections.abc import Callable, Mapping
from typing import Any

from sandbox.stripe.answers import Refusal
from sandbox.stripe.ask import Ask
from sandbox.stripe.bills import Bills
from sandbox.stripe.customers import Customers
from sandbox.stripe.forms import choice, integer, read
from sandbox.stripe.quotes import Quotes
from sandbox.stripe.shelf import Object


class Client:
    """What people do with the account's objects; what the vendor would not allow is refused in its words."""

    def __init__(self, bills: Bills, customers: Customers, quotes: Quotes) -> None:
        self.bills, self.customers, self.quotes = bills, customers, quotes
        self._invoice: Mapping[str, Callable[[Object, int | None], Object]] = {
            "paid": lambda invoice, amount: bills.pay(invoice),
            "payment_failed": self._declined,
            "refunded": self._refunded,
            "credited": lambda invoice, amount: bills.credit(invoice, amount or 0),
            "void": lambda invoice, amount: bills.void(invoice),
            "uncollectible": lambda invoice, amount: bills.give_up(invoice),
        }
        self._quote: Mapping[str, Callable[[Object], Object]] = {"accepted": quotes.accept, "canceled": quotes.cancel}

    def creates(self, kind: str, properties: dict[str, Any]) -> Object:
        """Make a customer."""
        if kind != "customers":
            raise Refusal(400, "People make only customers here.", param="kind")
        return self.customers.create(Ask({}, properties))

    def changes(self, kind: str, object_id: str, properties: dict[str, Any]) -> Object:
        """Change a customer's fields, or what became of a quote or an invoice: `status`, of a refund or credit `amount`."""
        shelf = self.bills.shelf
        if kind == "customers":
            return self.customers.change(Ask({"customer": object_id}, properties))
        if kind == "quotes":
            given = read(properties, {"status": choice(*self._quote)}, "status")
            return self._quote[given["status"]](shelf.get("quotes", object_id))
        if kind != "invoices":
            raise Refusal(400, "People change customers, quotes and invoices here.", param="kind")
        given = read(properties, {"status": choice(*self._invoice), "amount": integer}, "status")
        if "amount" in given and given["status"] not in ("refunded", "credited"):
            raise Refusal(400, "An amount can only be named for a refund or a credit.", param="amount")
        invoice = shelf.get("invoices", object_id)
        self._invoice[given["status"]](invoice, given.get("amount"))
        return shelf.get("invoices", object_id)

    def _declined(self, invoice: Object, amount: int | None) -> Object:
        self.bills.fail(invoice)
        return invoice

    def _refunded(self, invoice: Object, amount: int | None) -> Object:
        payments = self.bills.payments
        return payments.refund(payments.charge_for(invoice), amount)
