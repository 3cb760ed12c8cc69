"""HubSpot's webhooks: is it HubSpot that speaks, and which of its changes are events of ours. Knows no ledger and no gateway.

https://developers.hubspot.com/docs/apps/legacy-apps/authentication/validating-requests
https://developers.hubspot.com/docs/api-reference/webhooks-webhooks-v3/guide
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from pydantic import BaseModel, Field, ValidationError

from connectors.crm import hubspot_words as words
from connectors.crm.hubspot_words import DEAL_STAGES
from connectors.hooks import Incoming, SignatureError, Translated, header, kept, parsed, require_fresh
from contracts.drift import NAMES, Finding, shapes
from contracts.errors import ContractError
from contracts.event import contract_error


class _Change(BaseModel):
    """One change in a notification; what else HubSpot tells is not needed."""

    event: int | str = Field(alias="eventId")
    portal: int | str = Field(alias="portalId")
    occurred_at: int = Field(alias="occurredAt", ge=0, le=253_402_300_799_000)
    subscription: str = Field(alias="subscriptionType")
    object_type: str | None = Field(None, alias="objectTypeId")
    object: int | str = Field(alias="objectId")
    change_source: str | None = Field(None, alias="changeSource")
    source_id: str | None = Field(None, alias="sourceId", coerce_numbers_to_str=True)
    changed: str | None = Field(None, alias="propertyName")
    value: str | None = Field(None, alias="propertyValue", coerce_numbers_to_str=True)

    @property
    def kind(self) -> str:
        """What changed: a subscription to objects in general names the object type by its number."""
        general, _, what = self.subscription.partition(".")
        return f"{_OBJECTS.get(self.object_type or '', general) if general == 'object' else general}.{what}"


_MOVES = {DEAL_STAGES["discovered"]: "discovery.completed", DEAL_STAGES["lost"]: "deal.cancelled"}
"""What it means when a person moves a deal; that one was won is for a decision to say."""

LONGEST_NAME = 200
_OBJECTS = {"0-1": "contact", "0-3": "deal", "0-5": "ticket"}
SHAPES = shapes()["hubspot"]
_ENCODED = {"%3A": ":", "%2F": "/", "%3F": "?", "%40": "@", "%21": "!", "%24": "$", "%27": "'", "%28": "(", "%29": ")"}
_ENCODED |= {"%2A": "*", "%2C": ",", "%3B": ";"}


def verify(incoming: Incoming, secrets: Sequence[str], now: datetime) -> None:
    """Raise SignatureError unless one of the secrets signed this request (version 3) within five minutes of now."""
    given, timestamp = header(incoming, "x-hubspot-signature-v3"), header(incoming, "x-hubspot-request-timestamp")
    if not re.fullmatch(r"\d{1,15}", timestamp, re.ASCII):
        raise SignatureError("wrong")
    require_fresh(int(timestamp) / 1000, now)
    signed = b"".join((incoming.method.encode(), _as_signed(incoming.url).encode(), incoming.body, timestamp.encode()))
    matches = [hmac.compare_digest(_signature(secret, signed), given.encode()) for secret in secrets]
    if not any(matches):
        raise SignatureError("wrong")


def events(incoming: Incoming, own_app_id: str | None) -> Translated:
    """Return a notification's changes as CloudEvents, one each; our own changes and those that mean nothing to us are skipped.

    A change that cannot be read is an event, too, which keeps it. Raises ContractError when the body is not JSON.
    """
    body = parsed(incoming, "HubSpot")
    if not isinstance(body, list):
        finding = SHAPES.found("webhook", "body", "type", "list", NAMES.get(type(body), "object"))
        return Translated([kept("hubspot", body, body, finding)], 0)
    found, skipped, findings = list[dict[str, Any]](), 0, list[Finding]()
    for raw in body:
        different = SHAPES.inspect("webhook", raw)
        try:
            change = _Change.model_validate(raw)
        except ValidationError as error:
            found.append(_kept(raw, different, contract_error(error)))
            continue
        findings += different
        event = None if _is_own(change, own_app_id) else _event(change)
        found += [event] if event else []
        skipped += event is None
    return Translated(found, skipped, findings)


def _kept(raw: Any, different: Sequence[Finding], error: ContractError) -> dict[str, Any]:
    """The event that keeps a change which cannot be read, with the difference that is to blame."""
    field = error.field.partition(".")[0]
    other = SHAPES.found("webhook", field, "unreadable", "", error.rule[:80])
    finding = next((one for one in different if one.path in (field, "body")), other)
    mark = {name: value for name, value in raw.items() if name != "attemptNumber"} if isinstance(raw, dict) else raw
    return kept("hubspot", mark, raw, finding)


def _signature(secret: str, signed: bytes) -> bytes:
    return base64.b64encode(hmac.digest(secret.encode(), signed, hashlib.sha256))


def _as_signed(url: str) -> str:
    """HubSpot signs the URL with these characters decoded, and no others."""
    return re.sub("|".join(_ENCODED), lambda found: _ENCODED[found[0].upper()], url, flags=re.IGNORECASE)


def _is_own(change: _Change, own_app_id: str | None) -> bool:
    return own_app_id is not None and change.change_source == "INTEGRATION" and change.source_id == own_app_id


def _event(change: _Change) -> dict[str, Any] | None:
    match change.kind, change.changed, change.value or "":
        case "contact.propertyChange", "lifecyclestage", "salesqualifiedlead":
            return _envelope(change, "lead.qualified", {"contact_id": str(change.object)})
        case "deal.creation", _, _:
            return _of_deal(change, "opportunity.created")
        case "deal.propertyChange", words.DEAL_STAGE, stage if stage in _MOVES:
            return _of_deal(change, _MOVES[stage])
        case "ticket.propertyChange", words.REQUEST_STAGE, words.CLOSED:
            return _of_request(change, "delivery.completed")
        case "ticket.propertyChange", words.MILESTONE, text if milestone := " ".join(text.split()):
            return _of_request(change, "milestone.reached", milestone=milestone[:LONGEST_NAME].rstrip())
    return None


def _of_deal(change: _Change, event_type: str) -> dict[str, Any]:
    return _envelope(change, event_type, {"deal_id": str(change.object)}) | {"subject": f"deal-{change.object}"}


def _of_request(change: _Change, event_type: str, **more: str) -> dict[str, Any]:
    return _envelope(change, event_type, {"request_id": str(change.object), **more}) | {"subject": f"ticket-{change.object}"}


def _envelope(change: _Change, event_type: str, data: dict[str, str]) -> dict[str, Any]:
    # HubSpot does not promise that its event ids are unique: two objects, or two fields of one, may share one.
    parts = (change.event, change.object, change.changed)
    return {
        "specversion": "1.0",
        "id": "-".join(str(part) for part in parts if part is not None),
        "source": f"hubspot/{change.portal}",
        "type": event_type,
        "time": datetime.fromtimestamp(change.occurred_at / 1000, UTC).isoformat(),
        "dataschema": f"{event_type}/1",
        "datacontenttype": "application/json",
        "data": data,
    }
