"""Reads and writes what all of Google's JSON calls share: bodies, the `fields` mask, partial answers; knows no resource."""

from collections.abc import Mapping
from typing import Any

import orjson
from starlette.datastructures import QueryParams
from starlette.requests import Request
from starlette.responses import Response

from sandbox.google.errors import invalid_parameter, refuse
from sandbox.google.fields import BadMask, parse_mask, select
from sandbox.system import Json, call_of


def body_of(request: Request) -> Any:
    """Return a call's JSON body; an empty one is an empty object. Raises Google's 400."""
    return json_from(call_of(request).body)


def object_of(request: Request) -> dict[str, Any]:
    """Return a call's JSON body, which must be an object. Raises Google's 400."""
    body = body_of(request)
    if not isinstance(body, dict):
        raise refuse(400, "Invalid JSON payload received. Expected an object.", reason="parseError")
    return body


def json_from(raw: bytes) -> Any:
    """Return JSON; nothing at all is an empty object. Raises Google's 400."""
    try:
        return orjson.loads(raw) if raw.strip() else {}
    except orjson.JSONDecodeError:
        raise refuse(400, "Invalid JSON payload received. Parse Error", reason="parseError") from None


def query_of(request: Request) -> QueryParams:
    """Return a call's parameters; the official client puts those of a long GET into the body of a POST."""
    if request.headers.get("x-http-method-override") == "GET":
        return QueryParams(call_of(request).body.decode("utf-8", "replace"))
    return request.query_params


def answer(request: Request, value: Any, shape: Mapping[str, Any], default: str) -> Response:
    """Return a JSON answer cut down to the call's `fields`, or to the vendor's default ones."""
    return Json(select(value, mask_of(request, shape, default)))


def mask_of(request: Request, shape: Mapping[str, Any], default: str) -> dict[str, Any]:
    """Return the call's `fields` as a mask. Raises Google's 400 for fields that the resource does not have."""
    try:
        return parse_mask(query_of(request).get("fields") or default, shape)
    except BadMask as bad:
        raise invalid_parameter("fields", f"Invalid field selection {bad}", reason="invalidParameter") from None
