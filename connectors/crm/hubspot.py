"""The CRM port on HubSpot. Knows no flow and no ledger, and nothing of how HubSpot is called."""

from __future__ import annotations

import functools
from collections.abc import Callable, Collection, Coroutine, Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, Concatenate, ParamSpec
from uuid import UUID

import httpx

from connectors.crm import hubspot_shapes as shapes
from connectors.crm.hubspot_calls import DIALECT, Calls, Input, Pair, ref
from connectors.crm.hubspot_shapes import KEY, KINDS
from connectors.http import ApiClient
from connectors.network import TIMEOUT
from connectors.oauth import RefreshedToken, Token
from connectors.outcomes import chunks, settled, together
from contracts.errors import MisconfiguredError, RefusedError, TowlineError
from contracts.parties import Company
from contracts.records import (
    CompanyRecord,
    ContactRecord,
    ContactSnapshot,
    DealChange,
    DealRecord,
    DealSnapshot,
    EffectKey,
    Link,
    Outcome,
    Outcomes,
    Ref,
    Wanted,
)
from contracts.values import DomainName

P = ParamSpec("P")
Write = Callable[Concatenate["HubSpot", P], Coroutine[Any, Any, Outcomes]]
MISSING = "PROPERTY_DOESNT_EXIST"


def _with_properties(write: Write[P]) -> Write[P]:
    """Where somebody has removed our properties from the account, add them again and write once more."""

    @functools.wraps(write)
    async def call(self: HubSpot, /, *args: P.args, **kwargs: P.kwargs) -> Outcomes:
        try:
            done = await write(self, *args, **kwargs)
        except MisconfiguredError as error:
            if not error.cause.endswith(MISSING):
                raise
        else:
            if not any(isinstance(outcome, TowlineError) and outcome.cause.endswith(MISSING) for outcome in done.values()):
                return done
        await self.prepare()
        return await write(self, *args, **kwargs)

    return call


class HubSpot:
    """Our CRM port on HubSpot's CRM API. Our key is the unique property `towline_key`."""

    def __init__(
        self,
        base_url: str,
        token: Token,
        *,
        transport: httpx.AsyncBaseTransport | None = None,
        timeout: httpx.Timeout = TIMEOUT,
    ) -> None:
        """Speak to `base_url`, https://api.hubapi.com at HubSpot itself."""
        self._api = ApiClient("crm", base_url, token, DIALECT, transport=transport, timeout=timeout)
        self._calls = Calls(self._api)
        self._owner_emails: dict[str, str] = {}

    async def aclose(self) -> None:
        """Close all connections."""
        await self._api.aclose()

    async def prepare(self) -> None:
        """Add our properties where they are missing, and check that the sales pipeline has our stages; safe to repeat."""
        await together(self._check_stages(), *(self._prepare(kind) for kind in shapes.OUR_PROPERTIES))

    @_with_properties
    async def upsert_companies(self, wanted: Sequence[Wanted[CompanyRecord]]) -> Outcomes:
        """Find each company by domain (or name) or by our account id; create what is missing, once per account."""
        one_each = {one.record.company.identity: one for one in reversed(wanted)}
        known: dict[str, Outcome] = dict(await self._known_companies(list(one_each.values())))
        new = {str(one.record.account): one for identity, one in one_each.items() if identity not in known}
        inputs = {mark: {"properties": shapes.company_properties(one.record)} for mark, one in new.items()}
        for mark, outcome in (await self._calls.create_once("companies", inputs, KEY)).items():
            known[new[mark].record.company.identity] = outcome
        return settled({one.key: known[one.record.company.identity] for one in wanted})

    @_with_properties
    async def upsert_contacts(self, wanted: Sequence[Wanted[ContactRecord]]) -> Outcomes:
        """Create each contact, or set name and phone of the one with that e-mail address."""
        inputs: dict[str, Input] = {}
        for one in wanted:
            email = str(one.record.person.email)
            properties = shapes.contact_properties(one.key, one.record)
            inputs[email] = {"id": email, "idProperty": "email", "properties": properties}
        done = await self._calls.write("contacts", "upsert", inputs, "email")
        return {one.key: done[str(one.record.person.email)] for one in wanted}

    @_with_properties
    async def open_deals(self, wanted: Sequence[Wanted[DealRecord]]) -> Outcomes:
        """Open one deal per key; a key that has one keeps it as it is."""
        inputs = {str(one.key): {"properties": shapes.deal_properties(one.key, one.record)} for one in wanted}
        return _by_key(await self._calls.create_once("deals", inputs, KEY))

    @_with_properties
    async def change_deals(self, wanted: Sequence[Wanted[DealChange]]) -> Outcomes:
        """Set the named fields of deals; of two changes of one deal the later one counts."""
        inputs: dict[str, Input] = {}
        for one in wanted:
            before = inputs.get(one.record.deal_id, {"properties": {}})["properties"]
            properties = before | shapes.change_properties(one.record)
            inputs[one.record.deal_id] = {"id": one.record.deal_id, "properties": properties}
        done = await self._calls.write("deals", "update", inputs, "id")
        return {one.key: done[one.record.deal_id] for one in wanted}

    async def associate(self, wanted: Sequence[Wanted[Sequence[Link]]]) -> Outcomes:
        """Associate records with each other; the reference of each is its first link's record."""
        groups: dict[Pair, dict[Pair, None]] = {}
        for link in (link for one in wanted for link in one.record):
            groups.setdefault((KINDS[link.from_kind], KINDS[link.to_kind]), {})[link.from_id, link.to_id] = None
        parts = await together(*(self._calls.associate(*kinds, list(pairs)) for kinds, pairs in groups.items()))
        done = {(*kinds, *pair): outcome for kinds, part in zip(groups, parts, strict=True) for pair, outcome in part.items()}

        def outcome_of(links: Sequence[Link]) -> Outcome:
            found = [done[KINDS[link.from_kind], KINDS[link.to_kind], link.from_id, link.to_id] for link in links]
            return next((one for one in found if isinstance(one, TowlineError)), found[0] if found else Ref(""))

        return settled({one.key: outcome_of(one.record) for one in wanted})

    @_with_properties
    async def add_notes(self, wanted: Sequence[Wanted[tuple[str, str]]]) -> Outcomes:
        """Add a note (deal id, text) to a deal, once per key: note and association are made in one call."""
        now = datetime.now(UTC)
        inputs: dict[str, Input] = {}
        for one in wanted:
            deal, text = one.record
            link = {"to": {"id": deal}, "types": shapes.NOTE_TO_DEAL}
            inputs[str(one.key)] = {"properties": shapes.note_properties(one.key, text, now), "associations": [link]}
        return _by_key(await self._calls.create_once("notes", inputs, KEY))

    async def read_deals(self, ids: Collection[str]) -> Mapping[str, DealSnapshot]:
        """Return the deals that exist among `ids`, with company and contact: five calls for up to 100 of them."""
        calls = self._calls
        numbers = [one for one in ids if one.isdecimal()]
        deals, (company_of, contact_of) = await together(
            calls.read("deals", numbers, shapes.DEAL),
            together(
                calls.associated("deals", "companies", numbers, shapes.PRIMARY_COMPANY),
                calls.associated("deals", "contacts", numbers),
            ),
        )
        companies, contacts = await together(
            calls.read("companies", company_of.values(), shapes.COMPANY),
            calls.read("contacts", contact_of.values(), shapes.CONTACT),
        )
        owners = await self._owners(deals.values())
        return {
            one: shapes.deal_snapshot(
                one,
                deal["properties"],
                companies.get(company_of.get(one, ""), {}).get("properties"),
                contacts.get(contact_of.get(one, ""), {}).get("properties"),
                owners,
            )
            for one, deal in deals.items()
        }

    async def read_contacts(self, ids: Collection[str]) -> Mapping[str, ContactSnapshot]:
        """Return the contacts that exist among `ids`, with their company."""
        numbers = [one for one in ids if one.isdecimal()]
        contacts, company_of = await together(
            self._calls.read("contacts", numbers, shapes.CONTACT),
            self._calls.associated("contacts", "companies", numbers, shapes.PRIMARY_COMPANY),
        )
        companies = await self._calls.read("companies", company_of.values(), shapes.COMPANY)
        owners = await self._owners(contacts.values())
        return {
            one: shapes.contact_snapshot(
                one, contact["properties"], companies.get(company_of.get(one, ""), {}).get("properties"), owners
            )
            for one, contact in contacts.items()
        }

    async def find(self, kind: str, keys: Collection[EffectKey]) -> Mapping[EffectKey, Ref]:
        """Return what stands in HubSpot under our keys; read, not searched, so what was written just now is there."""
        found = await self._calls.read(KINDS[kind], [str(key) for key in keys], [], KEY)
        return {UUID(mark): ref(item) for mark, item in found.items()}

    async def _owners(self, records: Iterable[Input]) -> Mapping[str, str]:
        """Return the e-mail address of each HubSpot user; asked again only for one that is not known yet."""
        named = {record["properties"].get(shapes.OWNER) for record in records} - {None, ""}
        if named - self._owner_emails.keys():
            page: dict[str, str | int] = {"limit": 500}
            while page:
                answer = await self._api.call("GET", "/crm/v3/owners/", params=page, nature="read")
                self._owner_emails |= {str(owner["id"]): str(owner.get("email") or "") for owner in answer.get("results", ())}
                after = answer.get("paging", {}).get("next", {}).get("after")
                page = {"limit": 500, "after": after} if after else {}
        return self._owner_emails

    async def _known_companies(self, wanted: Sequence[Wanted[CompanyRecord]]) -> dict[str, Ref]:
        """Return the companies that stand in HubSpot already, by identity; people's own are reused, the oldest of several."""
        parts = await together(*(self._search(part) for part in chunks(wanted, 100)))
        items = [item for part in parts for item in part]
        by_domain = {_domain(item["properties"].get("domain")): item for item in reversed(items)}
        by_name = {_folded(item["properties"].get("name")): item for item in reversed(items)}
        by_key = {item["properties"].get(KEY): item for item in items}
        known = {}
        for one in wanted:
            company = one.record.company
            theirs = by_domain.get(company.domain) if company.domain else by_name.get(company.identity)
            if item := by_key.get(str(one.record.account)) or theirs:
                known[company.identity] = ref(item)
        return known

    async def _search(self, wanted: Sequence[Wanted[CompanyRecord]]) -> list[Input]:
        companies: list[Company] = [one.record.company for one in wanted]
        values = {
            KEY: [str(one.record.account) for one in wanted],
            "domain": [str(one.domain) for one in companies if one.domain],
            # IN wants lower case and ignores it; people write blanks as they like.
            "name": [name for one in companies if not one.domain for name in {one.name.lower(), _folded(one.name)}],
        }
        filters = [{"propertyName": name, "operator": "IN", "values": some} for name, some in values.items() if some]
        return await self._calls.search("companies", [{"filters": [one]} for one in filters], [KEY, "domain", "name"])

    async def _prepare(self, kind: str) -> None:
        path = f"/crm/v3/properties/{kind}"
        there = {one["name"]: one for one in (await self._api.call("GET", path, nature="read")).get("results", ())}
        if not there.get(KEY, {}).get("hasUniqueValue", True):
            raise MisconfiguredError(f"crm: property {KEY} of {kind} is there but not unique", cause="crm.key_not_unique")
        await together(*(self._add(kind, name) for name in shapes.OUR_PROPERTIES[kind] if name not in there))

    async def _add(self, kind: str, name: str) -> None:
        try:
            await self._api.call("POST", f"/crm/v3/properties/{kind}", shapes.definition(kind, name), nature="repeatable")
        except RefusedError as error:
            if not error.cause.startswith("crm.http_409"):  # another process was quicker
                raise

    async def _check_stages(self) -> None:
        answer = await self._api.call("GET", "/crm/v3/pipelines/deals", nature="read")
        pipeline = next((one for one in answer.get("results", ()) if one["id"] == "default"), {"stages": ()})
        if not {stage["id"] for stage in pipeline["stages"]} >= set(shapes.STAGES.values()):
            raise MisconfiguredError("crm: the sales pipeline lacks a stage that we need", cause="crm.stage_missing")


def oauth_token(
    base_url: str, client_id: str, client_secret: str, refresh_token: str, *, transport: httpx.AsyncBaseTransport | None = None
) -> RefreshedToken:
    """Return the token of an OAuth app. https://developers.hubspot.com/docs/api-reference/auth-oauth-v1/guide"""
    url = f"{base_url.rstrip('/')}/oauth/v1/token"
    return RefreshedToken(
        "crm", url, client_id=client_id, client_secret=client_secret, refresh_token=refresh_token, transport=transport
    )


def _by_key(outcomes: Mapping[str, Outcome]) -> Outcomes:
    return {UUID(mark): outcome for mark, outcome in outcomes.items()}


def _domain(text: str | None) -> str:
    """Return a domain that people wrote as our contract writes it."""
    try:
        return DomainName.parse(text or "")
    except ValueError:
        return ""


def _folded(text: str | None) -> str:
    return " ".join((text or "").casefold().split())
