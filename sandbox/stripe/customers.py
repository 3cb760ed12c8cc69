"""Customers. https://docs.stripe.com/api/customers"""

import re
from collections.abc import Mapping
from typing import Any
from zlib import crc32

from sandbox.stripe.answers import Refusal
from sandbox.stripe.ask import Ask, Table
from sandbox.stripe.events import Events
from sandbox.stripe.forms import Reader, anything, integer, listing, merged, metadata, read, text
from sandbox.stripe.search import search
from sandbox.stripe.shelf import Object, Shelf, now

SHAPE: Mapping[str, Reader] = {
    "address": anything,
    "balance": integer,
    "description": text(),
    "email": text(512),
    "invoice_settings": anything,
    "metadata": metadata,
    "name": text(256),
    "phone": text(20),
    "preferred_locales": listing(text()),
    "shipping": anything,
}
FIELDS = ("created", "email", "metadata", "name", "phone")


class Customers:
    """Routes of customers."""

    def __init__(self, shelf: Shelf, events: Events) -> None:
        self.shelf, self.events = shelf, events

    def table(self) -> Table:
        """Return the routes."""
        one = "/v1/customers/{customer}"
        return [
            ("GET", "/v1/customers/search", lambda ask: search(self.shelf, "customers", ask.params, FIELDS)),
            ("GET", "/v1/customers", lambda ask: self.shelf.page("customers", ask.params, "/v1/customers", "email")),
            ("POST", "/v1/customers", self.create),
            ("GET", one, self._one),
            ("POST", one, self.change),
            ("DELETE", one, self._delete),
        ]

    def create(self, ask: Ask) -> Object:
        """Make a customer."""
        given = _checked(read(ask.params, SHAPE))
        customer_id = self.shelf.new_id("cus")
        customer: Object = {
            "id": customer_id,
            "object": "customer",
            "address": None,
            "balance": 0,
            "created": now(),
            "currency": None,
            "default_source": None,
            "delinquent": False,
            "description": None,
            "discount": None,
            "email": None,
            "invoice_prefix": f"{crc32(customer_id.encode()):08X}",
            "invoice_settings": {
                "custom_fields": None, "default_payment_method": None, "footer": None, "rendering_options": None,
            },
            "livemode": False,
            "metadata": {},
            "name": None,
            "next_invoice_sequence": 1,
            "phone": None,
            "preferred_locales": [],
            "shipping": None,
            "tax_exempt": "none",
            "test_clock": None,
        }  # fmt: skip
        made = self.shelf.put("customers", customer | given | {"metadata": merged({}, given.get("metadata", {}))})
        self.events.note("customer.created", made)
        return made

    def change(self, ask: Ask) -> Object:
        """Change a customer; what is not named stays."""
        before = self.shelf.get("customers", ask.path["customer"], "id")
        given = _checked(read(ask.params, SHAPE))
        after = before | given | {"metadata": merged(before["metadata"], given.get("metadata", {}))}
        made = self.shelf.put("customers", after)
        self.events.note("customer.updated", made, {name: before.get(name) for name in given if before.get(name) != made[name]})
        return made

    def _one(self, ask: Ask) -> Object:
        read(ask.params, {})
        found = self.shelf.find("customers", ask.path["customer"])
        return found if found and found.get("deleted") else self.shelf.get("customers", ask.path["customer"])

    def _delete(self, ask: Ask) -> Object:
        customer = self.shelf.get("customers", ask.path["customer"])
        gone = {"id": customer["id"], "object": "customer", "deleted": True}
        self.shelf.store.put("customers", customer["id"], gone, "")
        self.events.note("customer.deleted", customer)
        return gone


def _checked(given: dict[str, Any]) -> dict[str, Any]:
    email = given.get("email")
    if email and not re.fullmatch(r"[^@\s]+@[^@\s]+\.[^@\s.]+", email):
        raise Refusal(400, f"Invalid email address: {email}", code="email_invalid", param="email")
    return given
