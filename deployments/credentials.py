"""The secrets that the local stack makes for itself where nobody set any; they are never printed."""

from __future__ import annotations

import base64
import os
import secrets
from pathlib import Path

from runtime.settings import Settings

FILE = "secrets.env"


def make_missing(settings: Settings) -> None:
    """Write a random secret for each that is not set into the state folder, readable by its user only; what is there stays."""
    missing = {name: value for name, value in _fresh(settings).items() if value}
    if not missing:
        return
    path = settings.state / FILE
    before = path.read_text(encoding="utf-8") if path.exists() else ""
    _write_privately(path, before + "".join(f"{name}={value}\n" for name, value in missing.items()))


def _fresh(settings: Settings) -> dict[str, str | None]:
    """A secret that a vendor must know too cannot be made up: with a vendor's CRM, billing or chat its secret stays missing."""
    billing = f"whsec_{secrets.token_hex(32)}"
    return {
        "TOWLINE_EVENTS_SECRETS": None if settings.events_secrets else f"whsec_{base64.b64encode(os.urandom(32)).decode()}",
        "TOWLINE_CRM_WEBHOOK_SECRETS": None if settings.crm_webhook_secrets or settings.crm else secrets.token_hex(32),
        "TOWLINE_BILLING_WEBHOOK_SECRETS": None if settings.billing_webhook_secrets or settings.billing else billing,
        "TOWLINE_CHAT_SIGNING_SECRETS": None if settings.chat_signing_secrets or settings.chat else secrets.token_hex(16),
        "TOWLINE_API_TOKEN": None if settings.api_token else secrets.token_urlsafe(32),
    }


def _write_privately(path: Path, text: str) -> None:
    fresh = path.with_suffix(".new")
    fresh.unlink(missing_ok=True)
    with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as out:
        out.write(text)
    fresh.replace(path)
