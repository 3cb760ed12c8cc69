"""From the bytes of a request to an event that can be stored, or a problem that names the field and never the value."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Mapping
from datetime import UTC
from typing import Any

import orjson
from pydantic import ValidationError
from starlette.requests import Request

from contracts.errors import ContractError
from contracts.event import Envelope, contract_error
from web.answers import ProblemError

LARGEST = 1024 * 1024
READ_AT_MOST = 8 * LARGEST
JSON_TYPES = ("application/json", "application/cloudevents+json")
NUL = re.compile(rb"(?<!\\)(?:\\\\)*\\u0000")


async def read_body(request: Request) -> bytes:
    """Return the body, at most 1 MiB.

    Of a larger one nothing is kept, but some is still read: a sender that is cut off while it writes never sees the answer.
    """
    size, chunks = 0, list[bytes]()
    async for chunk in request.stream():
        size += len(chunk)
        if size <= LARGEST:
            chunks.append(chunk)
        elif size > READ_AT_MOST:
            break
    if size > LARGEST:
        raise ProblemError(413, "the body is larger than 1 MiB", headers={"connection": "close"})
    return b"".join(chunks)


def require_json_type(request: Request) -> None:
    """Raise a 415 problem unless the body is declared to be one JSON event."""
    if request.headers.get("content-type", "").partition(";")[0].strip().lower() not in JSON_TYPES:
        raise ProblemError(
            415, f"the content type must be {' or '.join(JSON_TYPES)}", headers={"accept-post": ", ".join(JSON_TYPES)}
        )


def read_event(body: bytes) -> dict[str, Any]:
    """Return a body that is a JSON object.

    Raises:
        ContractError: it is not JSON (RFC 8259: UTF-8, no NaN, no infinity), or not an object.
    """
    try:
        found = json.loads(body.decode(), parse_float=_finite, parse_constant=_finite)
    except (ValueError, RecursionError):
        raise _not("JSON") from None
    if not isinstance(found, dict):
        raise _not("a JSON object")
    return found


def envelope_of(event: Mapping[str, Any]) -> Envelope:
    """Return an event's envelope.

    Raises:
        ContractError: it is not a CloudEvent, or one that no ledger can hold; names the field.
    """
    try:
        envelope = Envelope.model_validate(event)
    except ValidationError as error:
        found = contract_error(error)
        raise ContractError(f"not a CloudEvent: {found.text}", field=found.field, rule=found.rule) from None
    _require_storable(event, envelope)
    return envelope


def _require_storable(event: Mapping[str, Any], envelope: Envelope) -> None:
    """PostgreSQL holds no NUL character, and no JSON writer can write numbers beyond 64 bits or halves of characters."""
    try:
        text = orjson.dumps(event)
    except TypeError:
        fault = "holds a number beyond 64 bits, half a surrogate pair, or is nested too deeply"
        raise ContractError(f"body: {fault}", field="body", rule="storable") from None
    if b"\\u0000" in text and NUL.search(text):
        raise ContractError("body: holds a NUL character", field="body", rule="storable")
    try:
        _ = envelope.time and envelope.time.astimezone(UTC)
    except OverflowError:
        raise ContractError("time: is out of range", field="time", rule="storable") from None


def _finite(number: str) -> float:
    value = float(number)
    if not math.isfinite(value):
        raise ValueError
    return value


def _not(what: str) -> ContractError:
    return ContractError(f"the body is not {what}", field="body", rule="json")
