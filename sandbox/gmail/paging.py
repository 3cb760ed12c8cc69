"""Cuts long lists into pages that stay right while letters come in: a page begins after a letter, not at a number."""

import base64
import binascii
from collections.abc import Sequence

from starlette.datastructures import QueryParams

from sandbox.gmail.errors import invalid
from sandbox.store import Record

Place = tuple[int, str]


def page_of(found: Sequence[Record], query: QueryParams, most: int = 500) -> tuple[Sequence[Record], str | None]:
    """Return a page of letters, newest first, and the token of the next one, if there is one. Raises Gmail's 400."""
    ordered = sorted(found, key=_place, reverse=True)
    size = number(query, "maxResults", 100, most)
    if token := query.get("pageToken"):
        after = _read(token)
        ordered = [record for record in ordered if _place(record) < after]
    page = ordered[:size]
    return page, _token(_place(page[-1])) if len(ordered) > size else None


def number(query: QueryParams, name: str, default: int, most: int) -> int:
    """Return a parameter that is a number; one that is too big counts as the most there may be. Raises Gmail's 400."""
    text = query.get(name) or str(default)
    if not text.isdecimal() or not text.isascii() or not int(text):
        raise invalid(f"Invalid value for {name}")
    return min(int(text), most)


def flag(query: QueryParams, name: str) -> bool:
    """Return a parameter that is true or false."""
    return query.get(name, "false").lower() == "true"


def _place(record: Record) -> Place:
    return record.object["internalDate"], record.id


def _token(place: Place) -> str:
    return base64.urlsafe_b64encode(f"{place[0]} {place[1]}".encode()).decode()


def _read(token: str) -> Place:
    try:
        date, _, message_id = base64.urlsafe_b64decode(token.encode()).decode().partition(" ")
        return int(date), message_id
    except (binascii.Error, ValueError, UnicodeError):
        raise invalid("Invalid pageToken") from None
