"""Collects what happens to records and sends it, signed and in batches, to the app that subscribed.

https://developers.hubspot.com/docs/guides/api/app-management/webhooks and, for the signature,
https://developers.hubspot.com/docs/guides/apps/authentication/validating-requests
"""

import asyncio
import base64
import hashlib
import hmac
import time
from typing import Any, NamedTuple

import httpx
import orjson

from sandbox.courier import Courier
from sandbox.hubspot.vocabulary import APP, PORTAL, SUBSCRIPTIONS, USER, Kind
from sandbox.oauth import app_of
from sandbox.store import Store

COLLECTED_FOR = 0.025  # seconds in which changes gather into one delivery
BATCH = 100


class Who(NamedTuple):
    """Who made a change, as HubSpot names the source of it."""

    source: str
    source_id: str

    def entry(self, value: str, at: str) -> dict[str, Any]:
        """Return a property's new value as its history tells it."""
        told = {"value": value, "timestamp": at, "sourceType": self.source, "sourceId": self.source_id}
        return told if self.source == "INTEGRATION" else told | {"updatedByUserId": USER}


PERSON = Who("CRM_UI", f"userId:{USER}")
IMPORT = Who("IMPORT", "5512034")  # the number of the import, which its person's name comes with


def app(token: str | None) -> Who:
    """Return the app that speaks through a token."""
    return Who("INTEGRATION", str(app_of(token or "")))


class Changes:
    """The subscriptions, kept under kind `subscriptions`, and the changes on their way.

    A change is kept from when it is made (kind `gathered`), and as part of a delivery (`undelivered`) until that has arrived.
    """

    def __init__(self, store: Store, courier: Courier, url: str, secret: str | None) -> None:
        self.store, self.courier, self.url, self.secret = store, courier, f"{url.rstrip('/')}/webhooks/hubspot", secret
        self._gathered: list[str] = []
        self._gathering: asyncio.Task[None] | None = None

    def seed(self) -> None:
        """Turn the standard subscriptions on, each once: one that people took away stays away."""
        there = {(one.object["eventType"], one.object["propertyName"]) for one in self.store.all("subscriptions")}
        for event_type, name in SUBSCRIPTIONS:
            mark = f"{event_type}/{name or ''}"
            if not self.store.get("standard subscriptions", mark):
                self.store.put("standard subscriptions", mark, {})
                if (event_type, name) not in there:
                    self.subscribe(event_type, name, active=True)

    def subscribe(self, event_type: str, name: str | None, *, active: bool, type_id: str | None = None) -> str:
        """Add a subscription and return its id; one to `object.*` says of which object type."""
        number = str(self.store.new_id())
        wanted = {"eventType": event_type, "propertyName": name, "active": active}
        self.store.put("subscriptions", number, wanted | ({"objectTypeId": type_id} if type_id else {}))
        return number

    def created(self, kind: Kind, record_id: str, who: Who) -> None:
        """Note a new record."""
        self._note(kind, "creation", None, record_id, who, {"changeFlag": "CREATED"})

    def deleted(self, kind: Kind, record_id: str, who: Who) -> None:
        """Note an archived record."""
        self._note(kind, "deletion", None, record_id, who, {"changeFlag": "DELETED"})

    def changed(self, kind: Kind, record_id: str, name: str, value: str, who: Who) -> None:
        """Note a property's new value."""
        event = {"propertyName": name, "propertyValue": value}
        self._note(kind, "propertyChange", name, record_id, who, event)

    def _note(self, kind: Kind, what: str, name: str | None, record_id: str, who: Who, more: dict[str, Any]) -> None:
        if not self.secret:
            return
        general = {"objectTypeId": kind.type_id}
        for subscription in self.store.all("subscriptions"):
            wanted = subscription.object
            told = general if wanted["eventType"] == f"object.{what}" and wanted.get("objectTypeId") == kind.type_id else {}
            fits = told or wanted["eventType"] == f"{kind.singular}.{what}"
            if fits and wanted["active"] and wanted["propertyName"] == name:
                number = str(self.store.new_id())
                self._gathered.append(number)
                self.store.put(
                    "gathered",
                    number,
                    {
                        "eventId": self.store.new_id() % 2**31,
                        "subscriptionId": int(subscription.id),
                        "portalId": PORTAL,
                        "appId": APP,
                        "occurredAt": int(time.time() * 1000),
                        "subscriptionType": wanted["eventType"],
                        "attemptNumber": 0,
                        "objectId": int(record_id),
                        "changeSource": who.source,
                        "sourceId": who.source_id,
                        **more,
                        **told,
                    },
                )
        self._gather_soon()

    def _gather_soon(self) -> None:
        if self._gathered and not self._gathering:
            self._gathering = asyncio.get_running_loop().create_task(self._gather())

    async def _gather(self) -> None:
        await asyncio.sleep(COLLECTED_FOR)
        numbers, self._gathered, self._gathering = self._gathered, [], None
        for first in range(0, len(numbers), BATCH):
            part, number = numbers[first : first + BATCH], str(self.store.new_id())
            events = [record.object for one in part if (record := self.store.get("gathered", one))]
            self.store.put("undelivered", number, {"events": events})
            for one in part:
                self.store.delete("gathered", one)
            self._deliver(number)

    async def stop(self) -> None:
        """Drop what is gathered and what is on its way."""
        if self._gathering:
            self._gathering.cancel()
        self._gathered, self._gathering = [], None
        await self.courier.stop()

    def resume(self) -> None:
        """Send what an earlier process collected and did not deliver."""
        for record in self.store.all("undelivered"):
            self._deliver(record.id)
        self._gathered = [record.id for record in self.store.all("gathered")]
        self._gather_soon()

    def _deliver(self, number: str) -> None:
        record = self.store.get("undelivered", number)
        if record and self.secret:
            events = record.object["events"]
            self.courier.send(lambda attempt: self._request(events, attempt), lambda: self.store.delete("undelivered", number))

    def _request(self, events: list[dict[str, Any]], attempt: int) -> httpx.Request:
        body = orjson.dumps([event | {"attemptNumber": attempt} for event in events])
        stamp = str(int(time.time() * 1000))
        signature = sign(self.secret or "", "POST", self.url, body, stamp)
        headers = {
            "Content-Type": "application/json",
            "User-Agent": "HubSpot Connect 2.0 (http://dev.hubspot.com/) - Webhooks",
            "X-HubSpot-Signature-v3": signature,
            "X-HubSpot-Signature-Version": "v3",
            "X-HubSpot-Request-Timestamp": stamp,
        }
        return httpx.Request("POST", self.url, headers=headers, content=body)


def sign(secret: str, method: str, url: str, body: bytes, stamp: str) -> str:
    """Return HubSpot's v3 signature of a request."""
    digest = hmac.new(secret.encode(), method.encode() + url.encode() + body + stamp.encode(), hashlib.sha256).digest()
    return base64.b64encode(digest).decode()
