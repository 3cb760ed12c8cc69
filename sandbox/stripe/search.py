"""Stripe's search query language; unlike Stripe's own, what was written just now is found at once.

https://docs.stripe.com/search#search-query-language
"""

import re
from collections.abc import Mapping
from typing import Any

from sandbox.stripe.answers import Refusal
from sandbox.stripe.forms import Reader, anything, integer, read, text
from sandbox.stripe.shelf import Object, Shelf

CLAUSE = re.compile(
    r"""\s*(?P<no>-)?(?P<field>[a-z_]+)(?:\[(?P<q>["'])(?P<name>(?:\\.|(?!(?P=q)).)*)(?P=q)\])?\s*"""
    r"""(?P<sign>:|~|>=|<=|>|<)\s*(?:(?P<r>["'])(?P<text>(?:\\.|(?!(?P=r)).)*)(?P=r)|(?P<plain>[\w.-]+))\s*""",
)
JOINT = re.compile(r"(AND|OR)\b", re.IGNORECASE)
MOST = 10
SHAPE: Mapping[str, Reader] = {"query": text(), "limit": integer, "page": text(), "expand": anything}
Clause = Mapping[str, Any]


def search(shelf: Shelf, kind: str, params: Mapping[str, Any], fields: tuple[str, ...]) -> Object:
    """Return a page of what a query finds, newest first."""
    given = read(params, SHAPE, "query")
    clauses, joint = _parsed(given["query"], fields)
    found = [one for one in _candidates(shelf, kind, clauses) if _fits(one, clauses, joint) and not one.get("deleted")]
    limit, start = given.get("limit", 10), integer(given.get("page") or 0, "page")
    if not 1 <= limit <= 100:
        raise Refusal(400, f"This value must be between 1 and 100 (it currently is '{limit}').", param="limit")
    part, more = found[start : start + limit], start + limit < len(found)
    url, after = f"/v1/{kind}/search", str(start + limit) if more else None
    return {"object": "search_result", "data": part, "has_more": more, "next_page": after, "url": url}


def _parsed(query: str, fields: tuple[str, ...]) -> tuple[list[Clause], str]:
    clauses: list[Clause] = []
    joints, place = set[str](), 0
    while True:
        found = CLAUSE.match(query, place)
        if not found or (found["field"] == "metadata") != bool(found["q"]):
            raise _unreadable()
        if found["field"] not in fields:
            raise Refusal(400, f"Field `{found['field']}` is an unsupported search field for this resource.", param="query")
        clauses.append(found.groupdict())
        place = found.end()
        if place >= len(query):
            break
        joint = JOINT.match(query, place)
        if not joint:
            raise _unreadable()
        joints.add(joint[1].upper())
        place = joint.end()
    if len(joints) > 1 or len(clauses) > MOST:
        raise Refusal(400, "A search query can have up to 10 clauses, joined by AND or by OR, not by both.", param="query")
    return clauses, joints.pop() if joints else "AND"


def _unreadable() -> Refusal:
    return Refusal(400, "We were unable to parse your search query.", param="query")


def _candidates(shelf: Shelf, kind: str, clauses: list[Clause]) -> list[Object]:
    """Return what may fit, by index where all clauses ask for metadata."""
    if not all(one["field"] == "metadata" and one["sign"] == ":" and not one["no"] for one in clauses):
        return shelf.every(kind)[::-1]
    found = [item for one in clauses for item in shelf.marked(kind, one["name"], _value(one))]
    unique = {item["id"]: item for item in found}
    return sorted(unique.values(), key=lambda item: str(item["id"]), reverse=True)


def _fits(one: Object, clauses: list[Clause], joint: str) -> bool:
    results = (_holds(one, clause) != bool(clause["no"]) for clause in clauses)
    return all(results) if joint == "AND" else any(results)


def _holds(one: Object, clause: Clause) -> bool:
    held: Any = one.get(clause["field"])
    if clause["name"] is not None:
        held = (held or {}).get(clause["name"])
    wanted = _value(clause)
    if wanted == "null":
        return held is None
    match clause["sign"]:
        case ":":
            return held is not None and str(held).casefold() == wanted.casefold()
        case "~":
            return held is not None and wanted.casefold() in str(held).casefold()
    number = integer(wanted, "query")
    signs = {">": int.__gt__, ">=": int.__ge__, "<": int.__lt__, "<=": int.__le__}
    return isinstance(held, int) and signs[clause["sign"]](held, number)


def _value(clause: Clause) -> str:
    return re.sub(r"\\(.)", r"\1", clause["text"]) if clause["text"] is not None else str(clause["plain"])
