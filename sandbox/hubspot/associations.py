"""The associations API, v4 and v3 (https://developers.hubspot.com/docs/guides/api/crm/associations/associations-v4)."""

import time
from collections.abc import Callable, Coroutine
from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from sandbox.hubspot.answers import Refusal, batch, body_of, inputs_of, number_of, page
from sandbox.hubspot.links import End, Links, between, end_of, old_name, plain_link
from sandbox.hubspot.objects import kind_in
from sandbox.hubspot.vocabulary import KINDS, Kind, Link
from sandbox.store import Store
from sandbox.system import Json, call_of

Input = dict[str, Any]
PAGE = 500  # associations of one record in an answer


class Associations:
    """Routes of the associations API; one that has several objects to join tells of each."""

    def __init__(self, store: Store, links: Links) -> None:
        self.store, self.links = store, links

    def routes(self) -> list[Route]:
        """Return the routes; they must stand before those of single records."""
        record = "objects/{from_type}/{from_id}/associations"
        pair, both = "associations/{from_type}/{to_type}", "{to_type}/{to_id}"
        table: list[tuple[str, str, Callable[[Request], Coroutine[Any, Any, Response]]]] = [
            ("PUT", f"v4/{record}/default/{both}", self._put_default),
            ("PUT", f"v4/{record}/{both}", self._put),
            ("DELETE", f"v4/{record}/{both}", self._drop),
            ("GET", f"v4/{record}/{{to_type}}", self._list),
            ("POST", f"v4/{pair}/batch/create", self._create),
            ("POST", f"v4/{pair}/batch/associate/default", self._create_default),
            ("POST", f"v4/{pair}/batch/read", self._read),
            ("POST", f"v4/{pair}/batch/archive", self._archive),
            ("GET", f"v4/{pair}/labels", self._labels),
            ("PUT", f"v3/{record}/{both}/{{name}}", self._put_old),
            ("DELETE", f"v3/{record}/{both}/{{name}}", self._drop),
            ("GET", f"v3/{record}/{{to_type}}", self._list_old),
            ("POST", f"v3/{pair}/batch/create", self._create_old),
            ("POST", f"v3/{pair}/batch/read", self._read_old),
            ("POST", f"v3/{pair}/batch/archive", self._archive_old),
            ("GET", f"v3/{pair}/types", self._types_old),
        ]
        return [Route(f"/crm/{path}", answer, methods=[method]) for method, path, answer in table]

    async def _put_default(self, request: Request) -> Response:
        source, target = _ends(request)
        self.links.put(source, target)
        return batch(_default_results(source, target), [], time.time())

    async def _put(self, request: Request) -> Response:
        source, target = _ends(request)
        self.links.put(source, target, _types(body_of(call_of(request))))
        return Json(_pair(source, target))

    async def _drop(self, request: Request) -> Response:
        self.links.drop(*_ends(request))
        return Response(status_code=204)

    async def _list(self, request: Request) -> Response:
        source, target, call = self._one(request), kind_in(request, "to_type"), call_of(request)
        limit, after = number_of(call, "limit", 500, 500), call.query.get("after", "")
        found = sorted(self.links.of(source, target.name), key=lambda pair: int(pair[0]))
        rest = [(other, links) for other, links in found if not after.isdecimal() or int(other) > int(after)]
        shown = [_labelled(other, links) for other, links in rest[:limit]]
        return Json(page(shown, rest[limit - 1][0] if len(rest) > limit else None, f"https://api.hubapi.com{call.path}?"))

    async def _create(self, request: Request) -> Response:
        def join(one: Input, source: End, target: End) -> list[Any]:
            self.links.put(source, target, _types(one.get("types")))
            return [_pair(source, target)]

        return self._each(request, join, done=201)

    async def _create_default(self, request: Request) -> Response:
        def join(one: Input, source: End, target: End) -> list[Any]:
            self.links.put(source, target)
            return _default_results(source, target)

        return self._each(request, join)

    async def _create_old(self, request: Request) -> Response:
        def join(one: Input, source: End, target: End) -> list[Any]:
            self.links.put(source, target, [_by_name(source, target, str(one.get("type"))).type_id])
            return [{"from": {"id": source.id}, "to": {"id": target.id}, "type": one.get("type")}]

        return self._each(request, join, done=201)

    def _each(self, request: Request, join: Callable[[Input, End, End], list[Any]], done: int = 200) -> Response:
        source, target, started = kind_in(request, "from_type"), kind_in(request, "to_type"), time.time()
        results, errors = [], []
        for one in inputs_of(call_of(request), 2000):
            try:
                results += join(one, end_of(source, _id(one, "from")), end_of(target, _id(one, "to")))
            except Refusal as refusal:
                if refusal.response.status_code == 400:
                    raise
                errors.append(refusal.entry())
        return batch(results, errors, started, done)

    async def _read(self, request: Request) -> Response:
        return self._read_each(request, lambda other, links: [_labelled(other, links)], PAGE)

    async def _read_old(self, request: Request) -> Response:
        return self._read_each(request, lambda other, links: [{"id": other, "type": old_name(link)} for link in links])

    def _read_each(self, request: Request, shown: Callable[[str, list[Link]], list[Any]], most: int | None = None) -> Response:
        source, target, started = kind_in(request, "from_type"), kind_in(request, "to_type"), time.time()
        results, errors = [], []
        for one in inputs_of(call_of(request), 1000):
            found = sorted(self.links.of(end_of(source, one.get("id")), target.name), key=lambda pair: int(pair[0]))
            after = str(one.get("after") or "0")
            rest = [pair for pair in found if not after.isdecimal() or int(pair[0]) > int(after)]
            if found:
                to = [shape for other, links in rest[:most] for shape in shown(other, links)]
                more = {"paging": {"next": {"after": rest[most - 1][0]}}} if most and len(rest) > most else {}
                results.append({"from": {"id": str(one["id"])}, "to": to} | more)
            else:
                errors.append(_none_found(source, target, str(one.get("id"))))
        return batch(results, errors, started)

    async def _archive(self, request: Request) -> Response:
        source, target = kind_in(request, "from_type"), kind_in(request, "to_type")
        for one in inputs_of(call_of(request), 2000):
            others = one.get("to")
            for other in others if isinstance(others, list) else [others]:
                self.links.drop(end_of(source, _id(one, "from")), end_of(target, _id({"to": other}, "to")))
        return Response(status_code=204)

    async def _archive_old(self, request: Request) -> Response:
        source, target = kind_in(request, "from_type"), kind_in(request, "to_type")
        for one in inputs_of(call_of(request), 2000):
            self.links.drop(end_of(source, _id(one, "from")), end_of(target, _id(one, "to")))
        return Response(status_code=204)

    async def _labels(self, request: Request) -> Response:
        links = between(kind_in(request, "from_type").name, kind_in(request, "to_type").name)
        return Json({"results": [_spec(link) for link in links]})

    async def _types_old(self, request: Request) -> Response:
        links = between(kind_in(request, "from_type").name, kind_in(request, "to_type").name)
        return Json({"results": [{"id": str(link.type_id), "name": old_name(link)} for link in links]})

    async def _put_old(self, request: Request) -> Response:
        source, target = _ends(request)
        self.links.put(source, target, [_by_name(source, target, request.path_params["name"]).type_id])
        record = self.store.kinds[source.kind][source.id]
        kind = KINDS[source.kind]
        names = sorted({*kind.always, *kind.default})
        shown = {"id": record.id, "properties": {name: record.object["properties"].get(name) for name in names}}
        times = {"createdAt": record.object["properties"][kind.created], "updatedAt": record.object["properties"][kind.modified]}
        linked = {target.kind: {"results": self._old_results(source, target.kind)}}
        return Json(shown | times | {"archived": False, "associations": linked})

    async def _list_old(self, request: Request) -> Response:
        return Json({"results": self._old_results(self._one(request), kind_in(request, "to_type").name)})

    def _old_results(self, source: End, target: str) -> list[dict[str, str]]:
        return [{"id": other, "type": old_name(link)} for other, links in self.links.of(source, target) for link in links]

    def _one(self, request: Request) -> End:
        source = end_of(kind_in(request, "from_type"), request.path_params["from_id"])
        if not self.store.get(source.kind, source.id):
            raise Refusal(404, "resource not found", context={"id": [source.id]})
        return source


def _ends(request: Request) -> tuple[End, End]:
    source, target = kind_in(request, "from_type"), kind_in(request, "to_type")
    return end_of(source, request.path_params["from_id"]), end_of(target, request.path_params["to_id"])


def _id(one: Input, side: str) -> str:
    try:
        return str(one[side]["id"])
    except (KeyError, TypeError):
        raise Refusal(400, f"Invalid input JSON: an association needs {side}.id", context={"propertyName": [side]}) from None


def _types(given: Any) -> list[int]:
    try:
        types = [int(one["associationTypeId"]) for one in given]
    except (KeyError, TypeError, ValueError):
        types = []
    if not types:
        raise Refusal(400, "Invalid input JSON: an association needs types with an associationTypeId")
    return types


def _by_name(source: End, target: End, name: str) -> Link:
    for link in between(source.kind, target.kind):
        if name in (old_name(link), str(link.type_id)):
            return link
    raise Refusal(400, f"{name} is not a valid association type", subCategory="crm.associations.INVALID_ASSOCIATION_TYPE")


def _pair(source: End, target: End) -> dict[str, Any]:
    return {
        "fromObjectTypeId": KINDS[source.kind].type_id,
        "fromObjectId": int(source.id),
        "toObjectTypeId": KINDS[target.kind].type_id,
        "toObjectId": int(target.id),
        "labels": [],
    }


def _default_results(source: End, target: End) -> list[dict[str, Any]]:
    """Return both directions of the plain association, as HubSpot does."""
    there = plain_link(source.kind, target.kind)
    sides = ((source, target, there.type_id), (target, source, there.reverse_id))
    spec = {"associationCategory": "HUBSPOT_DEFINED"}
    return [{"from": {"id": a.id}, "to": {"id": b.id}, "associationSpec": spec | {"associationTypeId": n}} for a, b, n in sides]


def _spec(link: Link) -> dict[str, Any]:
    return {"category": "HUBSPOT_DEFINED", "typeId": link.type_id, "label": "Primary" if link.primary else None}


def _labelled(other: str, links: list[Link]) -> dict[str, Any]:
    return {"toObjectId": int(other), "associationTypes": [_spec(link) for link in links]}


def _none_found(source: Kind, target: Kind, record_id: str) -> dict[str, Any]:
    message = f"No {target.singular} is associated with {source.singular} {record_id}."
    context = {"fromObjectId": [record_id], "fromObjectType": [source.singular], "toObjectType": [target.singular]}
    return Refusal(404, message, subCategory="crm.associations.NO_ASSOCIATIONS_FOUND", context=context).entry()
