"""Stripe as one system of the sandbox: its routes, its errors, its idempotency, its rate limit, and its client at work.

https://docs.stripe.com/api
"""

import asyncio
import base64
import binascii
import re
from collections.abc import Awaitable, Callable
from typing import Any
from uuid import UUID

import httpx
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from sandbox.courier import Courier
from sandbox.limits import RollingWindow
from sandbox.oauth import Trouble
from sandbox.settings import Settings
from sandbox.store import Record
from sandbox.stripe.answers import Refusal
from sandbox.stripe.ask import VERSION, Ask, Handler, ask_of, request_id
from sandbox.stripe.bills import Bills
from sandbox.stripe.catalog import Catalog
from sandbox.stripe.client import Client
from sandbox.stripe.customers import Customers
from sandbox.stripe.events import Events
from sandbox.stripe.expand import expanded
from sandbox.stripe.forms import nested
from sandbox.stripe.idempotency import Memory, key_of
from sandbox.stripe.invoices import Invoices
from sandbox.stripe.money import shown as amount_shown
from sandbox.stripe.payments import Payments
from sandbox.stripe.quotes import Quotes
from sandbox.stripe.shelf import Shelf, public
from sandbox.system import Answer, Call, Card, Json, System, bearer, call_of

CALLS, SECONDS = 100, 1  # https://docs.stripe.com/rate-limits
KEY = "metadata[towline_key]"  # the sandbox's convention for a caller's effect key
FAILURES = {
    402: ("The parameters were valid but the request failed.", "card_error"),
    403: ("The API key doesn't have permissions to perform the request.", "invalid_request_error"),
}


class Stripe(System):
    """Billing below /stripe."""

    name, vendor, mount = "billing", "Stripe", "/stripe"
    kinds = ("customers", "quotes", "invoices")

    def __init__(self, settings: Settings, client: httpx.AsyncClient | None = None) -> None:
        super().__init__(settings)
        self.window = RollingWindow(CALLS, SECONDS)
        self.courier = Courier(self.name, client)
        self.shelf, self.memory = Shelf(self.store), Memory(self.store)
        self.events = Events(self.shelf, self.courier, settings.gateway_url, settings.billing_webhook_secret)
        payments, catalog = Payments(self.shelf, self.events), Catalog(self.shelf)
        bills, customers = Bills(self.shelf, self.events, payments, catalog), Customers(self.shelf, self.events)
        quotes = Quotes(self.shelf, self.events, catalog, bills)
        self.client = Client(bills, customers, quotes)
        self._parts = (customers, catalog, quotes, Invoices(bills), payments, self.events)

    def routes(self) -> list[BaseRoute]:
        """Return all routes."""
        table = [row for part in self._parts for row in part.table()]
        return [Route(path, self._endpoint(handler), methods=[method]) for method, path, handler in table]

    def failure(self, call: Call, status: int, message: str | None = None) -> Response:
        """Return an error as Stripe words it; what failed inside Stripe is remembered for the call's idempotency key."""
        if status == 429:
            return self._too_many(call)
        if status == 401:
            return self.unauthorized(call, "invalid")
        if status == 404:
            told = f"Unrecognized request URL ({call.method}: {call.path}). Please see https://stripe.com/docs"
            return self._answer(call, Refusal(404, message or told))
        told, kind = FAILURES.get(status, ("An unknown error occurred", "api_error"))
        if 400 <= status < 500:
            kind = "card_error" if status == 402 else "invalid_request_error"
        response = self._answer(call, Refusal(status, message or told, kind=kind))
        if status == 500:
            self.memory.keep(call, request_id(call), response)
        return response

    def unauthorized(self, call: Call, trouble: Trouble) -> Response:
        """Return Stripe's 401."""
        key = f"{(call.token or '')[:8]}********"
        told = {
            "missing": "You did not provide an API key. You need to provide your API key in the Authorization header, using "
            "Bearer auth (e.g. 'Authorization: Bearer YOUR_SECRET_KEY').",
            "expired": f"Expired API Key provided: {key}. Platform keys may be expired.",
        }.get(trouble, f"Invalid API Key provided: {key}")
        code = "api_key_expired" if trouble == "expired" else None
        response = self._answer(call, Refusal(401, told, code=code))
        response.headers["WWW-Authenticate"] = 'Bearer realm="Stripe"'
        return response

    def limit(self, call: Call) -> Response | None:
        """Count the call against its key's second."""
        return self._too_many(call) if self.window.take(call.token or "") < 0 else None

    def headers(self, call: Call) -> dict[str, str]:
        """Return what every answer of Stripe's carries."""
        same = {"Request-Id": request_id(call), "Stripe-Version": call.headers.get("stripe-version", VERSION)}
        key = key_of(call)
        return same | ({"Idempotency-Key": key} if key else {})

    def token_of(self, call: Call) -> str | None:
        """Return the API key: a bearer token, or the user name of basic authentication."""
        scheme, _, rest = call.headers.get("authorization", "").partition(" ")
        if scheme.lower() != "basic":
            return bearer(call.headers)
        try:
            return base64.b64decode(rest).decode().partition(":")[0] or None
        except (binascii.Error, UnicodeDecodeError):
            return None

    def keys_of(self, call: Call) -> list[str]:
        """Return the `towline_key` of a write's metadata, or its idempotency key where that is a UUID."""
        if call.method != "POST":
            return []
        try:
            told = nested(call.body.decode("utf-8", "replace")).get("metadata")
        except Answer:
            return []
        if isinstance(told, dict) and isinstance(told.get("towline_key"), str):
            return [told["towline_key"]]
        key = key_of(call) or ""
        return [key] if _is_uuid(key) else []

    def shown(self, kind: str, record: Record) -> dict[str, Any]:
        """Return an object as Stripe shows it."""
        return public(record.object)

    def card(self, kind: str, record: Record) -> Card:
        """Return what a person wants to see of an object."""
        one = record.object
        if kind == "customers":
            return Card(one.get("name") or one.get("email") or "Customer", [one["email"]] if one.get("email") else [])
        if kind == "quotes":
            amount = amount_shown(one["amount_total"], one["currency"] or "eur")
            return Card(one["number"] or "Quote", [amount, one["status"]])
        return Card(one["number"] or "Invoice", [amount_shown(one["total"], one["currency"]), one["status"]])

    def seed(self) -> None:
        """A new account of Stripe's is empty."""

    async def person_creates(self, kind: str, properties: dict[str, Any], associations: list[Any]) -> dict[str, Any]:
        """Make a customer as a person in Stripe's dashboard would."""
        return public(self.client.creates(kind, properties))

    async def person_changes(self, kind: str, record_id: str, properties: dict[str, Any]) -> dict[str, Any]:
        """Pay, refuse, refund, void or accept as the client or a person in Stripe's dashboard would."""
        self.events.cause = {"id": None, "idempotency_key": None}
        return public(self.client.changes(kind, record_id, properties))

    async def start(self) -> None:
        """Deliver what an earlier process left undelivered."""
        self.events.resume()

    async def reset(self) -> None:
        """Begin as a new account; what is on its way is dropped."""
        await self.events.courier.stop()
        self.window.clear()
        await super().reset()

    async def close(self) -> None:
        """Stop delivering."""
        await self.events.courier.close()
        await super().close()

    def _endpoint(self, handler: Handler) -> Callable[[Request], Awaitable[Response]]:
        async def answer(request: Request) -> Response:
            call = call_of(request)
            try:
                known = self.memory.begin(call)
            except Refusal as refusal:
                return self._answer(call, refusal)
            return known or await self._carried_out(call, request, handler)

        return answer

    async def _carried_out(self, call: Call, request: Request, handler: Handler) -> Response:
        try:
            await asyncio.sleep(0)  # as long as a call takes here: one with the same key that comes meanwhile is told so
            response: Response = Json(self._handled(call, ask_of(request), handler))
            done = True
        except Refusal as refusal:
            response, done = self._answer(call, refusal), refusal.done
        finally:
            self.memory.end(call)
        if done:
            self.memory.keep(call, request_id(call), response)
        return response

    def _handled(self, call: Call, ask: Ask, handler: Handler) -> dict[str, Any]:
        version = call.headers.get("stripe-version", VERSION)
        if not re.fullmatch(r"\d{4}-\d\d-\d\d(\.[a-z]+)?(;.*)?", version):
            raise Refusal(400, f"Invalid Stripe API version: {version[:40]}")
        self.events.cause = {"id": request_id(call), "idempotency_key": key_of(call)}
        return expanded(self.shelf, handler(ask), ask.params.get("expand"))

    def _too_many(self, call: Call) -> Response:
        told = "Request rate limit exceeded. Learn more about rate limits here https://stripe.com/docs/rate-limits."
        response = self._answer(call, Refusal(429, told, code="rate_limit"))
        response.headers["Stripe-Rate-Limited-Reason"] = "global-rate"
        return response

    def _answer(self, call: Call, refusal: Refusal) -> Response:
        refusal.logged(request_id(call))
        return refusal.response


def _is_uuid(text: str) -> bool:
    try:
        return str(UUID(text)) == text.lower()
    except ValueError:
        return False
