"""How Stripe is called: its forms, its pages, its errors, and its idempotency keys. Knows no business record.

https://docs.stripe.com/api/idempotent_requests and https://docs.stripe.com/error-low-level#idempotency
"""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Iterator, Mapping
from typing import Any
from urllib.parse import urlencode

import httpx

from connectors.drift import Seen, listed
from connectors.http import ApiClient
from connectors.remedies import BusyError, Dialect, Nature, plain_code
from contracts.errors import MisconfiguredError, RefusedError, RetryableError, TowlineError

VERSION = "2026-05-27.dahlia"
FORM = "application/x-www-form-urlencoded"
REPLAYED = ".replayed"
TURNS = 10
PAGE = 100

Object = Mapping[str, Any]
Standing = Callable[[], Awaitable[Object | None]]


def explain(body: Mapping[str, Any]) -> tuple[str, str]:
    """Return Stripe's code for an error (its type, where it has none) and the id of the request."""
    error = body.get("error")
    if not isinstance(error, dict):
        return "", ""
    logged = re.search(r"/logs/(req_\w+)", str(error.get("request_log_url") or ""), re.ASCII)
    return str(error.get("code") or error.get("type") or ""), logged[1] if logged else ""


def objects(_path: str, _asked: Mapping[str, Any], answer: Mapping[str, Any]) -> Iterator[Seen]:
    """Tell the objects in an answer by the names that they give themselves, and what an event is about."""
    many = answer.get("object") in ("list", "search_result")
    for one in listed(answer.get("data")) if many else [answer]:
        yield _named(one), [one], ()
        if _named(one) == "event" and isinstance(data := one.get("data"), Mapping) and (about := data.get("object")):
            yield _named(about), [about], ()


def _named(one: Any) -> str:
    return str(one.get("object")) if isinstance(one, Mapping) else ""


DIALECT = Dialect(
    "stripe",
    explain,
    {
        "api_key_expired": MisconfiguredError,
        "idempotency_key_in_use": BusyError,  # our own call of before is still under way
        "lock_timeout": BusyError,
        "platform_api_key_expired": MisconfiguredError,
        "rate_limit": BusyError,
        "secret_key_required": MisconfiguredError,
        "testmode_charges_only": MisconfiguredError,
        "processing_error": RetryableError,
    },
    objects,
)
"""https://docs.stripe.com/error-codes"""


class StripeApi(ApiClient):
    """Tells an error of now from one that Stripe kept and said again."""

    def _refusal(self, operation: str, response: httpx.Response, nature: Nature) -> TowlineError:
        error = super()._refusal(operation, response, nature)
        if response.headers.get("idempotent-replayed") == "true":
            error.cause += REPLAYED
        return error


class Calls:
    """Reads and writes with the version pinned."""

    def __init__(self, api: ApiClient) -> None:
        self.api = api

    async def read(self, path: str, params: Mapping[str, str | int] | None = None) -> Object:
        """Return an object or a page."""
        return await self.api.call("GET", path, params=params, nature="read", headers={"stripe-version": VERSION})

    async def all(self, path: str, params: Mapping[str, str | int], *, pages: int) -> AsyncIterator[Object]:
        """Yield a list's objects, newest first, of so many pages at most."""
        wanted = {**params, "limit": PAGE}
        for _ in range(pages):
            answer = await self.read(path, wanted)
            found = answer.get("data") or []
            for one in found:
                yield one
            if not answer.get("has_more") or not found:
                return
            wanted["starting_after"] = str(found[-1]["id"])

    async def search(self, kind: str, query: str) -> list[Object]:
        """Return what a search finds; what was written in the last minute may be missing. https://docs.stripe.com/search"""
        found = list[Object]()
        params: dict[str, str | int] = {"query": query, "limit": PAGE}
        while True:
            answer = await self.read(f"/v1/{kind}/search", params)
            found += answer.get("data") or []
            if not answer.get("has_more") or not answer.get("next_page"):
                return found
            params["page"] = str(answer["next_page"])

    async def write(self, path: str, params: Mapping[str, Any], key: str, standing: Standing | None = None) -> Object:
        """Do something once per key: for a day, Stripe answers the same key with what it answered first.

        It keeps its failures as well. So where a key stands for one, we look at what is `standing` there after all; nothing being
        there, the call goes out under the next key.
        """
        failure: TowlineError | None = None
        for turn in range(TURNS):
            headers = {"stripe-version": VERSION, "idempotency-key": f"{key}-{turn}" if turn else key}
            try:
                return await self.api.call("POST", path, form(params), nature="repeatable", content_type=FORM, headers=headers)
            except TowlineError as error:
                if not _is_spent(error):
                    raise
                failure = error
            if standing and (found := await standing()) is not None:
                return found
        raise failure or AssertionError("there is at least one turn")

    async def move(self, kind: str, one: str, verb: str, reached: Collection[str], key: str, **params: Any) -> Object:
        """Take something to another status and return it; where Stripe declines, it may stand there already."""
        path = f"/v1/{kind}/{path_id(one)}"

        async def there() -> Object | None:
            found = await self.read(path)
            return found if found["status"] in reached else None

        try:
            return await self.write(f"{path}/{verb}", params, key, there)
        except RefusedError as error:
            found = None if is_missing(error) else await there()
            if found is None:
                raise
            return found

    async def remove(self, path: str) -> Object:
        """Delete something."""
        return await self.api.call("DELETE", path, nature="repeatable", headers={"stripe-version": VERSION})


def form(params: Mapping[str, Any]) -> bytes:
    """Return nested values in Stripe's bracketed form: `lines[0][amount]=500`."""
    return urlencode(list(_flat(params))).encode()


def _flat(value: Any, name: str = "") -> list[tuple[str, str]]:
    if isinstance(value, Mapping):
        return [pair for key, one in value.items() for pair in _flat(one, f"{name}[{key}]" if name else str(key))]
    if isinstance(value, list | tuple):
        return [pair for number, one in enumerate(value) for pair in _flat(one, f"{name}[{number}]")]
    return [(name, str(value).lower() if isinstance(value, bool) else str(value))]


def _is_spent(error: TowlineError) -> bool:
    """Whether a key stands for a failure of before, or for a call with other parameters."""
    return error.cause.endswith(REPLAYED) or error.cause.endswith("http_400.idempotency_error")


def is_missing(error: TowlineError) -> bool:
    """Whether Stripe does not know what was named."""
    return ".resource_missing" in error.cause or ".http_404" in error.cause


def is_id(text: str) -> bool:
    """Whether this can be an id of Stripe's, and can stand in a path."""
    return bool(plain_code(text)) and "." not in text


def path_id(text: str) -> str:
    """Return an id that goes into a path. Raises RefusedError for what can be none."""
    if not is_id(text):
        raise RefusedError("billing: not an id of Stripe's", cause="billing.bad_id")
    return text
