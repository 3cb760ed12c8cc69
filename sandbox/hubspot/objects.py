"""The objects API, one record a call (https://developers.hubspot.com/docs/guides/api/crm/objects/contacts)."""

from bisect import bisect_right

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from sandbox.hubspot.answers import Refusal, number_of, object_of, page, words_of
from sandbox.hubspot.changes import app
from sandbox.hubspot.records import Records
from sandbox.hubspot.vocabulary import BY_ANY_NAME, Kind
from sandbox.store import Record
from sandbox.system import Call, Json, call_of


class Objects:
    """Routes below /crm/v3/objects/{object_type} for single records."""

    def __init__(self, records: Records) -> None:
        self.records = records

    def routes(self) -> list[Route]:
        """Return the routes; those of batch and search must stand before them."""
        all_of, one = "/crm/v3/objects/{object_type}", "/crm/v3/objects/{object_type}/{record_id}"
        return [
            Route(all_of, self._list, methods=["GET"]),
            Route(all_of, self._create, methods=["POST"]),
            Route(one, self._get, methods=["GET"]),
            Route(one, self._change, methods=["PATCH"]),
            Route(one, self._archive, methods=["DELETE"]),
        ]

    async def _list(self, request: Request) -> Response:
        kind, call = kind_in(request), call_of(request)
        limit = number_of(call, "limit", 10, 100)
        source = f"archived {kind.name}" if _wants_archived(call) else kind.name
        held = self.records.store.kinds.get(source, {})
        ids = sorted(held, key=int)
        after = call.query.get("after", "0")
        if not after.isdecimal():
            raise Refusal(400, f"Invalid after: {after}")
        first = bisect_right(ids, int(after), key=int)
        shown = [self.records.shown(kind, held[i], _wanted(call), _types(call)) for i in ids[first : first + limit]]
        last = ids[first + limit - 1] if first + limit < len(ids) else None
        return Json(page(shown, last, f"https://api.hubapi.com{call.path}?limit={limit}&"))

    async def _create(self, request: Request) -> Response:
        kind, call = kind_in(request), call_of(request)
        body = object_of(call)
        if "properties" not in body:
            raise Refusal(400, "Invalid input JSON: some required fields were not set: [properties]")
        draft = self.records.draft(kind, body["properties"], links=body.get("associations"))
        record = self.records.write(draft, app(call.token))
        return Json(self.records.shown(kind, record, record.object["properties"]), 201)

    async def _get(self, request: Request) -> Response:
        kind, call = kind_in(request), call_of(request)
        histories = words_of(call, "propertiesWithHistory")
        return Json(self.records.shown(kind, self._found(kind, call, request), _wanted(call), _types(call), histories))

    async def _change(self, request: Request) -> Response:
        kind, call = kind_in(request), call_of(request)
        record = self.records.get(kind, request.path_params["record_id"], call.query.get("idProperty"))
        given = object_of(call).get("properties", {})
        changed = self.records.write(self.records.draft(kind, given, record), app(call.token))
        return Json(self.records.shown(kind, changed, [*kind.default, *given]))

    async def _archive(self, request: Request) -> Response:
        self.records.archive(kind_in(request), request.path_params["record_id"], app(call_of(request).token))
        return Response(status_code=204)

    def _found(self, kind: Kind, call: Call, request: Request) -> Record:
        wanted = request.path_params["record_id"]
        if _wants_archived(call):
            record = self.records.store.get(f"archived {kind.name}", wanted)
            if not record:
                raise Refusal(404, "resource not found")
            return record
        return self.records.get(kind, wanted, call.query.get("idProperty"))


def kind_in(request: Request, name: str = "object_type") -> Kind:
    """Return the object type in a path; raises HubSpot's 400."""
    kind = BY_ANY_NAME.get(request.path_params[name])
    if not kind:
        raise Refusal(400, f"Unable to infer object type from: {request.path_params[name]}")
    return kind


def _wanted(call: Call) -> list[str] | None:
    return words_of(call, "properties") or None


def _wants_archived(call: Call) -> bool:
    return call.query.get("archived", "").lower() == "true"  # HubSpot's own client sends True


def _types(call: Call) -> list[str]:
    return [BY_ANY_NAME[word].name for word in words_of(call, "associations") if word in BY_ANY_NAME]
