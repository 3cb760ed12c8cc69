"""Pipelines of deals and tickets and their stages, and the API that lists and makes them."""

import time
from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from sandbox.hubspot.answers import Refusal, iso, object_of
from sandbox.hubspot.vocabulary import BY_ANY_NAME, DEAL_STAGES, TICKET_STAGES
from sandbox.store import Store
from sandbox.system import Json, call_of

DEFAULTS = {"deals": "default", "tickets": "0"}


class Pipelines:
    """What is kept under kind `pipelines`, one record a pipeline with its stages."""

    def __init__(self, store: Store) -> None:
        self.store = store

    def seed(self) -> None:
        """Put HubSpot's default pipelines unless they are there."""
        sales = [stage(i, label, {"probability": p, "isClosed": str(p in ("0.0", "1.0")).lower()}) for i, label, p in DEAL_STAGES]
        support = [stage(i, label, {"ticketState": state}) for i, label, state in TICKET_STAGES]
        for kind, label, stages in (("deals", "Sales Pipeline", sales), ("tickets", "Support Pipeline", support)):
            if not self.store.get("pipelines", f"{kind}/{DEFAULTS[kind]}"):
                self._put(kind, DEFAULTS[kind], {"label": label, "displayOrder": 0, "stages": _in_order(stages)})

    def of(self, kind: str) -> list[dict[str, Any]]:
        """Return an object type's pipelines as HubSpot shows them."""
        return [record.object for record in self.store.all("pipelines") if record.id.startswith(f"{kind}/")]

    def ids(self, kind: str) -> list[str]:
        """Return the ids of an object type's pipelines."""
        return [pipeline["id"] for pipeline in self.of(kind)]

    def stages(self, kind: str, pipeline: str | None) -> list[str]:
        """Return the ids of a pipeline's stages, of the default one if none is named."""
        record = self.store.get("pipelines", f"{kind}/{pipeline or DEFAULTS[kind]}")
        return [one["id"] for one in record.object["stages"]] if record else []

    def stage(self, kind: str, stage_id: str | None) -> dict[str, Any]:
        """Return a stage as HubSpot shows it, empty if there is none."""
        return next((one for pipeline in self.of(kind) for one in pipeline["stages"] if one["id"] == stage_id), {})

    def label(self, kind: str, stage_id: str) -> str:
        """Return what people call a stage."""
        return str(self.stage(kind, stage_id).get("label", stage_id))

    def routes(self) -> list[Route]:
        """Return the pipelines API (https://developers.hubspot.com/docs/guides/api/crm/pipelines)."""
        all_of, one = "/crm/v3/pipelines/{object_type}", "/crm/v3/pipelines/{object_type}/{pipeline_id}"
        return [
            Route(all_of, self._list, methods=["GET"]),
            Route(all_of, self._create, methods=["POST"]),
            Route(one, self._get, methods=["GET"]),
            Route(one, self._change, methods=["PATCH"]),
            Route(one + "/stages", self._list_stages, methods=["GET"]),
            Route(one + "/stages", self._create_stage, methods=["POST"]),
            Route(one + "/stages/{stage_id}", self._get_stage, methods=["GET"]),
        ]

    async def _list(self, request: Request) -> Response:
        return Json({"results": self.of(_kind(request))})

    async def _create(self, request: Request) -> Response:
        kind, wanted = _kind(request), object_of(call_of(request))
        _needs(wanted, "label", "displayOrder", "stages")
        if any(pipeline["label"] == wanted["label"] for pipeline in self.of(kind)):
            raise Refusal(409, f"A pipeline with the label {wanted['label']} exists already", category="CONFLICT")
        if not isinstance(wanted["stages"], list):
            raise Refusal(400, "Invalid input JSON: stages must be a list", context={"propertyName": ["stages"]})
        stages = [self._new_stage(kind, one) for one in wanted["stages"]]
        pipeline_id = str(wanted.get("pipelineId") or self.store.new_id())
        kept = {"label": wanted["label"], "displayOrder": wanted["displayOrder"], "stages": stages}
        return Json(self._put(kind, pipeline_id, kept), 201)

    async def _get(self, request: Request) -> Response:
        return Json(self._found(request))

    async def _change(self, request: Request) -> Response:
        pipeline, wanted = self._found(request), object_of(call_of(request))
        changed = pipeline | {name: wanted[name] for name in ("label", "displayOrder") if name in wanted}
        return Json(self._put(_kind(request), pipeline["id"], changed))

    async def _list_stages(self, request: Request) -> Response:
        return Json({"results": self._found(request)["stages"]})

    async def _create_stage(self, request: Request) -> Response:
        pipeline, kind = self._found(request), _kind(request)
        made = self._new_stage(kind, object_of(call_of(request)))
        if any(made["label"] == one["label"] or made["id"] == one["id"] for one in pipeline["stages"]):
            raise Refusal(409, f"A stage with the label {made['label']} exists already", category="CONFLICT")
        self._put(kind, pipeline["id"], pipeline | {"stages": [*pipeline["stages"], made]})
        return Json(made, 201)

    async def _get_stage(self, request: Request) -> Response:
        wanted = request.path_params["stage_id"]
        for one in self._found(request)["stages"]:
            if one["id"] == wanted:
                return Json(one)
        raise Refusal(404, f"Stage {wanted} does not exist")

    def _found(self, request: Request) -> dict[str, Any]:
        wanted = request.path_params["pipeline_id"]
        record = self.store.get("pipelines", f"{_kind(request)}/{wanted}")
        if not record:
            raise Refusal(404, f"Pipeline {wanted} does not exist")
        return record.object

    def _new_stage(self, kind: str, wanted: Any) -> dict[str, Any]:
        if not isinstance(wanted, dict):
            raise Refusal(400, "Invalid input JSON: a stage must be an object")
        _needs(wanted, "label", "displayOrder", "metadata")
        if not isinstance(wanted["metadata"], dict):
            raise Refusal(400, "Invalid input JSON: metadata must be an object", context={"propertyName": ["metadata"]})
        if kind == "deals" and "probability" not in wanted["metadata"]:
            raise Refusal(400, "The stage of a deal needs metadata.probability", context={"propertyName": ["metadata"]})
        return stage(
            str(wanted.get("stageId") or self.store.new_id()), wanted["label"], wanted["metadata"], wanted["displayOrder"]
        )

    def _put(self, kind: str, pipeline_id: str, pipeline: dict[str, Any]) -> dict[str, Any]:
        now = iso(time.time())
        shown = {"createdAt": now, "archived": False, **pipeline, "updatedAt": now, "id": pipeline_id}
        self.store.put("pipelines", f"{kind}/{pipeline_id}", shown)
        return shown


def stage(stage_id: str, label: str, metadata: dict[str, str], order: int = 0) -> dict[str, Any]:
    """Return a new stage as HubSpot shows it."""
    now, permissions = iso(time.time()), "CRM_PERMISSIONS_ENFORCEMENT"
    shown: dict[str, Any] = {"id": stage_id, "label": label, "displayOrder": order, "metadata": metadata}
    return shown | {"createdAt": now, "updatedAt": now, "archived": False, "writePermissions": permissions}


def _in_order(stages: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [one | {"displayOrder": place} for place, one in enumerate(stages)]


def _kind(request: Request) -> str:
    kind = BY_ANY_NAME.get(request.path_params["object_type"])
    if not kind or kind.name not in DEFAULTS:
        raise Refusal(400, f"Unable to infer object type from: {request.path_params['object_type']}")
    return kind.name


def _needs(wanted: dict[str, Any], *names: str) -> None:
    missing = [name for name in names if name not in wanted]
    if missing:
        raise Refusal(400, f"Invalid input JSON: some required fields were not set: {missing}", context={"propertyName": missing})
