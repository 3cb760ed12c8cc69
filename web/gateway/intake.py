"""`POST /events` and `POST /webhooks/{source}`: signature on the raw body, translation, one committed transaction, the answer."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from connectors.hooks import Incoming, Translated
from ledger.intake import Answer, Receipt
from web.answers import Json, ProblemError
from web.gateway.body import envelope_of, read_body, require_json_type
from web.gateway.sources import OWN
from web.house import House


def routes(house: House) -> list[Route]:
    """Return the routes that take events in."""
    return [
        Route("/events", partial(post_event, house), methods=["POST"]),
        Route("/webhooks/{source}", partial(post_webhook, house), methods=["POST"]),
    ]


async def post_event(house: House, request: Request) -> Response:
    """Take one CloudEvent in: 202 for a new one, 200 for one that is here already."""
    require_json_type(request)
    translated = await _verified(house, request, OWN)
    (receipt,) = await _hand_in(house, translated)
    return Json(_shown(receipt), _status([receipt]))


async def post_webhook(house: House, request: Request) -> Response:
    """Take a vendor's notification in, each of its changes as an event of its own, all or none."""
    source = request.path_params["source"]
    if source not in house.sources or source == OWN:
        raise ProblemError(404, "no such source of webhooks")
    translated = await _verified(house, request, source)
    receipts = await _hand_in(house, translated)
    await house.drift.note(translated.findings)
    return Json({"events": [_shown(receipt) for receipt in receipts], "skipped": translated.skipped}, _status(receipts))


async def _verified(house: House, request: Request, name: str) -> Translated:
    source, now = house.sources[name], house.now()
    incoming = Incoming(request.method, _called(house, request), dict(request.headers), await read_body(request), now)
    source.verify(incoming, source.secrets, now)
    return source.translate(incoming)


def _called(house: House, request: Request) -> str:
    """The address as the sender called it, untouched: a signature covers it letter by letter."""
    scope = request.scope
    base = house.settings.public_url or f"{scope['scheme']}://{request.headers.get('host', '')}"
    query = f"?{scope['query_string'].decode('latin-1')}" if scope["query_string"] else ""
    return f"{base.rstrip('/')}{scope['raw_path'].decode('latin-1')}{query}"


async def _hand_in(house: House, translated: Translated) -> list[Receipt]:
    parcel = [(envelope_of(event), event) for event in translated.events]
    receipts = await house.counter.hand_in(parcel) if parcel else []
    for (envelope, _), receipt in zip(parcel, receipts, strict=True):
        house.metrics.count_event(house.known_type(envelope.type), receipt.status)
    return receipts


def _status(receipts: Sequence[Receipt]) -> int:
    return 202 if any(receipt.status != Answer.DUPLICATE for receipt in receipts) else 200


def _shown(receipt: Receipt) -> dict[str, Any]:
    shown = {"id": receipt.id, "status": receipt.status, "field": receipt.field, "reason": receipt.reason}
    return {name: value for name, value in shown.items() if value is not None}
