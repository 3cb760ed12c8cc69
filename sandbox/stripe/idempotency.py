"""Remembers the answers to writes by their idempotency key, for a day; knows no object of Stripe's.

https://docs.stripe.com/api/idempotent_requests and https://docs.stripe.com/error-low-level#idempotency: what was carried out is
answered again, failures of the server too; what was refused before it began is not remembered.
"""

import hashlib
import time
from collections.abc import Callable
from typing import Any

from starlette.responses import Response

from sandbox.store import Store
from sandbox.stripe.answers import Refusal
from sandbox.system import Call

LIFE = 24 * 3600.0
LONGEST = 255
KIND = "idempotency"


def key_of(call: Call) -> str | None:
    """Return the key of a write; other calls have none, as at Stripe."""
    return call.headers.get("idempotency-key") if call.method == "POST" else None


class Memory:
    """Answers by key, kept in the store."""

    def __init__(self, store: Store, clock: Callable[[], float] = time.time) -> None:
        self.store, self.clock = store, clock
        self._under_way: set[str] = set()

    def begin(self, call: Call) -> Response | None:
        """Return the answer that was given before, or None and the call is under way until `end`. Raises Stripe's refusals."""
        key = key_of(call)
        if key is None:
            return None
        if not key or len(key) > LONGEST:
            raise Refusal(400, f"Idempotency-Key must have 1 to {LONGEST} characters.", kind="idempotency_error")
        if key in self._under_way:
            told = "There is currently another in-progress request using this Idempotent Key."
            raise Refusal(409, told, code="idempotency_key_in_use", kind="idempotency_error")
        if kept := self._kept(key):
            return self._again(key, kept, call)
        self._under_way.add(key)
        return None

    def end(self, call: Call) -> None:
        """The call is not under way any more."""
        self._under_way.discard(key_of(call) or "")

    def keep(self, call: Call, request_id: str, response: Response) -> None:
        """Remember what a call was answered, unless its key stands for an answer already."""
        key = key_of(call)
        if not key or self._kept(key):
            return
        self._forget_old()
        body = bytes(response.body).decode()
        kept = {"of": _print(call), "status": response.status_code, "body": body, "request": request_id, "at": self.clock()}
        self.store.put(KIND, key, kept)

    def _kept(self, key: str) -> dict[str, Any] | None:
        record = self.store.get(KIND, key)
        return record.object if record and record.object["at"] > self.clock() - LIFE else None

    def _again(self, key: str, kept: dict[str, Any], call: Call) -> Response:
        if kept["of"] != _print(call):
            told = "Keys for idempotent requests can only be used with the same parameters they were first used with."
            raise Refusal(400, f"{told} Try using a key other than '{key}' if you meant to execute a different request.",
                          kind="idempotency_error")  # fmt: skip
        headers = {"idempotent-replayed": "true", "original-request": kept["request"]}
        return Response(kept["body"], kept["status"], headers, "application/json")

    def _forget_old(self) -> None:
        """Drop what is over; the oldest stand first."""
        for record in self.store.all(KIND):
            if record.object["at"] > self.clock() - LIFE:
                return
            self.store.delete(KIND, record.id)


def _print(call: Call) -> str:
    return hashlib.sha256(f"{call.method} {call.path}\n".encode() + call.body).hexdigest()
