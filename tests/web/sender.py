"""A gateway in process, and somebody who sends to it with good signatures unless told otherwise."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx

from connectors.standard_hooks import sign
from contracts.catalog import catalog
from deployments.postgres import EmbeddedPostgres
from ledger.database import Ledger
from runtime.settings import Settings
from web.app import create_app

NEW, OLD, FOREIGN = ("whsec_" + base64.b64encode(name * 8).decode() for name in (b"new", b"old", b"bad"))
CRM_NEW, CRM_OLD = "crm-secret-new", "crm-secret-old"
TOKEN = "api-token"
URL = "http://gateway.test"
BEARER = {"authorization": f"Bearer {TOKEN}"}


def settings(**changes: Any) -> Settings:
    secrets = {"events_secrets": (NEW, OLD), "crm_webhook_secrets": (CRM_NEW, CRM_OLD), "billing_webhook_secrets": ("billing",)}
    return Settings(_env_file=None, **({**secrets, "api_token": TOKEN, "crm_app_id": "77"} | changes))


def gateway(ledger: Ledger, **changes: Any) -> httpx.AsyncClient:
    """A client of a gateway in process."""
    app = create_app(settings(**changes), ledger, catalog())
    return httpx.AsyncClient(transport=httpx.ASGITransport(app=app), base_url=URL)


def lead(name: str = "form-1", **data: Any) -> dict[str, Any]:
    """A good lead; `data` replaces parts of its payload, None takes one away."""
    payload: dict[str, Any] = {
        "company": {"name": "Northwind GmbH", "domain": "northwind.example"},
        "person": {"name": "Ada Byron", "email": "ada@northwind.example", "phone": "+49 30 901820"},
        "amount": {"minor": 1500000, "currency": "EUR"},
        "service": "implementation",
        "owner": "sales-1",
        "confidence": 0.93,
    }
    return {
        "specversion": "1.0",
        "id": name,
        "source": "website/demo-form",
        "type": "lead.qualified",
        "time": "2026-11-21T09:30:00Z",
        "dataschema": "lead.qualified/1",
        "datacontenttype": "application/json",
        "data": payload | data,
    }


@dataclass
class Sender:
    """Posts signed events and notifications."""

    client: httpx.AsyncClient
    secret: str = NEW
    crm_secret: str = CRM_NEW
    late: timedelta = field(default_factory=timedelta)

    async def event(self, event: object, **headers: str) -> httpx.Response:
        return await self.raw(json.dumps(event).encode(), **headers)

    async def raw(self, body: bytes, **headers: str) -> httpx.Response:
        return await self.client.post("/events", content=body, headers=self.signed(body) | _dashed(headers))

    def signed(self, body: bytes, message: str = "msg-1") -> dict[str, str]:
        headers = {"content-type": "application/json", "webhook-id": message}
        try:
            return headers | sign(self.secret, message, datetime.now(UTC) - self.late, body)
        except UnicodeDecodeError:
            return headers | sign(self.secret, message, datetime.now(UTC) - self.late, b"")

    async def hubspot(self, changes: object, url: str = f"{URL}/webhooks/hubspot", **headers: str) -> httpx.Response:
        body = changes if isinstance(changes, bytes) else json.dumps(changes).encode()
        moment = str(int((datetime.now(UTC) - self.late).timestamp() * 1000))
        signed = b"POST" + url.encode() + body + moment.encode()
        signature = base64.b64encode(hmac.digest(self.crm_secret.encode(), signed, hashlib.sha256)).decode()
        given = {"content-type": "application/json", "x-hubspot-request-timestamp": moment, "x-hubspot-signature-v3": signature}
        return await self.client.post("/webhooks/hubspot", content=body, headers=given | _dashed(headers))


def _dashed(headers: dict[str, str]) -> dict[str, str]:
    return {name.replace("_", "-"): value for name, value in headers.items()}


async def stored(ledger: Ledger) -> list[Any]:
    async with ledger.begin() as books:
        return list(await books.inbox.latest(limit=1000))


def assert_problem(answer: httpx.Response, status: int) -> dict[str, Any]:
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    problem: dict[str, Any] = answer.json()
    assert problem["status"] == status
    assert {"type", "title", "detail"} <= problem.keys()
    return problem


def refuse_in(postgres: EmbeddedPostgres, url: str, state: str, text: str, *, when: str = "true") -> None:
    """Let every insert into the inbox of a database fail with an SQLSTATE."""
    body = f"BEGIN IF {when} THEN RAISE EXCEPTION USING ERRCODE = '{state}', MESSAGE = '{text}'; END IF; RETURN NEW; END"
    statement = (
        f"CREATE OR REPLACE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $${body}$$; "
        "CREATE TRIGGER refuse BEFORE INSERT ON inbox FOR EACH ROW EXECUTE FUNCTION refuse()"
    )
    postgres.psql(statement, url.partition("@/")[2].partition("?")[0])
