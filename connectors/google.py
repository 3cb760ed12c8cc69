"""How Google refuses, in whichever of its services: shared by the adapters for Drive, Docs and Gmail. Makes no calls."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from connectors.remedies import BusyError
from contracts.errors import RefusedError, RetryableError, TowlineError


def explain(body: Mapping[str, Any]) -> tuple[str, str]:
    """Return Google's reason for an error; it gives no correlation id."""
    error = body.get("error")
    if not isinstance(error, dict):
        return "", ""
    first = next((one for one in error.get("errors") or () if isinstance(one, dict)), {})
    return str(first.get("reason") or error.get("status") or ""), ""


REMEDIES: Mapping[str, type[TowlineError]] = {
    "rateLimitExceeded": BusyError,
    "userRateLimitExceeded": BusyError,
    "sharingRateLimitExceeded": RetryableError,
    "dailyLimitExceeded": RetryableError,
    "cannotModifyRestrictedContent": RefusedError,
    "fileNotDownloadable": RefusedError,
    "fileNotExportable": RefusedError,
    "exportSizeLimitExceeded": RefusedError,
    "cannotCopyFile": RefusedError,
}
"""Google says 403 for many things: a limit, a file that is locked, and real lack of permission."""
