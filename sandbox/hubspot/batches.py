"""The objects API, up to 100 records a call (https://developers.hubspot.com/docs/guides/api/crm/objects/contacts#create-contacts).

A batch is written whole or not at all, unless every input carries an `objectWriteTraceId`: then a 207 tells of each.
"""

import time
from collections.abc import Callable
from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from sandbox.hubspot.answers import Refusal, batch, inputs_of, object_of, texts_of
from sandbox.hubspot.changes import app
from sandbox.hubspot.objects import kind_in
from sandbox.hubspot.records import Draft, Records
from sandbox.hubspot.vocabulary import Kind
from sandbox.store import Record
from sandbox.system import call_of

HISTORIES = 50  # records that one call may ask the history of
Input = dict[str, Any]


class Batches:
    """Routes below /crm/v3/objects/{object_type}/batch."""

    def __init__(self, records: Records) -> None:
        self.records = records

    def routes(self) -> list[Route]:
        """Return the routes."""
        table = {
            "create": self._create,
            "read": self._read,
            "update": self._update,
            "upsert": self._upsert,
            "archive": self._archive,
        }
        path = "/crm/v3/objects/{object_type}/batch/"
        return [Route(path + verb, answer, methods=["POST"]) for verb, answer in table.items()]

    async def _create(self, request: Request) -> Response:
        kind = kind_in(request)
        inputs = inputs_of(call_of(request))
        return self._written(request, inputs, lambda one: self._draft(kind, one, None), done=201)

    async def _update(self, request: Request) -> Response:
        kind, started = kind_in(request), time.time()
        inputs = inputs_of(call_of(request))
        _distinct([_id(one) for one in inputs])
        found = [self.records.find(kind, _id(one), one.get("idProperty")) for one in inputs]
        gone = [_id(one) for one, record in zip(inputs, found, strict=True) if not record]
        pairs = [(one, record) for one, record in zip(inputs, found, strict=True) if record]
        held = {id(one): record for one, record in pairs}
        errors = [_missing(kind, gone)] if gone else []
        if not pairs:
            return batch([], errors, started)
        return self._written(request, [one for one, _ in pairs], lambda one: self._draft(kind, one, held[id(one)]), errors=errors)

    async def _upsert(self, request: Request) -> Response:
        kind, inputs = kind_in(request), inputs_of(call_of(request))
        names = {str(one.get("idProperty") or "") for one in inputs}
        name = names.pop()
        if names or not name:
            raise Refusal(400, "All inputs of an upsert must have the same idProperty", context={"propertyName": ["idProperty"]})
        _distinct([_id(one).lower() if name == "email" else _id(one) for one in inputs])

        def draft(one: Input) -> Draft:
            record = self.records.find(kind, _id(one), name)
            given = one.get("properties") or {}
            named = {} if record or not isinstance(given, dict) else {name: _id(one)}
            return self._draft(kind, one | {"properties": named | given if named else given}, record)

        return self._written(request, inputs, draft, is_upsert=True)

    async def _read(self, request: Request) -> Response:
        kind, call, started = kind_in(request), call_of(request), time.time()
        inputs, body = inputs_of(call), object_of(call)
        wanted, histories = texts_of(body, "properties") or None, texts_of(body, "propertiesWithHistory")
        if histories and len(inputs) > HISTORIES:
            told = f"The maximum number of inputs supported in a batch request for property histories is {HISTORIES}."
            raise Refusal(400, f"{told} Please reduce the number of items and try again")
        found, gone = [], []
        for record_id in dict.fromkeys(_id(one) for one in inputs):
            record = self.records.find(kind, record_id, body.get("idProperty"))
            if record:
                found.append(self.records.shown(kind, record, wanted, histories=histories))
            else:
                gone.append(record_id)
        return batch(found, [_missing(kind, gone)] if gone else [], started)

    async def _archive(self, request: Request) -> Response:
        kind, call = kind_in(request), call_of(request)
        for one in inputs_of(call):
            self.records.archive(kind, _id(one), app(call.token))
        return Response(status_code=204)

    def _draft(self, kind: Kind, one: Input, record: Record | None) -> Draft:
        return self.records.draft(kind, one.get("properties"), record, one.get("associations"))

    def _written(
        self,
        request: Request,
        inputs: list[Input],
        draft: Callable[[Input], Draft],
        *,
        done: int = 200,
        errors: list[dict[str, Any]] | None = None,
        is_upsert: bool = False,
    ) -> Response:
        """Check and write all inputs, or each for itself if all are traced."""
        started, who = time.time(), app(call_of(request).token)
        failed = list(errors or [])
        if all(one.get("objectWriteTraceId") for one in inputs):
            results = []
            for one in inputs:
                trace = str(one["objectWriteTraceId"])
                try:
                    drafted = draft(one)
                    shown = self._shown(drafted, self.records.write(drafted, who), is_upsert=is_upsert)
                    results.append(shown | {"objectWriteTraceId": trace})
                except Refusal as refusal:
                    failed.append(refusal.entry({"objectWriteTraceId": [trace]}))
        else:
            drafts = [draft(one) for one in inputs]
            self._disjoint(drafts)
            results = [self._shown(one, self.records.write(one, who), is_upsert=is_upsert) for one in drafts]
        return batch(results, failed, started, done)

    def _shown(self, draft: Draft, record: Record, *, is_upsert: bool) -> dict[str, Any]:
        wanted = [*draft.kind.default, *draft.values] if draft.record else list(record.object["properties"])
        shown = self.records.shown(draft.kind, record, wanted)
        return shown | {"new": draft.record is None} if is_upsert else shown

    def _disjoint(self, drafts: list[Draft]) -> None:
        """Refuse a batch in which two inputs claim one unique value."""
        claims = [
            f"{name}={value}"
            for draft in drafts
            for name, value in draft.values.items()
            if value and self.records.schema.is_unique(draft.kind.name, name)
        ]
        _distinct(claims)


def _id(one: Input) -> str:
    if not isinstance(one.get("id"), str | int) or one["id"] == "":
        raise Refusal(400, "Invalid input JSON: some required fields were not set: [id]", context={"propertyName": ["id"]})
    return str(one["id"])


def _distinct(ids: list[str]) -> None:
    if len(set(ids)) != len(ids):
        twice = sorted({one for one in ids if ids.count(one) > 1})
        message = f"Duplicate IDs found in batch input: [{', '.join(twice)}]. IDs must be unique"
        raise Refusal(400, message, context={"ids": twice})


def _missing(kind: Kind, ids: list[str]) -> dict[str, Any]:
    message = f"Could not get some {kind.singular.upper()} objects, they may be deleted or not exist. Check that ids are valid."
    return Refusal(404, message, context={"ids": ids}).entry()
