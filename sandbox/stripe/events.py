"""Tells what happened: keeps an event for everything, and sends those that a billing integration listens to, signed.

https://docs.stripe.com/webhooks and https://docs.stripe.com/webhooks#verify-manually
"""

import hashlib
import hmac
import time
from typing import Any

import httpx
import orjson

from sandbox.courier import Courier
from sandbox.store import Store
from sandbox.stripe.ask import VERSION, Ask, Table
from sandbox.stripe.forms import anything, read
from sandbox.stripe.shelf import Object, Shelf, now, public

SENT = frozenset(
    {
        "invoice.finalized",
        "invoice.sent",
        "invoice.paid",
        "invoice.payment_failed",
        "invoice.voided",
        "charge.refunded",
        "quote.finalized",
        "quote.accepted",
        "quote.canceled",
    }
)
"""The events that the account's one webhook endpoint has chosen."""


class Events:
    """The account's events, and those on their way (kind `undelivered`)."""

    def __init__(self, shelf: Shelf, courier: Courier, url: str, secret: str | None) -> None:
        self.shelf, self.courier, self.secret = shelf, courier, secret
        self.url = f"{url.rstrip('/')}/webhooks/stripe"
        self.cause: dict[str, Any] = {"id": None, "idempotency_key": None}  # the request that is being carried out

    @property
    def store(self) -> Store:
        """The store that all is kept in."""
        return self.shelf.store

    def table(self) -> Table:
        """Return the routes."""
        return [("GET", "/v1/events", self._list), ("GET", "/v1/events/{id}", self._one)]

    def note(self, event_type: str, one: Object, before: Object | None = None) -> None:
        """Keep what happened to an object (`before`: the former values of what changed), and send it if it is wanted."""
        sent = event_type in SENT and self.secret is not None
        event: Object = {
            "id": self.shelf.new_id("evt"),
            "object": "event",
            "api_version": VERSION,
            "created": now(),
            "data": {"object": public(one)} | ({"previous_attributes": before} if before else {}),
            "livemode": False,
            "pending_webhooks": int(sent),
            "request": dict(self.cause),
            "type": event_type,
        }
        self.shelf.put("events", event, (one.get("metadata") or {}).get("towline_key"))
        if sent:
            self.store.put("undelivered", event["id"], {})
            self._deliver(event["id"])

    def resume(self) -> None:
        """Send what an earlier process did not deliver."""
        for record in self.store.all("undelivered"):
            self._deliver(record.id)

    def _deliver(self, event_id: str) -> None:
        event = self.shelf.find("events", event_id)
        if event and self.secret:
            body = orjson.dumps(event, option=orjson.OPT_INDENT_2)
            self.courier.send(lambda attempt: self._request(body), lambda: self.store.delete("undelivered", event_id))

    def _request(self, body: bytes) -> httpx.Request:
        headers = {
            "Content-Type": "application/json; charset=utf-8",
            "User-Agent": "Stripe/1.0 (+https://stripe.com/docs/webhooks)",
            "Stripe-Signature": sign(self.secret or "", body, int(time.time())),
        }
        return httpx.Request("POST", self.url, headers=headers, content=body)

    def _list(self, ask: Ask) -> Object:
        given = {name: value for name, value in ask.params.items() if name != "types"}
        return self.shelf.page("events", given, "/v1/events", "type")

    def _one(self, ask: Ask) -> Object:
        read(ask.params, {"expand": anything})
        return self.shelf.get("events", ask.path["id"])


def sign(secret: str, body: bytes, at: int) -> str:
    """Return the Stripe-Signature header of a body sent at this unix second."""
    return f"t={at},v1={hmac.new(secret.encode(), f'{at}.'.encode() + body, hashlib.sha256).hexdigest()}"
