"""The one way our httpx connectors call a vendor: pooled, timed, patient with rate limits, every failure an error of ours.

Knows no vendor, and puts nothing that a vendor said in words into an error.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable, Mapping
from typing import Any

import httpx
import orjson
import stamina

from connectors.brake import pass_brake
from connectors.budget import UNLIMITED, Budget
from connectors.drift import UNWATCHED, Drift
from connectors.guard import pass_guard
from connectors.network import LIMITS, TIMEOUT, takes_proxy, tls
from connectors.oauth import Token
from connectors.remedies import BusyError, Dialect, Nature, refusal
from contracts.errors import RetryableError, TowlineError, UncertainError

NEVER_SENT = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout, httpx.ProxyError, httpx.UnsupportedProtocol)
OVER_THE_LIMIT = (403, 429)
"""Statuses with which a vendor says that an account has made too many calls."""
PATIENCE = 30.0
LONGEST_GUESS = 10.0


class ApiClient:
    """Calls one vendor's JSON API. Use it in one event loop, and close it there."""

    def __init__(
        self,
        system: str,
        base_url: str,
        token: Token,
        dialect: Dialect,
        *,
        transport: httpx.AsyncBaseTransport | None = None,
        timeout: httpx.Timeout = TIMEOUT,
        patience: float = PATIENCE,
        budget: Budget = UNLIMITED,
        drift: Drift = UNWATCHED,
    ) -> None:
        """Call `base_url` for `system` (crm, docs) within its account's budget; what is different in its answers goes to `drift`.

        `patience` is how many seconds a call may wait in all when the vendor asks for it.
        """
        self.system = system
        self._base = base_url.rstrip("/")
        self._token = token
        self._dialect = dialect
        self._patience = patience
        self._budget, self._drift = budget, drift
        self._http = httpx.AsyncClient(
            transport=transport, timeout=timeout, limits=LIMITS, verify=tls(), trust_env=takes_proxy(base_url)
        )

    async def call(
        self,
        method: str,
        path: str,
        body: Any = None,
        *,
        params: Mapping[str, str | int] | None = None,
        nature: Nature = "once",
        content_type: str = "application/json",
        headers: Mapping[str, str] | None = None,
    ) -> dict[str, Any]:
        """Make a call and return its JSON object ({} for an empty answer); `body` is JSON to be, or bytes of `content_type`.

        Raises:
            RefusedError: the vendor understood and declined.
            RetryableError: it was not done, or may be done again; it has waited for its turn and for rate limits already.
            UncertainError: it may have been done: the answer never came, or was none, and the call changes something.
            MisconfiguredError: the token or its rights are not good enough.
        """
        content = body if isinstance(body, bytes | None) else orjson.dumps(body)
        sent = {**({"content-type": content_type} if content is not None else {}), **(headers or {})}
        request = self._http.build_request(method, self._base + path, content=content, params=params, headers=sent)
        answer = _json(await self._answered(request, f"{method} {path}", nature))
        if answer is None:
            raise self._unanswered("not_json", f"{method} {path}", nature)
        asked = {**(params or {}), **(body if isinstance(body, dict) else {})}
        await self._drift.look(self._dialect.vendor, self._dialect.objects(path, asked, answer))
        return answer

    async def download(self, path: str, *, params: Mapping[str, str | int] | None = None) -> bytes:
        """Read what is no JSON and return its bytes. Raises as `call` does, but is never uncertain."""
        request = self._http.build_request("GET", self._base + path, params=params)
        return (await self._answered(request, f"GET {path}", "read")).content

    async def aclose(self) -> None:
        """Close all connections."""
        await asyncio.gather(self._http.aclose(), self._token.aclose())

    async def _answered(self, request: httpx.Request, operation: str, nature: Nature) -> httpx.Response:
        """Return the answer of a call that succeeded; rate limits are waited for."""
        async for attempt in stamina.retry_context(on=patient(self._patience), attempts=None, timeout=None):
            with attempt:
                return await self._once(request, operation, nature)
        raise AssertionError("stamina returns or raises")

    async def _once(self, request: httpx.Request, operation: str, nature: Nature) -> httpx.Response:
        """Send once, and once more with a new token when the vendor refused the old one: what got a 401 was not done."""
        await self._budget.take(operation)
        token = await self._token.current()
        pass_brake(nature)
        pass_guard(nature)
        response = await self._send(request, token, operation, nature)
        if response.status_code == 401 and self._token.renewable(token):
            response = await self._send(request, await self._token.current(), operation, nature)
        if not response.is_success:
            error = self._refusal(operation, response, nature)
            if response.status_code in OVER_THE_LIMIT and isinstance(error, BusyError) and error.retry_after:
                await self._budget.refused(operation, error.retry_after)
            raise error
        return response

    def _refusal(self, operation: str, response: httpx.Response, nature: Nature) -> TowlineError:
        """Return the error for an answer that is not a success; a vendor's client may read more from it."""
        return refusal(self.system, operation, response, _json(response), nature, self._dialect)

    async def _send(self, request: httpx.Request, token: str, operation: str, nature: Nature) -> httpx.Response:
        request.headers["authorization"] = f"Bearer {token}"
        try:
            return await self._http.send(request)
        except NEVER_SENT:
            raise RetryableError(f"{self.system}: {operation}: no connection", cause=f"{self.system}.unreachable") from None
        except httpx.RequestError:
            raise self._unanswered("no_answer", operation, nature) from None

    def _unanswered(self, code: str, operation: str, nature: Nature) -> TowlineError:
        """An upsert without an answer is in doubt, too: whoever wrote down the intention can look, and need not repeat."""
        kind = RetryableError if nature == "read" else UncertainError
        return kind(f"{self.system}: {operation}: {code}", cause=f"{self.system}.{code}")


def _json(response: httpx.Response) -> dict[str, Any] | None:
    """Return the JSON object that came; None for anything else."""
    if not response.content:
        return {} if response.is_success else None
    try:
        body = orjson.loads(response.content)
    except orjson.JSONDecodeError:
        return None
    return body if isinstance(body, dict) else None


def patient(seconds: float) -> Callable[[Exception], bool | float]:
    """Return the hook that says how long to wait before the same call is made again, as long as so many seconds last.

    Only a vendor that is busy and did nothing is waited for here; the rest is for the task's own retries.
    """
    left, guess = seconds, 1.0

    def wait_for(error: Exception) -> bool | float:
        nonlocal left, guess
        if not isinstance(error, BusyError):
            return False
        wait = guess if error.retry_after is None else error.retry_after
        wait += random.uniform(0.02, 0.1 + wait / 10)  # noqa: S311 - those who were refused together should not return together
        left, guess = left - wait, min(guess * 2, LONGEST_GUESS)
        return wait if left >= 0 else False

    return wait_for
