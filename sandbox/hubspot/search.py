"""The search API (https://developers.hubspot.com/docs/guides/api/crm/search).

HubSpot's own search lags a few seconds behind writes; this one does not.
"""

import re
from collections.abc import Callable, Iterable
from fnmatch import fnmatchcase
from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from sandbox.hubspot.answers import Refusal, object_of, page, texts_of
from sandbox.hubspot.links import End
from sandbox.hubspot.objects import kind_in
from sandbox.hubspot.records import LONGEST_INDEXED, Records
from sandbox.hubspot.schema import moment_of
from sandbox.hubspot.vocabulary import BY_ANY_NAME, Kind
from sandbox.store import Record
from sandbox.system import Json, call_of

MOST_GROUPS, MOST_FILTERS, MOST_RESULTS, MOST_A_PAGE = 5, 6, 10_000, 200
Filter = dict[str, Any]
Test = Callable[[str | None, Filter], bool]


class Search:
    """Answers searches; what an index can narrow is not scanned."""

    def __init__(self, records: Records) -> None:
        self.records = records

    def routes(self) -> list[Route]:
        """Return the route."""
        return [Route("/crm/v3/objects/{object_type}/search", self._search, methods=["POST"])]

    async def _search(self, request: Request) -> Response:
        kind, body = kind_in(request), object_of(call_of(request))
        limit, first = _whole(body, "limit", 10), _whole(body, "after", 0)
        if not 0 <= limit <= MOST_A_PAGE or limit + first > MOST_RESULTS:
            raise Refusal(400, f"A page has at most {MOST_A_PAGE} results, and paging ends at {MOST_RESULTS}")
        found = self._matching(kind, body)
        self._sort(found, body.get("sorts") or [])
        wanted = texts_of(body, "properties") or None
        shown = [self.records.shown(kind, record, wanted) for record in found[first : first + limit]]
        after = str(first + limit) if first + limit < len(found) else None
        return Json({"total": len(found)} | page(shown, after))

    def _matching(self, kind: Kind, body: dict[str, Any]) -> list[Record]:
        given = body.get("filterGroups") or []
        if not isinstance(given, list):
            raise Refusal(400, "Invalid input JSON: filterGroups must be a list")
        groups = [self._checked(kind, group) for group in given]
        if len(groups) > MOST_GROUPS:
            raise Refusal(400, f"There are at most {MOST_GROUPS} filterGroups, got {len(groups)}")
        words = str(body.get("query") or "").casefold().split()
        found: dict[str, Record] = {}
        for group in groups or [[]]:
            found |= {r.id: r for r in self._candidates(kind, group) if all(self._passes(kind, r, one) for one in group)}
        return [record for record in found.values() if all(_mentions(record, word) for word in words)]

    def _candidates(self, kind: Kind, group: list[Filter]) -> Iterable[Record]:
        """Return the records that may pass a group: those of its narrowest indexed filter, or all."""
        index = self.records.index[kind.name]
        narrow: list[list[str]] = []
        for one in group:
            prop = self.records.schema.get(kind.name, one["propertyName"])
            values = {v.casefold() for v in (one["values"] if one["operator"] == "IN" else [one.get("value", "")])}
            exact = one["operator"] in ("EQ", "IN") and prop is not None and prop.type in ("string", "enumeration")
            if exact and all(len(v) <= LONGEST_INDEXED for v in values):
                narrow.append([i for value in values for i in index.find((one["propertyName"], value))])
        records = self.records.store.kinds.get(kind.name, {})
        if not narrow:
            return list(records.values())
        fewest = min(narrow, key=len)
        return [records[i] for i in sorted(fewest, key=int)]

    def _checked(self, kind: Kind, group: Any) -> list[Filter]:
        filters = group.get("filters") if isinstance(group, dict) else None
        if not isinstance(filters, list) or not all(isinstance(one, dict) for one in filters):
            raise Refusal(400, "Invalid input JSON: a filterGroup needs a list of filters")
        if len(filters) > MOST_FILTERS:
            raise Refusal(400, f"There are at most {MOST_FILTERS} filters in a filterGroup, got {len(filters)}")
        return [self._filter(kind, one) for one in filters]

    def _filter(self, kind: Kind, one: Filter) -> Filter:
        name, operator = str(one.get("propertyName")), str(one.get("operator"))
        if operator not in TESTS:
            raise Refusal(400, f"Invalid operator {operator}: must be one of {', '.join(TESTS)}")
        linked = name.removeprefix("associations.")
        if not self.records.schema.get(kind.name, name) and (linked == name or linked not in BY_ANY_NAME):
            message = f'There was a problem with the request: property "{name}" does not exist'
            raise Refusal(400, message, errors=[{"message": message, "code": "PROPERTY_DOESNT_EXIST"}])
        needs = {"IN": ["values"], "NOT_IN": ["values"], "BETWEEN": ["value", "highValue"]}.get(operator, ["value"])
        missing = [field for field in needs if one.get(field) in (None, [])] if "HAS_PROPERTY" not in operator else []
        if missing:
            raise Refusal(400, f"A filter with {operator} on {name} needs {' and '.join(missing)}")
        texts = {field: str(one[field]) for field in ("value", "highValue") if one.get(field) is not None}
        return {"propertyName": name, "operator": operator, "values": texts_of(one, "values"), **texts}

    def _passes(self, kind: Kind, record: Record, one: Filter) -> bool:
        name = one["propertyName"]
        if name.startswith("associations."):
            target = BY_ANY_NAME[name.removeprefix("associations.")].name
            ids = [other for other, _ in self.records.links.of(End(kind.name, record.id), target)]
            return any(TESTS[one["operator"]](other, one) for other in ids) if ids else TESTS[one["operator"]](None, one)
        return TESTS[one["operator"]](record.object["properties"].get(name), one)

    def _sort(self, found: list[Record], sorts: Any) -> None:
        if not isinstance(sorts, list) or not all(isinstance(one, str | dict) for one in sorts):
            raise Refusal(400, "Invalid input JSON: sorts must be a list of properties")
        for wanted in reversed(sorts):
            text = wanted if isinstance(wanted, str) else str(wanted.get("propertyName"))
            down = text.startswith("-") or (isinstance(wanted, dict) and wanted.get("direction") == "DESCENDING")
            name = text.lstrip("-")
            found.sort(key=lambda record: _rank(record.object["properties"].get(name)), reverse=down)


def _rank(value: str | None) -> tuple[int, float, str]:
    """Order values: none first, numbers by size, the rest by letters."""
    if value is None:
        return (0, 0.0, "")
    try:
        return (1, float(value), "")
    except ValueError:
        return (2, 0.0, value.casefold())


def _is(value: str | None, other: str) -> bool:
    return value is not None and (value.casefold() == other.casefold() or _compare(value, other) == 0)


def _compare(value: str | None, other: str) -> float | None:
    """Return how a value stands to another (negative: below), times given in milliseconds included; None if it has none."""
    if value is None:
        return None
    left, right = _rank(_milliseconds(value)), _rank(_milliseconds(other))
    return (left > right) - (left < right) if left[0] == right[0] else None


def _milliseconds(text: str) -> str:
    moment = moment_of(text) if re.match(r"\d{4}-\d\d-\d\d", text) else None
    return str(moment.timestamp() * 1000) if moment else text


def _contains(value: str | None, wanted: str) -> bool:
    if value is None:
        return False
    text, patterns = value.casefold(), wanted.casefold().split()
    tokens = {*re.findall(r"\w+", text), *text.split()}
    return all(any(fnmatchcase(token, pattern) for token in tokens) for pattern in patterns)


def _mentions(record: Record, word: str) -> bool:
    return any(word in value.casefold() for value in record.object["properties"].values())


TESTS: dict[str, Test] = {
    "EQ": lambda value, one: _is(value, one["value"]),
    "NEQ": lambda value, one: not _is(value, one["value"]),
    "IN": lambda value, one: any(_is(value, other) for other in one["values"]),
    "NOT_IN": lambda value, one: value is not None and not any(_is(value, other) for other in one["values"]),
    "HAS_PROPERTY": lambda value, one: value is not None,
    "NOT_HAS_PROPERTY": lambda value, one: value is None,
    "GT": lambda value, one: (_compare(value, one["value"]) or 0) > 0,
    "GTE": lambda value, one: (_compare(value, one["value"]) if value is not None else -1) in (0, 1),
    "LT": lambda value, one: (_compare(value, one["value"]) or 0) < 0,
    "LTE": lambda value, one: _compare(value, one["value"]) in (0, -1),
    "BETWEEN": lambda value, one: _compare(value, one["value"]) in (0, 1) and _compare(value, one["highValue"]) in (0, -1),
    "CONTAINS_TOKEN": lambda value, one: _contains(value, one["value"]),
    "NOT_CONTAINS_TOKEN": lambda value, one: not _contains(value, one["value"]),
}


def _whole(body: dict[str, Any], name: str, default: int) -> int:
    text = str(body.get(name) if body.get(name) not in (None, "") else default)
    if not text.isdecimal():
        raise Refusal(400, f"Invalid {name}: {text}")
    return int(text)
