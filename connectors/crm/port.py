"""What the company needs from its CRM; it must not know any vendor."""

from __future__ import annotations

from collections.abc import AsyncIterator, Collection, Iterable, Mapping, Sequence
from dataclasses import fields
from typing import Any, Protocol

from connectors.guard import Field, Fields, changes, sets_up
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
    Outcomes,
    Ref,
    RequestChange,
    RequestRecord,
    RequestSnapshot,
    Restoring,
    Wanted,
)
from contracts.traces import Traces


class Crm(Protocol):
    """What the company needs from its CRM. Every write is safe to repeat: the same key finds the first one's work.

    Each batch may hold any number of records; a record that is refused has its error among the outcomes, and the others are
    written. When the call fails for some of the records only, their RetryableError, UncertainError or MisconfiguredError is among
    the outcomes, too; when it fails for all of them, it is raised.
    """

    async def prepare(self) -> None:
        """Make the CRM ready for us (our key property, our stages), once; safe to repeat."""

    async def upsert_companies(self, wanted: Sequence[Wanted[CompanyRecord]]) -> Outcomes:
        """Find each company by domain (or name), or create it once per account; what people wrote there is not overwritten."""

    async def upsert_contacts(self, wanted: Sequence[Wanted[ContactRecord]]) -> Outcomes:
        """Create each contact, or set name and phone of the one with that e-mail address."""

    async def open_deals(self, wanted: Sequence[Wanted[DealRecord]]) -> Outcomes:
        """Open one deal per key; a key that has one keeps it."""

    async def change_deals(self, wanted: Sequence[Wanted[DealChange]]) -> Outcomes:
        """Set the named fields of deals."""

    async def associate(self, wanted: Sequence[Wanted[Sequence[Link]]]) -> Outcomes:
        """Associate records with each other; what is associated already stays so."""

    async def add_notes(self, wanted: Sequence[Wanted[tuple[str, str]]]) -> Outcomes:
        """Add a note (deal id, text) to a deal, once per key."""

    async def open_requests(self, wanted: Sequence[Wanted[RequestRecord]]) -> Outcomes:
        """Open a delivery request linked to its deal, once per key; a key that has one keeps it."""

    async def change_requests(self, wanted: Sequence[Wanted[RequestChange]]) -> Outcomes:
        """Move delivery requests to a stage."""

    async def read_requests(self, ids: Collection[str]) -> Mapping[str, RequestSnapshot]:
        """Return the delivery requests that exist among `ids`, with the deal each belongs to."""

    async def read_notes(self, deal_ids: Collection[str]) -> Mapping[str, Sequence[NoteSnapshot]]:
        """Return the notes on deals, oldest first, each with who released it for the client."""

    async def read_deals(self, ids: Collection[str]) -> Mapping[str, DealSnapshot]:
        """Return the deals that exist among `ids`, with company and contact."""

    async def read_contacts(self, ids: Collection[str]) -> Mapping[str, ContactSnapshot]:
        """Return the contacts that exist among `ids`, with their company."""

    async def read_traces(self, kind: str, fields: Collection[str], ids: Collection[str]) -> Traces:
        """Return fields of the records that exist among `ids`, as they stand, each with who changed it last."""

    def read_all_contacts(self) -> AsyncIterator[Sequence[Mapping[str, str]]]:
        """Give all contacts, page by page, as they stand there and whatever is wrong with them.

        Of each what says something of: id, first_name, last_name, email, phone, company, domain, job_title, street, city,
        postcode, country, owner, stage, created, changed.
        """
        ...

    def read_all(self, kind: str) -> AsyncIterator[Sequence[Mapping[str, str]]]:
        """Give all companies, contacts or deals, page by page, as they stand there and whatever is wrong with them.

        Of each what says something of: id, changed (ISO 8601), key; name, domain; first_name, last_name, email; name, stage,
        owner, owner_user, amount (in major units), currency.
        """
        ...

    async def images(self, wanted: Sequence[Wanted[Any]]) -> Mapping[EffectKey, Image]:
        """Return what changes will find and leave of their records; nothing of those that need none to be taken back."""

    async def look(self, kind: str, ids: Collection[str]) -> Mapping[str, Facts]:
        """Return how the records that exist among `ids` stand; a company and a contact with the deals that they hold."""

    async def archive(self, kind: str, wanted: Sequence[Wanted[str]]) -> Outcomes:
        """Take records away by id, with their associations; one that is gone stays so."""

    async def restore(self, wanted: Sequence[Wanted[Restoring]]) -> Outcomes:
        """Let fields of records hold again what they held."""

    async def dissociate(self, wanted: Sequence[Wanted[Collection[str]]]) -> Outcomes:
        """Take associations away, named as in their image; what is not associated stays so."""

    async def find(self, kind: str, keys: Collection[EffectKey]) -> Mapping[EffectKey, Ref]:
        """Return what stands in the CRM under our keys, a company under its account's id.

        `kind` is company, contact, deal, note or request.
        """


ENTITIES: Mapping[str, str] = {
    "company": "account",
    "contact": "contact",
    "deal": "opportunity",
    "note": "project",
    "request": "delivery_request",
}
"""What the system contract calls our kinds of CRM records."""


def _of_change(wanted: Sequence[Wanted[DealChange]]) -> Iterable[Field]:
    """The fields that changes of deals name."""
    names = [field.name for field in fields(DealChange) if field.name != "deal_id"]
    return [("opportunity", name) for one in wanted for name in names if getattr(one.record, name) is not None]


def _of_links(wanted: Sequence[Wanted[Sequence[Link]]]) -> Iterable[Field]:
    return [(ENTITIES[link.from_kind], link.to_kind) for one in wanted for link in one.record]


def _of_kind(kind: str, _: object) -> Iterable[Field]:
    return [(ENTITIES[kind], None)]


def _of_restoring(wanted: Sequence[Wanted[Restoring]]) -> Iterable[Field]:
    return [(ENTITIES[one.record.kind], None) for one in wanted]


WRITES: Mapping[str, Fields] = {
    "prepare": sets_up(),
    "upsert_companies": changes("account", "name", "domain", "sector"),
    "upsert_contacts": changes("contact", "name", "email", "phone"),
    "open_deals": changes("opportunity", "name", "stage", "amount", "owner", "service", "campaign"),
    "change_deals": _of_change,
    "associate": _of_links,
    "add_notes": changes("project", "note"),
    "open_requests": changes("delivery_request", "name", "text", "stage"),
    "change_requests": changes("delivery_request", "stage"),
    "archive": _of_kind,
    "restore": _of_restoring,
    "dissociate": changes("opportunity"),
}
"""The methods that change something, and which fields of which entities (`connectors/guard.py`)."""
