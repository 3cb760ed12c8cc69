"""What every webhook has in common: a signature on the raw body, and what may be said when it is wrong. Knows no vendor."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from contracts.errors import TowlineError

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
    """A vendor's notification as CloudEvents, and how many of its changes are not events of ours."""

    events: list[dict[str, Any]]
    skipped: int


def header(incoming: Incoming, name: str) -> str:
    """Return a header that a signature needs; raise SignatureError when it is missing."""
    if value := incoming.headers.get(name):
        return value
    raise SignatureError("missing")


def require_fresh(signed_at: float, now: datetime) -> None:
    """Raise SignatureError unless these unix seconds are within five minutes of now, either way."""
    if not abs(now.timestamp() - signed_at) <= TOLERANCE.total_seconds():
        raise SignatureError("stale")
