"""What every webhook has in common: a signature on the raw body, and what may be said when it is wrong. Knows no vendor."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from pydantic_core import from_json

from contracts.drift import UNREADABLE, Finding
from contracts.errors import ContractError, TowlineError

TOLERANCE = timedelta(minutes=5)


class SignatureError(TowlineError):
    """A webhook is not signed as it must be; the text says missing, stale or wrong, and nothing more."""

    def __init__(self, fault: str) -> None:
        super().__init__(f"signature is {fault}", cause=f"signature.{fault}")


@dataclass(frozen=True, slots=True)
class Incoming:
    """A webhook as it arrived: `url` as the vendor called it, header names in lower case, the body untouched."""

    method: str
    url: str
    headers: Mapping[str, str]
    body: bytes
    received_at: datetime


@dataclass(frozen=True, slots=True)
class Translated:
    """A vendor's notification as CloudEvents, how many of its changes are not events of ours, and what is different in it."""

    events: list[dict[str, Any]]
    skipped: int
    findings: list[Finding] = field(default_factory=list)


def kept(source: str, mark: Any, payload: Any, finding: Finding) -> dict[str, Any]:
    """Return the CloudEvent that keeps what nobody could read; `mark` is the same in every delivery of it."""
    digest = hashlib.sha256(json.dumps(mark, sort_keys=True).encode()).hexdigest()
    return {
        "specversion": "1.0",
        "id": digest[:40],
        "source": source,
        "type": UNREADABLE,
        "dataschema": f"{UNREADABLE}/1",
        "datacontenttype": "application/json",
        "data": {"finding": finding.model_dump(), "payload": payload},
    }


def parsed(incoming: Incoming, vendor: str) -> Any:
    """Return a body as what it says. Raises ContractError when it is not JSON."""
    try:
        return from_json(incoming.body, allow_inf_nan=False)
    except ValueError:
        raise ContractError(f"not a notification of {vendor}: is not JSON", field="body", rule="json") from None


def header(incoming: Incoming, name: str) -> str:
    """Return a header that a signature needs; raise SignatureError when it is missing."""
    if value := incoming.headers.get(name):
        return value
    raise SignatureError("missing")


def require_fresh(signed_at: float, now: datetime) -> None:
    """Raise SignatureError unless these unix seconds are within five minutes of now, either way."""
    if not abs(now.timestamp() - signed_at) <= TOLERANCE.total_seconds():
        raise SignatureError("stale")
