"""Puts whole objects in the place of ids where a call asks for that. https://docs.stripe.com/expand"""

from typing import Any

from sandbox.stripe.answers import Refusal
from sandbox.stripe.shelf import PREFIXES, Object, Shelf, paged, public

KINDS = {prefix: kind for kind, prefix in PREFIXES.items()}
DEEPEST = 4


def expanded(shelf: Shelf, answer: Object, wanted: Any) -> Object:
    """Return an answer as the outside sees it, with what `expand` names whole. Raises Stripe's refusal of other names."""
    shown = _public(answer)
    for path in wanted if isinstance(wanted, list) else [wanted] if wanted else []:
        parts = str(path).split(".")
        if len(parts) > DEEPEST:
            raise Refusal(400, f"You cannot expand more than {DEEPEST} levels of a property.", param="expand")
        _expand(shelf, shown, parts, str(path))
    return shown


def _public(one: Object) -> Object:
    if one.get("object") in ("list", "search_result"):
        return _page(one)
    return one if one.get("deleted") else public(one)


def _page(one: Object) -> Object:
    return one | {"data": [_public(item) for item in one["data"]]}


def _expand(shelf: Shelf, place: Any, parts: list[str], path: str) -> None:
    if not parts:
        return
    if isinstance(place, list):
        for one in place:
            _expand(shelf, one, parts, path)
        return
    name, rest = parts[0], parts[1:]
    if not isinstance(place, dict):
        return
    if name not in place:
        place[name] = _included(shelf, place, name, path)
    held = place[name]
    if isinstance(held, str):
        kind = KINDS.get(held.partition("_")[0])
        found = shelf.find(kind, held) if kind else None
        if found is None:
            raise Refusal(400, f"This property cannot be expanded ({path}).", param="expand")
        place[name] = _public(found)
    elif isinstance(held, dict):
        place[name] = dict(held)
    _expand(shelf, place[name], rest, path)


def _included(shelf: Shelf, place: Object, name: str, path: str) -> Object:
    """Return a list that is left out of an object unless it is asked for."""
    match place.get("object"), name:
        case "invoice", "payments":
            found = shelf.having("invoice_payments", invoice=place["id"])
            return _page(paged(found, {}, f"/v1/invoice_payments?invoice={place['id']}"))
        case "charge", "refunds":
            found = shelf.having("refunds", charge=place["id"])
            return _page(paged(found[::-1], {}, f"/v1/charges/{place['id']}/refunds"))
        case "quote", "line_items":
            lines = shelf.get("quotes", place["id"])["_lines"]
            return _page(paged(lines, {}, f"/v1/quotes/{place['id']}/line_items"))
    raise Refusal(400, f"This property cannot be expanded ({path}).", param="expand")
