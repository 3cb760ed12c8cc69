"""What Slack's errors mean for us. Knows Slack's codes, and repeats none of its words."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from connectors.remedies import Nature, asked_wait, plain_code, remedy, without_doubt
from contracts.errors import MisconfiguredError, RefusedError, RetryableError, TowlineError, UncertainError

REMEDIES: Mapping[str, type[TowlineError]] = {
    "access_denied": MisconfiguredError,
    "account_inactive": MisconfiguredError,
    "channel_not_found": MisconfiguredError,
    "ekm_access_denied": MisconfiguredError,
    "invalid_auth": MisconfiguredError,
    "is_archived": MisconfiguredError,
    "missing_scope": MisconfiguredError,
    "no_permission": MisconfiguredError,
    "not_allowed_token_type": MisconfiguredError,
    "not_authed": MisconfiguredError,
    "not_in_channel": MisconfiguredError,
    "org_login_required": MisconfiguredError,
    "restricted_action": MisconfiguredError,
    "team_access_not_granted": MisconfiguredError,
    "token_expired": MisconfiguredError,
    "token_revoked": MisconfiguredError,
    "message_limit_exceeded": RetryableError,
    "rate_limited": RetryableError,
    "ratelimited": RetryableError,
    "service_unavailable": RetryableError,
    "team_added_to_org": RetryableError,
    "fatal_error": UncertainError,  # "some aspect of the operation may have succeeded"
    "internal_error": UncertainError,
}
"""Slack's error codes to remedies; any other code is a refusal."""


def refusal(method: str, nature: Nature, response: Any) -> TowlineError:
    """Return the error for an answer that is not ok; what is no answer of Slack's may hide a change that was made."""
    status = int(getattr(response, "status_code", None) or response.status)  # aiohttp's own, where the JSON was broken
    body = getattr(response, "data", None)
    code = plain_code(body.get("error")) if isinstance(body, dict) else ""
    if status == 200 and not code:
        return unanswered(method, nature, "not_json")
    kind = remedy(status, nature) if status != 200 else without_doubt(REMEDIES.get(code, RefusedError), nature)
    text, cause = f"chat: {method}: HTTP {status} {code}".rstrip(), f"chat.{code or f'http_{status}'}"
    if issubclass(kind, RetryableError):
        headers = {name.lower(): value for name, value in response.headers.items()}
        return kind(text, cause=cause, retry_after=asked_wait(status, headers))
    return kind(text, cause=cause)


def unanswered(method: str, nature: Nature, code: str) -> TowlineError:
    """Return the error for a call whose answer never came, or was none of Slack's."""
    return without_doubt(UncertainError, nature)(f"chat: {method}: {code}", cause=f"chat.{code}")
