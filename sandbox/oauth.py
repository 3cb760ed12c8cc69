"""What a bearer token is worth here: which are refused, and how issued ones are made; knows no vendor's answers.

Anybody may drive the sandbox with a client of their own, so every token is accepted but these: none at all, one that contains
"invalid", "expired" or "revoked", and an access token issued here whose time is over. Issued tokens carry their app and their
end in themselves, so they stay what they are when the sandbox restarts.
"""

import hashlib
import time
from itertools import count
from typing import Literal

ACCESS, REFRESH = "sandbox-access", "sandbox-refresh"
Trouble = Literal["missing", "invalid", "expired", "revoked"]
_numbers = count(1)


def app_id(name: str) -> int:
    """Return the number of the app with this OAuth client id (or private token): always the same one."""
    return 1_000_000 + int.from_bytes(hashlib.sha256(name.encode()).digest()[:4], "big") % 9_000_000


def issue_access(app: int, expires_in: float) -> str:
    """Return an access token of an app that is good for so many seconds."""
    return f"{ACCESS}-{app}-{int((time.time() + expires_in) * 1000)}-{next(_numbers)}"


def issue_refresh(app: int) -> str:
    """Return a refresh token of an app."""
    return f"{REFRESH}-{app}-{next(_numbers)}"


def refresh_is_good(token: str) -> bool:
    """Say whether a refresh token is `sandbox-refresh-token` or one issued here, and not revoked."""
    return token.startswith(f"{REFRESH}-") and trouble_with(token) is None


def app_of(token: str) -> int:
    """Return the app on whose behalf a token speaks."""
    parts = token.split("-")
    return int(parts[2]) if _was_issued(parts) else app_id(token)


def expiry_of(token: str) -> float | None:
    """Return when an access token issued here ends, in unix seconds; None for others."""
    parts = token.split("-")
    return int(parts[3]) / 1000 if _was_issued(parts) else None


def trouble_with(token: str | None) -> Trouble | None:
    """Return why a token is refused, or None if it is good."""
    if not token:
        return "missing"
    for word in ("invalid", "expired", "revoked"):
        if word in token:
            return word
    expiry = expiry_of(token)
    return "expired" if expiry is not None and expiry <= time.time() else None


def _was_issued(parts: list[str]) -> bool:
    return len(parts) == 5 and "-".join(parts[:2]) == ACCESS and parts[2].isdigit() and parts[3].isdigit()
