"""The CRM port on HubSpot. Knows no flow and no ledger, and nothing of how HubSpot is called."""

from __future__ import annotations

import functools
from collections.abc import AsyncIterator, Callable, Collection, Coroutine, Mapping, Sequence
from typing import Any, Concatenate, ParamSpec
from uuid import UUID

import httpx

from connectors.budget import UNLIMITED, Budget
from connectors.crm import hubspot_contacts, hubspot_history, hubspot_notes, hubspot_records, hubspot_requests, hubspot_undo
from connectors.crm import hubspot_shapes as shapes
from connectors.crm.hubspot_account import Account
from connectors.crm.hubspot_calls import DIALECT, Calls, Input, Pair, by_key, decimals, ref
from connectors.crm.hubspot_companies import known_companies
from connectors.crm.hubspot_words import COMPANY, CONTACT, DEAL, KEY, KINDS, PRIMARY_COMPANY
from connectors.crm.port import WRITES
from connectors.drift import UNWATCHED, Drift
from connectors.guard import guarded
from connectors.http import ApiClient
from connectors.network import TIMEOUT
from connectors.oauth import RefreshedToken, Token
from connectors.outcomes import settled, together
from contracts.errors import MisconfiguredError, TowlineError
from contracts.records import (
    CompanyRecord,
    ContactRecord,
    ContactSnapshot,
    DealChange,
    DealRecord,
    DealSnapshot,
    EffectKey,
    Facts,
    Image,
    Link,
    NoteSnapshot,
    Outcome,
    Outcomes,
    Ref,
    RequestChange,
    RequestRecord,
    RequestSnapshot,
    Restoring,
    Wanted,
)
from contracts.systems import System
from contracts.traces import Traces

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


@guarded(System.CRM, WRITES)
class HubSpot:
    """Our CRM port on HubSpot's CRM API. Our key is the unique property `towline_key`."""

    def __init__(
        self,
        base_url: str,
        token: Token,
        *,
        transport: httpx.AsyncBaseTransport | None = None,
        timeout: httpx.Timeout = TIMEOUT,
        budget: Budget = UNLIMITED,
        drift: Drift = UNWATCHED,
        own_app: str | None = None,
    ) -> None:
        """Speak to `base_url`, https://api.hubapi.com at HubSpot itself; `own_app` is how HubSpot's histories name us."""
        self._api = ApiClient("crm", base_url, token, DIALECT, transport=transport, timeout=timeout, budget=budget, drift=drift)
        self._calls = Calls(self._api)
        self._account = Account(self._api)
        self._own_app = own_app

    async def aclose(self) -> None:
        """Close all connections."""
        await self._api.aclose()

    async def prepare(self) -> None:
        """Add our properties where they are missing, and check that the pipelines have our stages; safe to repeat."""
        await self._account.prepare()

    @_with_properties
    async def upsert_companies(self, wanted: Sequence[Wanted[CompanyRecord]]) -> Outcomes:
        """Find each company by domain (or name) or by our account id; create what is missing, once per account."""
        one_each = {one.record.company.identity: one for one in reversed(wanted)}
        known: dict[str, Outcome] = dict(await known_companies(self._calls, list(one_each.values())))
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
        return by_key(await self._calls.create_once("deals", inputs, KEY))

    @_with_properties
    async def change_deals(self, wanted: Sequence[Wanted[DealChange]]) -> Outcomes:
        """Set the named fields of deals; of two changes of one deal the later one counts."""
        changes = [(one.key, one.record.deal_id, shapes.change_properties(one.record)) for one in wanted]
        return await self._calls.change("deals", changes)

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
        """Add a note (deal id, text) to a deal, once per key."""
        return await hubspot_notes.add_notes(self._calls, wanted)

    @_with_properties
    async def open_requests(self, wanted: Sequence[Wanted[RequestRecord]]) -> Outcomes:
        """Open one ticket per key in the support pipeline, linked to its deal; a key that has one keeps it as it is."""
        return await hubspot_requests.open_requests(self._calls, wanted)

    async def change_requests(self, wanted: Sequence[Wanted[RequestChange]]) -> Outcomes:
        """Move tickets to a stage; of two changes of one ticket the later one counts."""
        return await hubspot_requests.change_requests(self._calls, wanted)

    async def read_requests(self, ids: Collection[str]) -> Mapping[str, RequestSnapshot]:
        """Return the tickets that exist among `ids`, with the deal of each."""
        return await hubspot_requests.read_requests(self._calls, ids)

    async def read_notes(self, deal_ids: Collection[str]) -> Mapping[str, Sequence[NoteSnapshot]]:
        """Return the notes on deals, oldest first; a deal without any is left out."""
        return await hubspot_notes.read_notes(self._calls, deal_ids)

    async def read_deals(self, ids: Collection[str]) -> Mapping[str, DealSnapshot]:
        """Return the deals that exist among `ids`, with company and contact: five calls for up to 100 of them."""
        calls = self._calls
        numbers = decimals(ids)
        deals, (company_of, contact_of) = await together(
            calls.read("deals", numbers, DEAL.reads),
            together(
                calls.associated("deals", "companies", numbers, PRIMARY_COMPANY),
                calls.associated("deals", "contacts", numbers),
            ),
        )
        companies, contacts = await together(
            calls.read("companies", company_of.values(), COMPANY.reads),
            calls.read("contacts", contact_of.values(), CONTACT.reads),
        )
        owners = await self._account.owners_of(deals.values())
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
        numbers = decimals(ids)
        contacts, company_of = await together(
            self._calls.read("contacts", numbers, CONTACT.reads),
            self._calls.associated("contacts", "companies", numbers, PRIMARY_COMPANY),
        )
        companies = await self._calls.read("companies", company_of.values(), COMPANY.reads)
        owners = await self._account.owners_of(contacts.values())
        return {
            one: shapes.contact_snapshot(
                one, contact["properties"], companies.get(company_of.get(one, ""), {}).get("properties"), owners
            )
            for one, contact in contacts.items()
        }

    async def read_traces(self, kind: str, fields: Collection[str], ids: Collection[str]) -> Traces:
        """Return fields of the records that exist among `ids`, each with who changed it last: a call for 50 of them."""
        return await hubspot_history.read_traces(self._calls, kind, fields, ids, self._own_app)

    def read_all_contacts(self) -> AsyncIterator[Sequence[Mapping[str, str]]]:
        """Give all contacts, page by page, as they stand there."""
        return hubspot_contacts.contacts(self._calls)

    def read_all(self, kind: str) -> AsyncIterator[Sequence[Mapping[str, str]]]:
        """Give all records of a kind, page by page, as they stand there."""
        return hubspot_records.records(self._calls, kind)

    async def images(self, wanted: Sequence[Wanted[Any]]) -> Mapping[EffectKey, Image]:
        """Return what changes will find and leave of their records; nothing of those that need none to be taken back."""
        return await hubspot_undo.images(self._calls, wanted)

    async def look(self, kind: str, ids: Collection[str]) -> Mapping[str, Facts]:
        """Return how the records that exist among `ids` stand; a company and a contact with the deals that they hold."""
        return await hubspot_undo.look(self._calls, kind, ids)

    async def archive(self, kind: str, wanted: Sequence[Wanted[str]]) -> Outcomes:
        """Archive records by id; HubSpot lets people restore them for 90 days."""
        done = await self._calls.archive(KINDS[kind], [one.record for one in wanted])
        return {one.key: done[one.record] for one in wanted}

    @_with_properties
    async def restore(self, wanted: Sequence[Wanted[Restoring]]) -> Outcomes:
        """Let fields of records hold again what they held."""
        return await hubspot_undo.restore(self._calls, wanted)

    async def dissociate(self, wanted: Sequence[Wanted[Collection[str]]]) -> Outcomes:
        """Take associations away, named as in their image."""
        return await hubspot_undo.dissociate(self._calls, wanted)

    async def find(self, kind: str, keys: Collection[EffectKey]) -> Mapping[EffectKey, Ref]:
        """Return what stands in HubSpot under our keys; read, not searched, so what was written just now is there."""
        found = await self._calls.read(KINDS[kind], [str(key) for key in keys], [], KEY)
        return {UUID(mark): ref(item) for mark, item in found.items()}


def oauth_token(
    base_url: str, client_id: str, client_secret: str, refresh_token: str, *, transport: httpx.AsyncBaseTransport | None = None
) -> RefreshedToken:
    """Return the token of an OAuth app. https://developers.hubspot.com/docs/api-reference/auth-oauth-v1/guide"""
    url = f"{base_url.rstrip('/')}/oauth/v1/token"
    return RefreshedToken(
        "crm", url, client_id=client_id, client_secret=client_secret, refresh_token=refresh_token, transport=transport
    )
