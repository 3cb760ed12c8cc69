"""Keeps Stripe's objects and finds them by id, in pages, or by what they hold; knows what all of Stripe's objects share.

https://docs.stripe.com/api/pagination
"""

import time
from collections.abc import Hashable, Iterable, Mapping
from typing import Any

from sandbox.store import Index, Record, Store
from sandbox.stripe.answers import Refusal, missing
from sandbox.stripe.forms import Reader, anything, integer, read, text

Object = dict[str, Any]
PREFIXES = {
    "customers": "cus",
    "products": "prod",
    "prices": "price",
    "quotes": "qt",
    "invoices": "in",
    "invoiceitems": "ii",
    "invoice_payments": "inpay",
    "payment_intents": "pi",
    "charges": "ch",
    "refunds": "re",
    "events": "evt",
}
FIELDS = ("customer", "email", "status", "invoice", "charge", "payment_intent", "type", "active")  # what lists are narrowed by
PAGE: Mapping[str, Reader] = {
    "limit": integer, "starting_after": text(), "ending_before": text(), "created": anything, "expand": anything,
}  # fmt: skip
_DIGITS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"


def now() -> int:
    """Return the time in Stripe's unix seconds."""
    return int(time.time())


class Shelf:
    """All objects of the account by kind and id."""

    def __init__(self, store: Store) -> None:
        self.store = store
        self._indexes: dict[str, Index] = {kind: store.index(kind, _terms) for kind in PREFIXES}

    def new_id(self, prefix: str) -> str:
        """Return an id that was not given before."""
        number, digits = self.store.new_id(), ""
        while number:
            number, digit = divmod(number, 62)
            digits = _DIGITS[digit] + digits
        return f"{prefix}_1T{digits:0>14}"

    def put(self, kind: str, one: Object, key: str | None = None) -> Object:
        """Create or replace an object and return it; its `towline_key` is the record's key."""
        mark = (one.get("metadata") or {}).get("towline_key")
        self.store.put(kind, one["id"], one, key or mark)
        return one

    def change(self, kind: str, one: Object, **values: Any) -> Object:
        """Set fields of an object and return it as it is then."""
        return self.put(kind, one | values)

    def find(self, kind: str, object_id: str) -> Object | None:
        """Return an object, or None."""
        record = self.store.get(kind, object_id)
        return record.object if record else None

    def get(self, kind: str, object_id: str, param: str | None = None) -> Object:
        """Return an object. Raises Stripe's resource_missing."""
        found = self.find(kind, object_id)
        if found is None or found.get("deleted"):
            raise missing(kind.removesuffix("s").replace("_", ""), object_id[:100], param)
        return found

    def having(self, kind: str, **values: str) -> list[Object]:
        """Return the objects with these values, oldest first."""
        (first, value), *others = values.items()
        ids = self._indexes[kind].find((first, value)) if first in FIELDS else list(self.store.kinds.get(kind, {}))
        found = [self.store.kinds[kind][one].object for one in ids]
        wanted = others if first in FIELDS else [(first, value), *others]
        return [one for one in found if all(one.get(name) == value for name, value in wanted)]

    def marked(self, kind: str, name: str, value: str) -> list[Object]:
        """Return the objects whose metadata holds this value under this name."""
        return [self.store.kinds[kind][one].object for one in self._indexes[kind].find(("metadata", name, value))]

    def every(self, kind: str) -> list[Object]:
        """Return all objects of a kind, oldest first."""
        return [record.object for record in self.store.all(kind)]

    def page(self, kind: str, params: Mapping[str, Any], url: str, *filters: str) -> Object:
        """Return a page of a kind, newest first, narrowed by the filters among the parameters."""
        given = read(params, {**PAGE, **dict.fromkeys(filters, text())})
        wanted = {name: given[name] for name in filters if given.get(name) is not None}
        found = self.having(kind, **wanted) if wanted else self.every(kind)
        found = [one for one in found if _in_time(one, given.get("created")) and not one.get("deleted")]
        return paged(found[::-1], given, url)


def paged(found: list[Object], given: Mapping[str, Any], url: str) -> Object:
    """Return the part of a list that is asked for, as Stripe's list object."""
    limit = given.get("limit", 10)
    if not 1 <= limit <= 100:
        raise Refusal(400, f"This value must be between 1 and 100 (it currently is '{limit}').", param="limit")
    places = {one["id"]: place for place, one in enumerate(found)}
    if after := given.get("starting_after"):
        start = _place(places, after, "starting_after") + 1
        part, more = found[start : start + limit], start + limit < len(found)
    elif before := given.get("ending_before"):
        end = _place(places, before, "ending_before")
        part, more = found[max(0, end - limit) : end], end - limit > 0
    else:
        part, more = found[:limit], limit < len(found)
    return {"object": "list", "data": part, "has_more": more, "url": url}


def _place(places: Mapping[str, int], object_id: str, param: str) -> int:
    if object_id not in places:
        raise missing("object", object_id, param)
    return places[object_id]


def _in_time(one: Object, wanted: Any) -> bool:
    if wanted is None:
        return True
    if not isinstance(wanted, dict):
        return bool(one["created"] == integer(wanted, "created"))
    tests = {"gt": int.__gt__, "gte": int.__ge__, "lt": int.__lt__, "lte": int.__le__}
    limits = {name: integer(value, f"created[{name}]") for name, value in wanted.items()}
    if unknown := limits.keys() - tests.keys():
        raise Refusal(400, f"Received unknown parameter: created[{unknown.pop()}]", code="parameter_unknown", param="created")
    return all(tests[name](one["created"], limit) for name, limit in limits.items())


def _terms(record: Record) -> Iterable[Hashable]:
    one = record.object
    for name in FIELDS:
        if isinstance(one.get(name), str):
            yield name, one[name]
    for name, value in (one.get("metadata") or {}).items():
        yield "metadata", name, value


def public(one: Object) -> Object:
    """Return an object as Stripe shows it: without what is kept for the stand-in's own use, an invoice's first ten lines only."""
    shown = {name: value for name, value in one.items() if not name.startswith("_")}
    if one["object"] == "invoice":
        shown["lines"] = paged(one["_lines"], {}, f"/v1/invoices/{one['id']}/lines") | {"total_count": len(one["_lines"])}
    return shown
