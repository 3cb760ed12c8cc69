"""Reads Stripe's bracketed forms into nested values, and checks them as Stripe does; knows no object of Stripe's.

https://docs.stripe.com/api (requests are form-encoded) and https://docs.stripe.com/error-codes
"""

import re
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import parse_qsl

from sandbox.stripe.answers import Refusal

Reader = Callable[[Any, str], Any]
DEEPEST = 8
METADATA = {"keys": 50, "key": 40, "value": 500}


def nested(text: str) -> dict[str, Any]:
    """Return a form or a query as nested dicts and lists: `lines[0][amount]=5` is {"lines": [{"amount": "5"}]}."""
    found: dict[str, Any] = {}
    for number, (name, value) in enumerate(parse_qsl(text, keep_blank_values=True)):
        first, *rest = re.findall(r"[^\[\]]+|(?<=\[)(?=\])", name) or [name]
        if len(rest) > DEEPEST:
            raise Refusal(400, "Invalid request: a parameter is nested too deeply", param=first)
        path = [first, *(part or f"+{number}" for part in rest)]
        place = found
        for part in path[:-1]:
            inner = place.setdefault(part, {})
            if not isinstance(inner, dict):
                raise Refusal(400, f"Invalid request: {name} contradicts another parameter", param=first)
            place = inner
        place[path[-1]] = value
    return {name: _listed(value) for name, value in found.items()}


def _listed(value: Any) -> Any:
    if not isinstance(value, dict):
        return value
    inner = {name: _listed(one) for name, one in value.items()}
    if inner and all(name.isdecimal() for name in inner):
        return [inner[name] for name in sorted(inner, key=int)]
    return list(inner.values()) if inner and all(name.startswith("+") for name in inner) else inner


def text(most: int = 5000) -> Reader:
    """Return a reader of texts; an empty one takes a value away."""

    def read(value: Any, param: str) -> str | None:
        if not isinstance(value, str):
            raise Refusal(400, f"Invalid string: {_shown(value)}", param=param)
        if len(value) > most:
            raise Refusal(400, f"Invalid string: must be at most {most} characters", code="parameter_invalid_string", param=param)
        return value or None

    return read


def choice(*words: str) -> Reader:
    """Return a reader of one of these words."""

    def read(value: Any, param: str) -> Any:
        if value not in words:
            raise Refusal(400, f"Invalid {param}: must be one of {', '.join(words)}", param=param)
        return value

    return read


def integer(value: Any, param: str) -> int:
    """Read a whole number."""
    if not isinstance(value, str | int) or not re.fullmatch(r"-?\d{1,18}", str(value), re.ASCII):
        raise Refusal(400, f"Invalid integer: {_shown(value)}", code="parameter_invalid_integer", param=param)
    return int(value)


def boolean(value: Any, param: str) -> bool:
    """Read yes or no."""
    if str(value).lower() not in ("true", "false"):
        raise Refusal(400, f"Invalid boolean: {_shown(value)}", param=param)
    return str(value).lower() == "true"


def anything(value: Any, param: str) -> Any:
    """Take a part of the request that makes no difference here."""
    return value


def metadata(value: Any, param: str) -> dict[str, str]:
    """Read metadata: texts by name; an empty text takes its name away, an empty whole takes all away (`{"": ""}`)."""
    if value == "":
        return {"": ""}
    if not isinstance(value, dict) or not all(isinstance(one, str) for one in value.values()):
        raise Refusal(400, f"Invalid object: {_shown(value)}", param=param)
    if len(value) > METADATA["keys"]:
        raise Refusal(400, f"Metadata can have at most {METADATA['keys']} keys", param=param)
    for name, one in value.items():
        if len(name) > METADATA["key"] or len(one) > METADATA["value"]:
            raise Refusal(400, f"Metadata keys can have up to 40 characters, values 500: {name[:40]}", param=param)
    return value


def merged(before: Mapping[str, str], change: Mapping[str, str]) -> dict[str, str]:
    """Return metadata with a change that `metadata` has read."""
    kept = {} if "" in change else dict(before)
    return {name: value for name, value in (kept | dict(change)).items() if value != ""}


def listing(shape: Mapping[str, Reader] | Reader) -> Reader:
    """Return a reader of lists whose entries are read by `shape`."""

    def read(value: Any, param: str) -> list[Any]:
        if not isinstance(value, list):
            raise Refusal(400, "Invalid array", param=param)
        return [_one(one, shape, f"{param}[{number}]") for number, one in enumerate(value)]

    return read


def mapping(shape: Mapping[str, Reader]) -> Reader:
    """Return a reader of an object with these entries."""
    return lambda value, param: _one(value, shape, param)


def read(params: Mapping[str, Any], shape: Mapping[str, Reader], *required: str, within: str = "") -> dict[str, Any]:
    """Return the parameters, each read by its reader. Raises Stripe's refusal of unknown, missing and malformed ones."""
    named = {name: f"{within}[{name}]" if within else name for name in {*params, *required}}
    for name in params:
        if name not in shape and (within or name != "expand"):
            raise Refusal(400, f"Received unknown parameter: {named[name]}", code="parameter_unknown", param=named[name])
    for name in required:
        if name not in params:
            raise Refusal(400, f"Missing required param: {named[name]}.", code="parameter_missing", param=named[name])
        if params[name] == "":
            told = f"You passed an empty string for '{named[name]}'."
            raise Refusal(400, told, code="parameter_invalid_empty", param=named[name])
    return {name: shape[name](value, named[name]) for name, value in params.items() if name in shape}


def _one(value: Any, shape: Mapping[str, Reader] | Reader, param: str) -> Any:
    if not isinstance(shape, Mapping):
        return shape(value, param)
    if value == "":
        return {}
    if not isinstance(value, dict):
        raise Refusal(400, "Invalid object", param=param)
    return read(value, shape, within=param)


def _shown(value: Any) -> str:
    return str(value)[:50]
