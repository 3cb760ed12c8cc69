"""Stripe's webhooks: is it Stripe that speaks, and which of its events are events of ours. Knows no ledger and no gateway.

https://docs.stripe.com/webhooks#verify-manually and https://docs.stripe.com/api/events/types
"""

from __future__ import annotations

import hashlib
import hmac
import re
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import Annotated, Any

from pydantic import BaseModel, Field, ValidationError

from connectors.billing.stripe_shapes import DEAL
from connectors.hooks import Incoming, SignatureError, Translated, header, kept, parsed, require_fresh
from contracts.conversions import from_minor
from contracts.drift import Finding, shapes
from contracts.event import contract_error

SHAPES = shapes()["stripe"]
Moment = Annotated[int, Field(ge=0, le=253_402_300_799)]


class _Invoice(BaseModel):
    """What an event tells of an invoice, as far as it is needed."""

    id: str
    currency: str
    total: int
    amount_paid: int
    amount_remaining: int
    metadata: dict[str, str] | None = None
    status_transitions: dict[str, Moment | None] = {}


class _Charge(BaseModel):
    """What an event tells of a charge, as far as it is needed."""

    id: str
    currency: str
    amount_refunded: int
    payment_intent: str | None = None
    metadata: dict[str, str] | None = None


class _Content(BaseModel):
    object: dict[str, Any]
    previous_attributes: dict[str, Any] = {}


class _Event(BaseModel):
    """One notification; what else Stripe tells is not needed."""

    id: str
    type: str
    created: Moment
    data: _Content


def verify(incoming: Incoming, secrets: Sequence[str], now: datetime) -> None:
    """Raise SignatureError unless one of the secrets made one of the signatures (scheme v1) within five minutes of now."""
    parts = [part.strip().partition("=") for part in header(incoming, "stripe-signature").split(",")]
    stamps = [value for name, _, value in parts if name == "t"]
    given = [value.encode() for name, _, value in parts if name == "v1"]
    if len(stamps) != 1 or not re.fullmatch(r"\d{1,11}", stamps[0], re.ASCII) or not given:
        raise SignatureError("wrong")
    require_fresh(int(stamps[0]), now)
    signed = stamps[0].encode() + b"." + incoming.body
    expected = [hmac.new(secret.encode(), signed, hashlib.sha256).hexdigest().encode() for secret in secrets]
    matches = [hmac.compare_digest(own, other) for own in expected for other in given]
    if not any(matches):
        raise SignatureError("wrong")


def events(incoming: Incoming) -> Translated:
    """Return a notification as a CloudEvent; what is not about an invoice of ours, or a refund, is skipped.

    One that cannot be read is an event, too, which keeps it. Raises ContractError when the body is not JSON.
    """
    body = parsed(incoming, "Stripe")
    findings = SHAPES.inspect("event", body)
    kind = "event"
    try:
        event = _Event.model_validate(body)
        if translate := _TRANSLATIONS.get(event.type):
            kind = event.type.partition(".")[0]
            findings += SHAPES.inspect(kind, event.data.object)
        told = translate(event) if translate else None
    except ValidationError as error:
        found = contract_error(error)
        return Translated([_kept(body, kind, findings, found.field, found.rule)], 0)
    except ValueError:
        return Translated([_kept(body, kind, findings, "amount", "money")], 0)
    return Translated([told] if told else [], int(told is None), findings)


def _kept(body: Any, kind: str, findings: Sequence[Finding], field: str, rule: str) -> dict[str, Any]:
    """The event that keeps a notification which cannot be read, with the difference that is to blame."""
    other = SHAPES.found(kind, field, "unreadable", "", rule[:80])
    return kept("stripe", body, body, next((one for one in findings if one.path in (field, "body")), other))


def _paid(event: _Event) -> dict[str, Any] | None:
    invoice = _Invoice.model_validate(event.data.object)
    moment = invoice.status_transitions.get("paid_at") or event.created
    data = _of_deal(invoice, invoice.amount_paid) | {"paid_at": _iso(moment)}
    return _ours(invoice, _envelope(event, "payment.confirmed", f"{invoice.id}/paid", data))


def _failed(event: _Event) -> dict[str, Any] | None:
    invoice = _Invoice.model_validate(event.data.object)
    return _ours(invoice, _envelope(event, "payment.failed", event.id, _of_deal(invoice, invoice.amount_remaining)))


def _voided(event: _Event) -> dict[str, Any] | None:
    invoice = _Invoice.model_validate(event.data.object)
    return _ours(invoice, _envelope(event, "invoice.voided", f"{invoice.id}/voided", _of_deal(invoice, invoice.total)))


def _refunded(event: _Event) -> dict[str, Any] | None:
    """A charge does not name its invoice; where nobody wrote the deal on it, its payment has to be looked up."""
    charge, before = _Charge.model_validate(event.data.object), event.data.previous_attributes.get("amount_refunded")
    deal = (charge.metadata or {}).get(DEAL)
    amount = charge.amount_refunded - (before if isinstance(before, int) else 0)
    if amount <= 0 or (deal is None and charge.payment_intent is None):
        return None
    names = {"deal_id": deal, "payment_id": charge.payment_intent}
    data = {name: value for name, value in names.items() if value} | {"amount": _money(amount, charge.currency)}
    return _envelope(event, "payment.refunded", event.id, data)


_TRANSLATIONS: dict[str, Callable[[_Event], dict[str, Any] | None]] = {
    "invoice.paid": _paid,
    "invoice.payment_failed": _failed,
    "invoice.voided": _voided,
    "charge.refunded": _refunded,
}


def _ours(invoice: _Invoice, event: dict[str, Any]) -> dict[str, Any] | None:
    return event if (invoice.metadata or {}).get(DEAL) else None


def _of_deal(invoice: _Invoice, amount: int) -> dict[str, Any]:
    deal = (invoice.metadata or {}).get(DEAL)
    return {"invoice_id": invoice.id, "deal_id": deal, "amount": _money(amount, invoice.currency)}


def _money(amount: int, currency: str) -> dict[str, Any]:
    return from_minor(amount, currency).model_dump()


def _envelope(event: _Event, event_type: str, event_id: str, data: dict[str, Any]) -> dict[str, Any]:
    return {
        "specversion": "1.0",
        "id": event_id,
        "source": "stripe",
        "type": event_type,
        "time": _iso(event.created),
        "dataschema": f"{event_type}/1",
        "datacontenttype": "application/json",
        "data": data,
    }


def _iso(seconds: int) -> str:
    return datetime.fromtimestamp(seconds, UTC).isoformat()
