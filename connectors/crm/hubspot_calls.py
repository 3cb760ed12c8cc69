"""HubSpot's calls for many records at once, up to 100 in each, with an outcome for every one. Knows no business record.

https://developers.hubspot.com/docs/api-reference/crm-objects-v3/guide
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from functools import partial
from typing import Any, Literal
from uuid import UUID

from connectors.drift import Seen, listed
from connectors.http import ApiClient
from connectors.outcomes import chunks, outcomes_of, settled, together
from connectors.remedies import Dialect, plain_code
from contracts.errors import MisconfiguredError, RefusedError, RetryableError, TowlineError, UncertainError
from contracts.records import EffectKey, Outcome, Outcomes, Ref

BATCH = 100
HISTORIES = 50
"""Records that one call may ask the history of."""
READ = re.compile(r"/crm/v3/objects/(\w+)/(?:batch/read|search)")
Input = dict[str, Any]
Pair = tuple[str, str]


def explain(body: Mapping[str, Any]) -> tuple[str, str]:
    """Return HubSpot's most precise code for an error, and its correlation id."""
    first = next((error for error in body.get("errors") or () if isinstance(error, dict)), {})
    code = first.get("code") or body.get("policyName") or body.get("subCategory") or body.get("category")
    return str(code or ""), str(body.get("correlationId") or "")


def objects(path: str, asked: Mapping[str, Any], answer: Mapping[str, Any]) -> Iterator[Seen]:
    """Tell the records in an answer, and the properties in them; a write's answer has properties that nobody has asked for."""
    if found := READ.fullmatch(path):
        records = listed(answer.get("results"))
        yield "record", records, ()
        properties = [one["properties"] for one in records if isinstance(one, dict) and "properties" in one]
        yield found[1], properties, asked.get("properties", ())


DIALECT = Dialect(
    "hubspot",
    explain,
    {
        "DAILY": RetryableError,  # waiting a few seconds does not help
        "PROPERTY_DOESNT_EXIST": MisconfiguredError,
        "MISSING_SCOPES": MisconfiguredError,
    },
    objects,
)


class Calls:
    """HubSpot's batch calls. A record is known by its mark: the value of the property that identifies it, or its id."""

    def __init__(self, api: ApiClient) -> None:
        self.api = api

    async def write(
        self, kind: str, verb: Literal["update", "upsert"], inputs: Mapping[str, Input], by: str
    ) -> dict[str, Outcome]:
        """Write records and return an outcome per mark; `by` is the property that the marks are values of ("id": ids)."""
        act = partial(self._write, kind, verb, by)
        parts = await together(*(outcomes_of(act, dict(part)) for part in chunks(list(inputs.items()), BATCH)))
        return settled({mark: outcome for part in parts for mark, outcome in part.items()})

    async def change(self, kind: str, changes: Sequence[tuple[EffectKey, str, Mapping[str, str]]]) -> Outcomes:
        """Set properties of records, each named by its id; of two changes of one property the later one counts."""
        inputs: dict[str, Input] = {}
        for _, record_id, properties in changes:
            before = inputs.get(record_id, {"properties": {}})["properties"]
            inputs[record_id] = {"id": record_id, "properties": before | properties}
        done = await self.write(kind, "update", inputs, "id")
        return {key: done[record_id] for key, record_id, _ in changes}

    async def create_once(self, kind: str, inputs: Mapping[str, Input], by: str) -> dict[str, Outcome]:
        """Create records whose mark no record has yet; one that stands there already is left as it is.

        HubSpot keeps the mark unique, so two processes cannot make two, and none writes over what people changed since.
        """
        act = partial(self._create_or_find, kind, by)
        parts = await together(*(outcomes_of(act, dict(part)) for part in chunks(list(inputs.items()), BATCH)))
        return settled({mark: outcome for part in parts for mark, outcome in part.items()})

    async def read(self, kind: str, marks: Collection[str], properties: Iterable[str], by: str = "") -> dict[str, Input]:
        """Return the records that exist, by mark (their id, without `by`)."""
        names = list(dict.fromkeys([*properties, *([by] if by else [])]))
        common = {"properties": names} | ({"idProperty": by} if by else {})
        bodies = [common | {"inputs": [{"id": mark} for mark in part]} for part in chunks(sorted(set(marks)), BATCH)]
        path = f"/crm/v3/objects/{kind}/batch/read"
        answers = await together(*(self.api.call("POST", path, body, nature="read") for body in bodies))
        items = [item for answer in answers for item in answer.get("results", ())]
        return {_mark(item, by or "id"): item for item in items}

    async def read_history(self, kind: str, ids: Collection[str], properties: Collection[str]) -> dict[str, Input]:
        """Return the records that exist, by id, with the history of these properties, newest first."""
        asked = {"properties": list(properties), "propertiesWithHistory": list(properties)}
        bodies = [asked | {"inputs": [{"id": one} for one in part]} for part in chunks(sorted(set(ids)), HISTORIES)]
        path = f"/crm/v3/objects/{kind}/batch/read"
        answers = await together(*(self.api.call("POST", path, body, nature="read") for body in bodies))
        return {str(item["id"]): item for answer in answers for item in answer.get("results", ())}

    async def search(self, kind: str, groups: Sequence[Input], properties: Iterable[str]) -> list[Input]:
        """Return all records that fit one of the filter groups, oldest first."""
        wanted = {"filterGroups": groups, "properties": list(properties), "limit": 200, "sorts": ["createdate"]}
        found: list[Input] = []
        page: Input = {}
        while True:
            answer = await self.api.call("POST", f"/crm/v3/objects/{kind}/search", wanted | page, nature="read")
            found += answer.get("results", ())
            after = answer.get("paging", {}).get("next", {}).get("after")
            if not after:
                return found
            page = {"after": after}

    async def associate(self, from_kind: str, to_kind: str, pairs: Collection[Pair]) -> dict[Pair, Outcome]:
        """Associate records with each other by the plain association type; safe to repeat."""
        act = partial(self._associate, from_kind, to_kind)
        inputs = {pair: {"from": {"id": pair[0]}, "to": {"id": pair[1]}} for pair in pairs}
        parts = await together(*(outcomes_of(act, dict(part)) for part in chunks(list(inputs.items()), BATCH)))
        return {pair: outcome for part in parts for pair, outcome in part.items()}

    async def archive(self, kind: str, ids: Collection[str]) -> dict[str, Outcome]:
        """Archive records, with their associations; one that is gone already stays so. HubSpot says nothing of each."""
        path = f"/crm/v3/objects/{kind}/batch/archive"

        async def archive(inputs: Mapping[str, Input]) -> Mapping[str, Outcome]:
            await self.api.call("POST", path, {"inputs": list(inputs.values())}, nature="repeatable")
            return {one: Ref(one) for one in inputs}

        named = [(one, {"id": one}) for one in dict.fromkeys(ids)]
        parts = await together(*(outcomes_of(archive, dict(part)) for part in chunks(named, BATCH)))
        return settled({one: outcome for part in parts for one, outcome in part.items()})

    async def dissociate(self, from_kind: str, to_kind: str, pairs: Collection[Pair]) -> dict[Pair, Outcome]:
        """Take every association between records away; safe to repeat."""
        path = f"/crm/v4/associations/{from_kind}/{to_kind}/batch/archive"

        async def drop(inputs: Mapping[Pair, Input]) -> Mapping[Pair, Outcome]:
            await self.api.call("POST", path, {"inputs": list(inputs.values())}, nature="repeatable")
            return {pair: Ref(pair[0]) for pair in inputs}

        named = [(pair, {"from": {"id": pair[0]}, "to": [{"id": pair[1]}]}) for pair in pairs]
        parts = await together(*(outcomes_of(drop, dict(part)) for part in chunks(named, BATCH)))
        return {pair: outcome for part in parts for pair, outcome in part.items()}

    async def associated(self, from_kind: str, to_kind: str, ids: Collection[str], first: Collection[int] = ()) -> dict[str, str]:
        """Return the one record that each is associated with; of several, one with a type in `first`, or the oldest."""

        def rank(other: Input) -> tuple[bool, int]:
            types = {kind.get("typeId") for kind in other.get("associationTypes", ())}
            return types.isdisjoint(first), int(other["toObjectId"])

        found = await self.linked(from_kind, to_kind, ids)
        return {one: str(min(others, key=rank)["toObjectId"]) for one, others in found.items()}

    async def linked(self, from_kind: str, to_kind: str, ids: Collection[str]) -> dict[str, list[Input]]:
        """Return all that each record is associated with; HubSpot tells it in pages for each record of a batch."""
        path = f"/crm/v4/associations/{from_kind}/{to_kind}/batch/read"
        found: dict[str, list[Input]] = {}
        asked: list[Input] = [{"id": one} for one in sorted(set(ids))]
        while asked:
            bodies = [{"inputs": list(part)} for part in chunks(asked, BATCH)]
            answers = await together(*(self.api.call("POST", path, body, nature="read") for body in bodies))
            told = {str(item["from"]["id"]): item for answer in answers for item in answer.get("results", ()) if item.get("to")}
            for one, item in told.items():
                found.setdefault(one, []).extend(item["to"])
            after = {one: ((item.get("paging") or {}).get("next") or {}).get("after") for one, item in told.items()}
            asked = [{"id": one, "after": page} for one, page in after.items() if page]
        return found

    async def _write(self, kind: str, verb: str, by: str, inputs: Mapping[str, Input]) -> dict[str, Outcome]:
        # With a trace id each, HubSpot tells of every input instead of refusing all of them for one.
        body = {"inputs": [one | {"objectWriteTraceId": mark} for mark, one in inputs.items()]}
        answer = await self.api.call("POST", f"/crm/v3/objects/{kind}/batch/{verb}", body, nature="repeatable")
        outcomes: dict[str, Outcome] = {mark: error for error, marks in self._errors(answer) for mark in marks if mark in inputs}
        for item in answer.get("results", ()):
            mark = item.get("objectWriteTraceId") or _mark(item, by)
            outcomes[mark] = ref(item)
        return {mark: outcomes.get(mark) or self._untold(kind) for mark in inputs}

    async def _create_or_find(self, kind: str, by: str, inputs: Mapping[str, Input]) -> dict[str, Outcome]:
        create = partial(self._write, kind, "create", by)
        try:
            made = await create(inputs)
        except RefusedError:
            made = {}
        refused = {mark: one for mark, one in inputs.items() if isinstance(made.get(mark), RefusedError | None)}
        if not refused:
            return made
        held = {mark: ref(item) for mark, item in (await self.read(kind, refused, [], by)).items()}
        rest = {mark: one for mark, one in refused.items() if mark not in held and mark not in made}
        return made | held | (await outcomes_of(create, rest) if rest else {})

    async def _associate(self, from_kind: str, to_kind: str, inputs: Mapping[Pair, Input]) -> dict[Pair, Outcome]:
        path = f"/crm/v4/associations/{from_kind}/{to_kind}/batch/associate/default"
        answer = await self.api.call("POST", path, {"inputs": list(inputs.values())}, nature="repeatable")
        done = {(str(item["from"]["id"]), str(item["to"]["id"])) for item in answer.get("results", ())}
        error = next((error for error, _ in self._errors(answer)), self._untold("associations"))
        return {pair: Ref(pair[0]) if pair in done or pair[::-1] in done else error for pair in inputs}

    def _errors(self, answer: Input) -> list[tuple[TowlineError, list[str]]]:
        """Return the errors of a partly refused batch, each with the marks it names."""
        found = []
        for error in answer.get("errors", ()):
            code = plain_code(explain(error)[0])
            text = f"{self.api.system}: a record of a batch was refused: {code}"
            context = error.get("context") or {}
            marks = [*context.get("objectWriteTraceId", ()), *context.get("ids", ())]
            found.append((DIALECT.remedies.get(code, RefusedError)(text, cause=f"{self.api.system}.http_207.{code}"), marks))
        return found

    def _untold(self, kind: str) -> UncertainError:
        return UncertainError(
            f"{self.api.system}: {kind}: the answer does not tell of a record", cause=f"{self.api.system}.untold"
        )


def ref(item: Input) -> Ref:
    """Return the reference to a record; newer accounts are told its link for people."""
    return Ref(str(item["id"]), str(item.get("url") or ""))


def by_key(outcomes: Mapping[str, Outcome]) -> Outcomes:
    """Return outcomes by effect key where the marks are keys."""
    return {UUID(mark): outcome for mark, outcome in outcomes.items()}


def decimals(ids: Collection[str]) -> list[str]:
    """Return the ids that can be HubSpot's; for one that cannot, HubSpot refuses the whole batch."""
    return [one for one in ids if one.isdecimal()]


def _mark(item: Input, by: str) -> str:
    return str(item["id"] if by == "id" else (item["properties"].get(by) or ""))
