"""Who may send events: how each source's signature is verified and its payload read. A source without a secret does not start."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial

from connectors import standard_hooks
from connectors.billing import stripe_hooks
from connectors.crm import hubspot_hooks
from connectors.hooks import Incoming, Translated
from contracts.errors import MisconfiguredError
from runtime.settings import Settings
from web.gateway.body import read_event

Verify = Callable[[Incoming, Sequence[str], datetime], None]
Translate = Callable[[Incoming], Translated]

OWN = "events"
"""The source behind `POST /events`."""


@dataclass(frozen=True, slots=True)
class Source:
    """Where webhooks come from; `secrets` all verify. `many`: a notification is a list of changes, each kept by itself."""

    verify: Verify
    secrets: Sequence[str]
    translate: Translate
    many: bool = False


def open_sources(settings: Settings) -> Mapping[str, Source]:
    """Return all sources by name.

    Raises:
        MisconfiguredError: a source has no secret to verify with, or one that cannot be used.
    """
    crm = partial(hubspot_hooks.events, own_app_id=settings.own_crm_app)
    _require(settings.events_secrets, "TOWLINE_EVENTS_SECRETS", "POST /events")
    _require(settings.crm_webhook_secrets, "TOWLINE_CRM_WEBHOOK_SECRETS", "POST /webhooks/hubspot")
    _require(settings.billing_webhook_secrets, "TOWLINE_BILLING_WEBHOOK_SECRETS", "POST /webhooks/stripe")
    _require_usable(settings.events_secrets)
    return {
        OWN: Source(standard_hooks.verify, settings.events_secrets, _own_event),
        "hubspot": Source(hubspot_hooks.verify, settings.crm_webhook_secrets, crm, many=True),
        "stripe": Source(stripe_hooks.verify, settings.billing_webhook_secrets, stripe_hooks.events),
    }


def _own_event(incoming: Incoming) -> Translated:
    return Translated([read_event(incoming.body)], skipped=0)


def _require(secrets: Sequence[str], setting: str, route: str) -> None:
    if not secrets:
        raise MisconfiguredError(f"{setting}: is not set, and {route} must not take what it cannot verify")


def _require_usable(secrets: Sequence[str]) -> None:
    try:
        for secret in secrets:
            standard_hooks.sign(secret, "start", datetime.now(UTC), b"")
    except MisconfiguredError as error:
        raise MisconfiguredError(f"TOWLINE_EVENTS_SECRETS: cannot be used ({error})") from None
