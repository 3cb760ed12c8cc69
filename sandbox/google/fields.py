"""Google's partial answers: reads a `fields` mask such as `nextPageToken,files(id,owners/displayName)` and cuts answers to it.

Knows no resource; a `Shape` says which names a resource has, so that a misspelt one is refused as the vendor does.
"""

import re
from collections.abc import Mapping
from typing import Any

Mask = dict[str, Any]  # name -> mask of what is below; an empty mask means all of it
Shape = Mapping[str, Any]  # name -> shape of what is below; None where any name goes

_TOKEN = re.compile(r"\s*([A-Za-z_][\w-]*|[*,/()])")


class BadMask(ValueError):  # noqa: N818 - what it is, not that it is an error
    """The mask cannot be read, or names a field that the resource does not have."""


def parse_mask(text: str, shape: Shape | None = None) -> Mask:
    """Return a mask as nested names; `*` becomes an empty mask, which means everything. Raises BadMask."""
    tokens = _tokens(text)
    mask = _selection(tokens, text)
    if tokens:
        raise BadMask(text)
    _check(mask, shape, text)
    return _without_stars(mask)


def select(value: Any, mask: Mask) -> Any:
    """Return the part of a JSON value that a mask names; lists are cut element by element."""
    if not mask:
        return value
    if isinstance(value, list):
        return [select(item, mask) for item in value]
    if isinstance(value, dict):
        return {name: select(value[name], below) for name, below in mask.items() if name in value}
    return value


def _tokens(text: str) -> list[str]:
    found, at = [], 0
    while at < len(text.rstrip()):
        match = _TOKEN.match(text, at)
        if not match:
            raise BadMask(text)
        found.append(match[1])
        at = match.end()
    return found[::-1]


def _selection(tokens: list[str], text: str) -> Mask:
    mask: Mask = {}
    while True:
        _add(mask, tokens, text)
        if not tokens or tokens[-1] != ",":
            return mask
        tokens.pop()


def _add(mask: Mask, tokens: list[str], text: str) -> None:
    """Take one path, `a/b(c,d)`, into the mask."""
    here, name = mask, ""
    while True:
        if not tokens or tokens[-1] in {",", "/", "(", ")"}:
            raise BadMask(text)
        name = tokens.pop()
        following = tokens[-1] if tokens else ""
        if following not in {"/", "("}:
            here[name] = {}
            return
        tokens.pop()
        below = here.setdefault(name, {})
        if following == "/":
            here = below
            continue
        below.update(_selection(tokens, text))
        if not tokens or tokens.pop() != ")":
            raise BadMask(text)
        return


def _check(mask: Mask, shape: Shape | None, text: str) -> None:
    if shape is None:
        return
    for name, below in mask.items():
        if name == "*":
            continue
        if name not in shape:
            raise BadMask(name)
        _check(below, shape[name], text)


def _without_stars(mask: Mask) -> Mask:
    return {} if "*" in mask and not mask["*"] else {name: _without_stars(below) for name, below in mask.items()}
