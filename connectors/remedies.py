"""What a vendor's answer means for us: one table from status to remedy. Knows HTTP, no vendor, and repeats no vendor's words."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any, Literal

import httpx

from connectors.drift import Seen
from contracts.errors import MisconfiguredError, RefusedError, RetryableError, TowlineError, UncertainError

Nature = Literal["read", "repeatable", "once"]
"""What it would do to make a call twice: nothing at all, the same thing again, or a second thing."""


class BusyError(RetryableError):
    """The vendor did nothing and asks us to come back: a rate limit, or a pause."""


REMEDIES: Mapping[int, type[TowlineError]] = {
    400: RefusedError,
    401: MisconfiguredError,
    403: MisconfiguredError,
    404: RefusedError,
    408: RetryableError,
    409: RefusedError,
    422: RefusedError,
    423: RetryableError,
    425: RetryableError,
    429: BusyError,
    477: RetryableError,  # HubSpot: the account is being moved
    500: UncertainError,
    502: UncertainError,
    503: RetryableError,
    504: UncertainError,
}
"""Status to remedy for a write that must not happen twice; for other calls what is uncertain here may be tried again."""


@dataclass(frozen=True, slots=True)
class Dialect:
    """How a vendor words its answers.

    `explain` says where a refusal's code and correlation id stand, `remedies` which codes outrank the status. `objects` tells
    from path, what was asked and the answer which objects of `contracts/shapes/VENDOR.yaml` are in it.
    """

    vendor: str
    explain: Callable[[Mapping[str, Any]], tuple[str, str]]
    remedies: Mapping[str, type[TowlineError]]
    objects: Callable[[str, Mapping[str, Any], Mapping[str, Any]], Iterable[Seen]]


def remedy(status: int, nature: Nature) -> type[TowlineError]:
    """Return the class of error that says what to do about a status."""
    kind = REMEDIES.get(status) or (UncertainError if status >= 500 else RefusedError if status >= 400 else MisconfiguredError)
    return without_doubt(kind, nature)


def without_doubt(kind: type[TowlineError], nature: Nature) -> type[TowlineError]:
    """Return the class for a call of this nature: only what must not happen twice leaves us in doubt."""
    return RetryableError if kind is UncertainError and nature != "once" else kind


def refusal(system: str, operation: str, response: httpx.Response, body: Any, nature: Nature, dialect: Dialect) -> TowlineError:
    """Return the error for an answer that is not a success."""
    code, correlation = dialect.explain(body) if isinstance(body, dict) else ("", "")
    code, correlation = plain_code(code), plain_code(correlation)
    kind = dialect.remedies.get(code) or remedy(response.status_code, nature)
    wait = asked_wait(response.status_code, response.headers)
    if response.status_code == 503 and wait is not None:
        kind = BusyError
    place = f"{system}.http_{response.status_code}"
    text = f"{system}: {operation}: HTTP {response.status_code}"
    text += f" {code}" * bool(code) + f" (correlation {correlation})" * bool(correlation)
    cause = f"{place}.{code}" if code else place
    if issubclass(kind, RetryableError):
        return kind(text, cause=cause, retry_after=wait)
    return kind(text, cause=cause)


def plain_code(text: object) -> str:
    """Return a machine-readable code as it is, and nothing of anything else: words may be about people."""
    return text if isinstance(text, str) and re.fullmatch(r"[A-Za-z0-9_.-]{1,64}", text, re.ASCII) else ""


def asked_wait(status: int, headers: Mapping[str, str]) -> float | None:
    """Return how many seconds the vendor asks us to wait: Retry-After, in seconds or as a date, or HubSpot's interval.

    Header names are lower case.
    """
    asked = headers.get("retry-after", "").strip()
    if re.fullmatch(r"\d{1,9}(\.\d+)?", asked, re.ASCII):
        return float(asked)
    if asked:
        try:
            then = parsedate_to_datetime(asked)
        except ValueError:
            return None
        return max(0.0, (then.replace(tzinfo=then.tzinfo or UTC) - datetime.now(UTC)).total_seconds())
    if status != 429:  # HubSpot tells its interval with every answer
        return None
    interval = headers.get("x-hubspot-ratelimit-interval-milliseconds", "")
    return int(interval) / 1000 if re.fullmatch(r"\d{1,9}", interval, re.ASCII) else None
