"""The properties API (https://developers.hubspot.com/docs/guides/api/crm/properties)."""

import time
from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from sandbox.hubspot.answers import Refusal, batch, inputs_of, iso, object_of
from sandbox.hubspot.objects import kind_in
from sandbox.hubspot.schema import Schema
from sandbox.hubspot.standard import STANDARD, Property
from sandbox.hubspot.vocabulary import Kind
from sandbox.store import Store
from sandbox.system import Json, call_of

TYPES = {
    "string": {"text", "textarea", "html", "phonenumber", "file"},
    "number": {"number"},
    "bool": {"booleancheckbox"},
    "enumeration": {"select", "radio", "checkbox", "booleancheckbox"},
    "date": {"date"},
    "datetime": {"date"},
}


class Properties:
    """Routes below /crm/v3/properties; made properties are kept under kind `properties`."""

    def __init__(self, store: Store, schema: Schema) -> None:
        self.store, self.schema = store, schema

    def routes(self) -> list[Route]:
        """Return the routes."""
        all_of, one = "/crm/v3/properties/{object_type}", "/crm/v3/properties/{object_type}/{name}"
        return [
            Route(all_of, self._list, methods=["GET"]),
            Route(all_of, self._create, methods=["POST"]),
            Route(all_of + "/batch/create", self._create_batch, methods=["POST"]),
            Route(all_of + "/batch/read", self._read_batch, methods=["POST"]),
            Route(one, self._get, methods=["GET"]),
            Route(one, self._change, methods=["PATCH"]),
            Route(one, self._archive, methods=["DELETE"]),
        ]

    async def _list(self, request: Request) -> Response:
        kind = kind_in(request)
        made = [r.object for r in self.store.all("properties") if r.id.startswith(f"{kind.name}/")]
        return Json({"results": [_shown(one) for one in STANDARD[kind.name].values()] + made})

    async def _create(self, request: Request) -> Response:
        kind = kind_in(request)
        return Json(self._made(kind, self._checked(kind, object_of(call_of(request)))), 201)

    async def _create_batch(self, request: Request) -> Response:
        kind, started = kind_in(request), time.time()
        results, errors = [], []
        for one in inputs_of(call_of(request)):
            try:
                results.append(self._made(kind, self._checked(kind, one)))
            except Refusal as refusal:
                errors.append(refusal.entry())
        return batch(results, errors, started, 201)

    async def _read_batch(self, request: Request) -> Response:
        kind, started = kind_in(request), time.time()
        results, errors = [], []
        for one in inputs_of(call_of(request)):
            try:
                results.append(self._found(kind, str(one.get("name"))))
            except Refusal as refusal:
                errors.append(refusal.entry())
        return batch(results, errors, started)

    async def _get(self, request: Request) -> Response:
        return Json(self._found(kind_in(request), request.path_params["name"]))

    async def _change(self, request: Request) -> Response:
        kind, name = kind_in(request), request.path_params["name"]
        held, wanted = self._found(kind, name), object_of(call_of(request))
        if held["hubspotDefined"]:
            raise Refusal(400, f"{name} is a HubSpot-defined property and cannot be changed")
        names = ("label", "description", "groupName", "displayOrder", "hidden", "formField")
        changed = held | {n: wanted[n] for n in names if n in wanted} | {"updatedAt": iso(time.time())}
        if "options" in wanted:
            changed["options"] = _options(wanted["options"])
        self.store.put("properties", f"{kind.name}/{name}", changed)
        return Json(changed)

    async def _archive(self, request: Request) -> Response:
        self.store.delete("properties", f"{kind_in(request).name}/{request.path_params['name']}")
        return Response(status_code=204)

    def _found(self, kind: Kind, name: str) -> dict[str, Any]:
        made = self.store.get("properties", f"{kind.name}/{name}")
        if made:
            return made.object
        if name not in STANDARD[kind.name]:
            raise Refusal(404, f'Property "{name}" does not exist', subCategory="Properties.PROPERTY_NOT_FOUND")
        return _shown(STANDARD[kind.name][name])

    def _checked(self, kind: Kind, wanted: dict[str, Any]) -> dict[str, Any]:
        missing = [name for name in ("name", "label", "type", "fieldType", "groupName") if not wanted.get(name)]
        if missing:
            message = f"Invalid input JSON: some required fields were not set: {missing}"
            raise Refusal(400, message, context={"propertyName": missing})
        name = wanted["name"]
        if not isinstance(name, str) or not name[0].isalpha() or not name.replace("_", "").isalnum() or name != name.lower():
            raise Refusal(
                400, f"Property name {name} must be of lower-case letters, digits and underscores, beginning with a letter"
            )
        if str(wanted["fieldType"]) not in TYPES.get(str(wanted["type"]), ()):
            raise Refusal(400, f"Property type {wanted['type']} cannot have the field type {wanted['fieldType']}")
        if wanted.get("hasUniqueValue") and wanted["type"] not in ("string", "number"):
            raise Refusal(400, "Only string and number properties can have unique values")
        if self.schema.get(kind.name, name):
            raise Refusal(409, f'A property named "{name}" already exists.', subCategory="Properties.PROPERTY_EXISTS")
        return wanted

    def _made(self, kind: Kind, wanted: dict[str, Any]) -> dict[str, Any]:
        now = iso(time.time())
        shown = {
            "updatedAt": now,
            "createdAt": now,
            "name": wanted["name"],
            "label": wanted["label"],
            "type": wanted["type"],
            "fieldType": wanted["fieldType"],
            "description": wanted.get("description") or "",
            "groupName": wanted["groupName"],
            "options": _options(wanted.get("options") or []),
            "displayOrder": wanted.get("displayOrder", -1),
            "calculated": False,
            "externalOptions": False,
            "archived": False,
            "hasUniqueValue": bool(wanted.get("hasUniqueValue")),
            "hidden": bool(wanted.get("hidden")),
            "hubspotDefined": False,
            "formField": bool(wanted.get("formField")),
            "modificationMetadata": {"archivable": True, "readOnlyDefinition": False, "readOnlyValue": False},
        }
        self.store.put("properties", f"{kind.name}/{wanted['name']}", shown)
        return shown


def _options(given: Any) -> list[dict[str, Any]]:
    try:
        return [
            {
                "label": one["label"],
                "value": one["value"],
                "description": one.get("description", ""),
                "displayOrder": one.get("displayOrder", place),
                "hidden": one.get("hidden", False),
            }
            for place, one in enumerate(given)
        ]
    except (KeyError, TypeError, AttributeError):
        raise Refusal(400, "Invalid input JSON: an option needs label and value") from None


def _shown(standard: Property) -> dict[str, Any]:
    return {
        "name": standard.name,
        "label": standard.label,
        "type": standard.type,
        "fieldType": standard.field_type,
        "description": "",
        "groupName": "standard",
        "options": _options([{"label": value, "value": value} for value in standard.options]),
        "displayOrder": -1,
        "calculated": False,
        "externalOptions": standard.type == "enumeration" and not standard.options,
        "archived": False,
        "hasUniqueValue": standard.unique,
        "hidden": False,
        "hubspotDefined": True,
        "formField": not standard.read_only,
        "modificationMetadata": {"archivable": False, "readOnlyDefinition": True, "readOnlyValue": standard.read_only},
    }
