"""Posts an event to the gateway as any sender would: signed, over HTTP. It must not touch the ledger."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import httpx

from connectors.standard_hooks import sign
from contracts.errors import MisconfiguredError, RefusedError, RetryableError
from runtime.settings import Settings


def post(settings: Settings, event: Mapping[str, Any]) -> dict[str, Any]:
    """Sign an event, post it, and return the gateway's answer: `id` and `status`.

    Raises:
        MisconfiguredError: there is no signing secret, or no gateway.
        RefusedError: the gateway takes it for no event; says why.
        RetryableError: the gateway cannot store anything now.
    """
    if not settings.events_secrets:
        raise MisconfiguredError("TOWLINE_EVENTS_SECRETS: there is no signing secret; `towline up` makes one, or set it")
    body = json.dumps(event).encode()
    headers = sign(settings.events_secrets[0], str(event.get("id", "none")), datetime.now(UTC), body)
    try:
        answer = httpx.post(
            f"{settings.gateway_url}/events",
            content=body,
            headers={**headers, "content-type": "application/cloudevents+json"},
            timeout=30,
            trust_env=False,
        )
    except httpx.TransportError as error:
        raise MisconfiguredError(
            f"the gateway at {settings.gateway_url} does not answer ({type(error).__name__}); start it with `towline up`"
        ) from None
    if answer.is_success:
        found: dict[str, Any] = answer.json()
        return found
    raise (RetryableError if answer.status_code >= 500 else RefusedError)(_problem(answer))


def _problem(answer: httpx.Response) -> str:
    """The gateway's problem document in one line."""
    try:
        problem = answer.json()
        return f"the gateway answered {answer.status_code}: {problem.get('detail') or problem.get('title')}"
    except (json.JSONDecodeError, AttributeError):
        return f"the gateway answered {answer.status_code}"
