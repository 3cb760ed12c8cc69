"""How the gateway answers: JSON, or a problem document (RFC 9457). A problem never repeats what was sent."""

from __future__ import annotations

from collections.abc import Mapping
from http import HTTPStatus
from typing import Any
from uuid import UUID

import orjson
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response

from connectors.hooks import SignatureError
from contracts.errors import ContractError, RetryableError

UNAVAILABLE_SECONDS = 5


class Json(Response):
    """A JSON answer; ids and times are written as JSON writes them."""

    media_type = "application/json"

    def render(self, content: Any) -> bytes:
        """Return the bytes of the answer."""
        return orjson.dumps(content, default=_plain)


class ProblemError(Exception):
    """An answer that says why not; `members` are further members of the problem document."""

    def __init__(self, status: int, detail: str, *, headers: Mapping[str, str] | None = None, **members: str) -> None:
        super().__init__(detail)
        self.status = status
        self.detail = detail
        self.headers = headers
        self.members = members


def problem_response(problem: ProblemError) -> Response:
    """Return the problem document. https://www.rfc-editor.org/rfc/rfc9457"""
    title = HTTPStatus(problem.status).phrase
    document = {"type": "about:blank", "title": title, "status": problem.status, "detail": problem.detail, **problem.members}
    return Json(document, problem.status, headers=problem.headers, media_type="application/problem+json")


def problem_of(error: HTTPException) -> ProblemError:
    """Return in our words what the router says."""
    details = {404: "there is nothing at this address", 405: "this address does not take this method"}
    detail = details.get(error.status_code, "the request was not understood")
    return ProblemError(error.status_code, detail, headers=error.headers)


def _plain(value: Any) -> str:
    """The database driver's ids are of a class of its own, which orjson does not know."""
    if isinstance(value, UUID):
        return str(value)
    raise TypeError


def _signature(_request: Request, error: Exception) -> Response:
    return problem_response(ProblemError(401, str(error)))


def _contract(_request: Request, error: Exception) -> Response:
    assert isinstance(error, ContractError)  # noqa: S101
    return problem_response(ProblemError(400, error.text, field=error.field))


def _unavailable(_request: Request, error: Exception) -> Response:
    assert isinstance(error, RetryableError)  # noqa: S101
    wait = str(round(error.retry_after or UNAVAILABLE_SECONDS))
    return problem_response(ProblemError(503, "the ledger is not available; nothing was accepted", headers={"retry-after": wait}))


def _gone(_request: Request, _error: Exception) -> Response:
    return problem_response(ProblemError(400, "the request was not sent whole"))


def _unexpected(_request: Request, _error: Exception) -> Response:
    return problem_response(ProblemError(500, "the fault is ours; it was logged"))


HANDLERS: Mapping[Any, Any] = {
    SignatureError: _signature,
    ContractError: _contract,
    RetryableError: _unavailable,
    ClientDisconnect: _gone,
    Exception: _unexpected,
}
"""What each error is answered with."""
