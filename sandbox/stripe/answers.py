"""Stripe's refusals in its own words and codes; knows no object of Stripe's. https://docs.stripe.com/api/errors"""

from typing import Any

from sandbox.system import Answer, Json

CODES = "https://docs.stripe.com/error-codes/"


class Refusal(Answer):
    """An error as Stripe words it; one that came of carrying a call out (`done`) is kept for the call's idempotency key."""

    def __init__(
        self,
        status: int,
        message: str,
        *,
        code: str | None = None,
        param: str | None = None,
        kind: str = "invalid_request_error",
        done: bool = False,
        **more: Any,
    ) -> None:
        named = {"code": code, "doc_url": CODES + code.replace("_", "-") if code else None, "param": param}
        self.status, self.done = status, done
        self.error = {name: value for name, value in named.items() if value} | {"message": message, "type": kind} | more
        super().__init__(Json({"error": self.error}, status))

    def logged(self, request_id: str) -> None:
        """Add where the account's people find the request in their log."""
        self.error["request_log_url"] = f"https://dashboard.stripe.com/test/logs/{request_id}?t={request_id}"
        self.response = Json({"error": self.error}, self.status)


def missing(noun: str, object_id: str, param: str | None = None) -> Refusal:
    """Return the refusal of an id that is not there: 404 in a path, 400 in a parameter."""
    return Refusal(400 if param else 404, f"No such {noun}: '{object_id}'", code="resource_missing", param=param or "id")


def contradicts(message: str, code: str | None = None) -> Refusal:
    """Return the refusal of a change that the object's status does not allow."""
    return Refusal(400, message, code=code, done=True)
