"""Reads the arguments of a Slack method, which come as JSON, as a form or in the query, and Slack's refusals; knows no method.

https://docs.slack.dev/apis/web-api/
"""

from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qs

import orjson
from starlette.responses import Response

from sandbox.system import Answer, Call, Json

_FALSE = {"", "0", "false", "False", "null"}


def accept(**value: Any) -> Response:
    """Return Slack's answer to a call that worked."""
    return Json({"ok": True, **value})


def refuse(code: str, *messages: str, **more: Any) -> Answer:
    """Return Slack's answer to a call that it will not carry out: HTTP 200, and a code."""
    if messages:
        more["response_metadata"] = {"messages": [f"[ERROR] {message}" for message in messages]}
    return Answer(Json({"ok": False, "error": code, **more}))


class Arguments:
    """The arguments of one call; in forms, numbers, flags and structures are written as text."""

    def __init__(self, given: Mapping[str, Any]) -> None:
        self._given = {name: value for name, value in given.items() if value is not None}

    @classmethod
    def of(cls, call: Call) -> "Arguments":
        """Return a call's arguments, read once. Raises Slack's refusal of a body that cannot be read."""
        if "arguments" not in call.notes:
            call.notes["arguments"] = cls(dict(call.query) | _body(call))
        arguments: Arguments = call.notes["arguments"]
        return arguments

    def __contains__(self, name: str) -> bool:
        return name in self._given

    def text(self, name: str, default: str = "") -> str:
        """Return a text."""
        value = self._given.get(name, default)
        if isinstance(value, (dict, list, bool)):
            raise refuse("invalid_arguments", f"must be a string [json-pointer:/{name}]")
        return str(value)

    def required(self, name: str) -> str:
        """Return a text that must be there."""
        value = self.text(name)
        if not value:
            raise refuse("invalid_arguments", f"missing required field: {name}")
        return value

    def flag(self, name: str) -> bool:
        """Return whether something is wanted."""
        value = self._given.get(name, False)
        return value not in _FALSE if isinstance(value, str) else bool(value)

    def number(self, name: str, default: int, most: int) -> int:
        """Return a number from 1 to `most`; Slack takes larger ones as the largest."""
        text = self.text(name) or str(default)
        if not text.isdecimal() or int(text) < 1:
            raise refuse("invalid_limit" if name == "limit" else "invalid_arguments", f"must be a number above 0: {name}")
        return min(int(text), most)

    def structure(self, name: str, code: str) -> Any:
        """Return JSON, or None; what cannot be read is refused with the code."""
        value = self._given.get(name)
        if not isinstance(value, str):
            return value
        try:
            return orjson.loads(value) if value else None
        except orjson.JSONDecodeError:
            raise refuse(code, f"not valid JSON: {name}") from None


def _body(call: Call) -> dict[str, Any]:
    if not call.body:
        return {}
    kind = call.headers.get("content-type", "").partition(";")[0].strip().lower()
    match kind:
        case "application/json":
            return _json(call.body)
        case "application/x-www-form-urlencoded":
            values = parse_qs(call.body.decode("utf-8", "replace"), keep_blank_values=True)
            return {name: value[-1] for name, value in values.items()}
        case "":
            raise refuse("missing_post_type")
    raise refuse("invalid_post_type")


def _json(raw: bytes) -> dict[str, Any]:
    try:
        body = orjson.loads(raw)
    except orjson.JSONDecodeError:
        raise refuse("invalid_json") from None
    if not isinstance(body, dict):
        raise refuse("json_not_object")
    return body
