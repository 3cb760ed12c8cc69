"""HubSpot's CRM as one system of the sandbox: puts its parts together and speaks for them to the core.

As HubSpot's, its 429 names the policy but no Retry-After. The separate limit on searches (5 a second) is not enforced.
"""

import html
import re
import time
from typing import Any

import httpx
import orjson
from starlette.responses import Response
from starlette.routing import BaseRoute

from sandbox import oauth
from sandbox.courier import Courier
from sandbox.hubspot.account import Account
from sandbox.hubspot.answers import Refusal
from sandbox.hubspot.associations import Associations
from sandbox.hubspot.batches import Batches
from sandbox.hubspot.changes import IMPORT, PERSON, Changes, Who
from sandbox.hubspot.links import Links
from sandbox.hubspot.objects import Objects
from sandbox.hubspot.pipelines import Pipelines
from sandbox.hubspot.properties import Properties
from sandbox.hubspot.records import Records
from sandbox.hubspot.schema import Schema
from sandbox.hubspot.search import Search
from sandbox.hubspot.vocabulary import BY_ANY_NAME, KINDS, Kind
from sandbox.limits import RollingWindow
from sandbox.settings import Settings
from sandbox.store import Record
from sandbox.system import Call, Card, Json, System

CALLS, SECONDS = 190, 10  # of a private app: https://developers.hubspot.com/docs/guides/apps/api-usage/usage-details
KEY = "towline_key"  # the sandbox's convention for a caller's effect key
MILESTONE, RELEASED_BY = "towline_milestone", "towline_approved_by"  # what people enter for that caller, worth seeing on a card
READS = ("/search", "/batch/read")


class HubSpot(System):
    """The CRM below /hubspot."""

    name, vendor, mount = "crm", "HubSpot", "/hubspot"
    kinds = tuple(KINDS)
    open_paths = ("/oauth/",)

    def __init__(self, settings: Settings, client: httpx.AsyncClient | None = None) -> None:
        super().__init__(settings)
        self.window = RollingWindow(CALLS, SECONDS)
        self.courier = Courier(self.name, client)
        self.changes = Changes(self.store, self.courier, settings.gateway_url, settings.crm_webhook_secret)
        self.pipelines = Pipelines(self.store)
        self.schema, self.links = Schema(self.store, self.pipelines), Links(self.store)
        self.records = Records(self.store, self.schema, self.links, self.changes)

    def routes(self) -> list[BaseRoute]:
        """Return all routes; single records come last, for their paths would match others."""
        parts = (
            Search(self.records),
            Batches(self.records),
            Associations(self.store, self.links),
            Properties(self.store, self.schema),
            self.pipelines,
            Account(self.changes, lambda: self.expires_in),
            Objects(self.records),
        )
        return [route for part in parts for route in part.routes()]

    def failure(self, call: Call, status: int, message: str | None = None) -> Response:
        """Return HubSpot's error for a status."""
        if status == 429:
            return self._too_many()
        if status == 401:
            return self.unauthorized(call, "invalid")
        words = {404: "resource not found", 405: "Method not allowed", 500: "internal error"}
        return Refusal(status, message or words.get(status, "There was a problem with the request.")).response

    def unauthorized(self, call: Call, trouble: oauth.Trouble) -> Response:
        """Return HubSpot's 401."""
        if trouble == "missing":
            told = "Authentication credentials not found. This API supports OAuth 2.0 authentication"
            return Refusal(
                401, f"{told} and you can find more details at https://developers.hubspot.com/docs/methods/auth/oauth-overview"
            ).response
        if trouble == "expired":
            return Refusal(401, "The OAuth token used to make this call expired.", category="EXPIRED_AUTHENTICATION").response
        return Refusal(401, "Authentication credentials are invalid or were revoked.").response

    def limit(self, call: Call) -> Response | None:
        """Count the call against its app's ten seconds."""
        left = self.window.take(oauth.app_of(call.token or ""))
        call.notes["left"] = max(left, 0)
        return self._too_many() if left < 0 else None

    def headers(self, call: Call) -> dict[str, str]:
        """Return the rate-limit headers (HubSpot leaves them out on search)."""
        if call.path.endswith("/search"):
            return {}
        left = call.notes.get("left", CALLS)
        return {
            "X-HubSpot-RateLimit-Max": str(CALLS),
            "X-HubSpot-RateLimit-Remaining": str(left),
            "X-HubSpot-RateLimit-Interval-Milliseconds": str(SECONDS * 1000),
        }

    def keys_of(self, call: Call) -> list[str]:
        """Return the values of `towline_key` that a write carries."""
        if KEY.encode() not in call.body or call.path.endswith(READS):
            return []
        try:
            body = call.notes["json"] = orjson.loads(call.body)
            inputs = body.get("inputs", [body])
            named = [one["id"] if one.get("idProperty") == KEY else one["properties"].get(KEY) for one in inputs]
        except (orjson.JSONDecodeError, AttributeError, KeyError, TypeError):
            return []
        return [key for key in named if isinstance(key, str)]

    def shown(self, kind: str, record: Record) -> dict[str, Any]:
        """Return a record with all its properties and associations."""
        return self.records.shown(KINDS[kind], record, record.object["properties"], KINDS)

    def card(self, kind: str, record: Record) -> Card:
        """Return what a person wants to see of a record."""
        p = record.object["properties"]
        match kind:
            case "companies":
                return Card(p.get("name") or p.get("domain", "Company"), _some(p.get("domain"), p.get("industry")))
            case "contacts":
                name = " ".join(_some(p.get("firstname"), p.get("lastname")))
                return Card(name or p.get("email", "Contact"), _some(p.get("email"), p.get("lifecyclestage")))
            case "deals":
                amount = f"{float(p['amount']):,.2f} {p.get('deal_currency_code', '')}".strip() if p.get("amount") else None
                stage = self.pipelines.label("deals", p["dealstage"]) if p.get("dealstage") else None
                return Card(p.get("dealname", "Deal"), _some(amount, stage))
            case "tickets":
                stage = self.pipelines.label("tickets", p["hs_pipeline_stage"])
                return Card(p.get("subject", "Ticket"), _some(stage, p.get(MILESTONE)))
        words = " ".join(html.unescape(re.sub(r"<[^>]*>", " ", p.get("hs_note_body", ""))).split())
        return Card(words[:140] or "Note", _some(p.get(RELEASED_BY) and f"approved by {p[RELEASED_BY]}"))

    def seed(self) -> None:
        """Open the account: default pipelines and subscriptions."""
        self.pipelines.seed()
        self.changes.seed()

    async def start(self) -> None:
        """Deliver what an earlier process left undelivered."""
        self.changes.resume()

    async def reset(self) -> None:
        """Begin as a new account; what is on its way is dropped."""
        await self.changes.stop()
        self.window.clear()
        await super().reset()

    async def close(self) -> None:
        """Stop delivering."""
        await self.changes.stop()
        await self.changes.courier.close()
        await super().close()

    async def person_creates(self, kind: str, properties: dict[str, Any], associations: list[Any]) -> dict[str, Any]:
        """Make a record as a person in the CRM's UI would."""
        named = self._kind(kind)
        moment = {"hs_timestamp": str(int(time.time() * 1000))} if "hs_timestamp" in named.required else {}  # as the UI sets it
        record = self.records.write(self.records.draft(named, moment | properties, links=associations), PERSON)
        return self.shown(named.name, record)

    async def person_changes(self, kind: str, record_id: str, properties: dict[str, Any]) -> dict[str, Any]:
        """Change a record as a person in the CRM's UI would."""
        return self._changed(kind, record_id, properties, PERSON)

    async def import_changes(self, kind: str, record_id: str, properties: dict[str, Any]) -> dict[str, Any]:
        """Change a record as an import that a person has begun."""
        return self._changed(kind, record_id, properties, IMPORT)

    def _changed(self, kind: str, record_id: str, properties: dict[str, Any], who: Who) -> dict[str, Any]:
        named = self._kind(kind)
        record = self.records.get(named, record_id)
        return self.shown(named.name, self.records.write(self.records.draft(named, properties, record), who))

    def _kind(self, name: str) -> Kind:
        if name not in BY_ANY_NAME:
            raise Refusal(400, f"Unable to infer object type from: {name}")
        return BY_ANY_NAME[name]

    def _too_many(self) -> Response:
        message = "You have reached your ten_secondly_rolling limit."
        body = Refusal(429, message).body
        del body["category"]
        return Json(body | {"errorType": "RATE_LIMIT", "policyName": "TEN_SECONDLY_ROLLING"}, 429)


def _some(*facts: str | None) -> list[str]:
    return [fact for fact in facts if fact]
