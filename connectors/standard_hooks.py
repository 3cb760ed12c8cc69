"""Standard Webhooks, the scheme of our own `POST /events`: check a signature, and make one. https://www.standardwebhooks.com"""

from __future__ import annotations

import binascii
import hmac
import re
from collections.abc import Sequence
from datetime import UTC, datetime

from standardwebhooks.webhooks import EmptyWebhookSecretError, Webhook

from connectors.hooks import Incoming, SignatureError, header, require_fresh
from contracts.errors import MisconfiguredError


def verify(incoming: Incoming, secrets: Sequence[str], now: datetime) -> None:
    """Raise SignatureError unless one of the secrets made one of the signatures within five minutes of now.

    The library signs; its own `verify` looks at the wall clock, reads the body, and stumbles over malformed headers.
    """
    message, timestamp = header(incoming, "webhook-id"), header(incoming, "webhook-timestamp")
    given = [signature.encode() for signature in header(incoming, "webhook-signature").split()]
    if not re.fullmatch(r"\d{1,11}", timestamp, re.ASCII):
        raise SignatureError("wrong")
    require_fresh(int(timestamp), now)
    try:
        expected = [_signature(secret, message, int(timestamp), incoming.body) for secret in secrets]
    except UnicodeDecodeError:
        raise SignatureError("wrong") from None
    matches = [hmac.compare_digest(own, other) for own in expected for other in given]
    if not any(matches):
        raise SignatureError("wrong")


def sign(secret: str, message: str, timestamp: datetime, body: bytes) -> dict[str, str]:
    """Return the headers that sign a body as the message of this id."""
    seconds = int(timestamp.timestamp())
    signature = _signature(secret, message, seconds, body).decode()
    return {"webhook-id": message, "webhook-timestamp": str(seconds), "webhook-signature": signature}


def _signature(secret: str, message: str, seconds: int, body: bytes) -> bytes:
    try:
        webhook = Webhook(secret)
    except (EmptyWebhookSecretError, binascii.Error):
        raise MisconfiguredError("events: a signing secret is not base64", cause="events.secret") from None
    return webhook.sign(message, datetime.fromtimestamp(seconds, UTC), body.decode()).encode()
