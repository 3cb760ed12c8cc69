"""The HubSpot account around the records: our properties, the pipelines we need, its users. Knows no business record."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from connectors.crm import hubspot_words as words
from connectors.crm.hubspot_calls import Input
from connectors.crm.hubspot_words import KEY
from connectors.http import ApiClient
from connectors.outcomes import together
from contracts.errors import MisconfiguredError, RefusedError


class Account:
    """What must stand in the account before a record can be written, and who works there."""

    def __init__(self, api: ApiClient) -> None:
        self._api = api
        self._owner_emails: dict[str, str] = {}

    async def prepare(self) -> None:
        """Add our properties where they are missing, and check that the pipelines have our stages; safe to repeat."""
        checks = [self._check_stages(kind) for kind in words.PIPELINES]
        await together(*checks, *(self._prepare(kind) for kind in words.OUR_PROPERTIES))

    async def owners_of(self, records: Iterable[Input]) -> Mapping[str, str]:
        """Return the e-mail address of each HubSpot user; asked again only for one that is not known yet."""
        named = {record["properties"].get(words.OWNER) for record in records} - {None, ""}
        if named - self._owner_emails.keys():
            page: dict[str, str | int] = {"limit": 500}
            while page:
                answer = await self._api.call("GET", "/crm/v3/owners/", params=page, nature="read")
                self._owner_emails |= {str(owner["id"]): str(owner.get("email") or "") for owner in answer.get("results", ())}
                after = answer.get("paging", {}).get("next", {}).get("after")
                page = {"limit": 500, "after": after} if after else {}
        return self._owner_emails

    async def _prepare(self, kind: str) -> None:
        path = f"/crm/v3/properties/{kind}"
        there = {one["name"]: one for one in (await self._api.call("GET", path, nature="read")).get("results", ())}
        if not there.get(KEY, {}).get("hasUniqueValue", True):
            raise MisconfiguredError(f"crm: property {KEY} of {kind} is there but not unique", cause="crm.key_not_unique")
        await together(*(self._add(kind, name) for name in words.OUR_PROPERTIES[kind] if name not in there))

    async def _add(self, kind: str, name: str) -> None:
        try:
            await self._api.call("POST", f"/crm/v3/properties/{kind}", words.definition(kind, name), nature="repeatable")
        except RefusedError as error:
            if not error.cause.startswith("crm.http_409"):  # another process was quicker
                raise

    async def _check_stages(self, kind: str) -> None:
        wanted, stages = words.PIPELINES[kind]
        answer = await self._api.call("GET", f"/crm/v3/pipelines/{kind}", nature="read")
        pipeline = next((one for one in answer.get("results", ()) if one["id"] == wanted), {"stages": ()})
        if not {stage["id"] for stage in pipeline["stages"]} >= set(stages.values()):
            raise MisconfiguredError(f"crm: the pipeline of {kind} lacks a stage that we need", cause="crm.stage_missing")
