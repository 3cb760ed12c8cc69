"""What travels between the company and its outside systems: records to write, references to what was written."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Generic, TypeVar
from uuid import UUID

from contracts.errors import TowlineError
from contracts.interactions import Button
from contracts.parties import Company, Person
from contracts.values import Money

EffectKey = UUID
Paragraph = str | tuple[Button, ...]
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Wanted(Generic[T]):
    """A record that is to stand in an outside system, once per key."""

    key: EffectKey
    record: T


@dataclass(frozen=True, slots=True)
class Ref:
    """Where something stands in an outside system: its vendor id, and a link for people."""

    id: str
    url: str = ""


Fields = Mapping[str, str | None]
"""Fields of an outside record in its vendor's own words, which only its connector understands; None is an empty one."""


@dataclass(frozen=True, slots=True)
class Image:
    """What a change finds and leaves of an outside record: the fields before it (None: no record), and after it."""

    before: Fields | None
    after: Fields


@dataclass(frozen=True, slots=True)
class Standing:
    """An outside record whose state is looked at."""

    system: str
    kind: str
    id: str


Facts = Mapping[str, Any]
"""How an outside record stands, as far as undoing looks at it.

`fields` and the name of the `key` among them, `status`, `partly_paid`, `lock`, `ours` (nobody else changed it last: else `who`
did, `at` that time), and which other records it `holds`.
"""


@dataclass(frozen=True, slots=True)
class Restoring:
    """Fields of an outside record that are to hold again what they held."""

    kind: str
    id: str
    fields: Fields


Outcome = Ref | TowlineError
Outcomes = Mapping[EffectKey, Outcome]
"""One outcome per wanted record; a whole call that fails raises instead."""


@dataclass(frozen=True, slots=True)
class CompanyRecord:
    """A company as the CRM should hold it; `account` is our own stable id of it."""

    account: UUID
    company: Company


@dataclass(frozen=True, slots=True)
class ContactRecord:
    """A person as the CRM should hold them; the e-mail address is the identity."""

    person: Person


@dataclass(frozen=True, slots=True)
class DealRecord:
    """A deal as the CRM should hold it when it is opened."""

    name: str
    stage: str
    owner: str
    amount: Money | None = None
    service: str | None = None
    campaign: str | None = None


@dataclass(frozen=True, slots=True)
class Link:
    """An association between two CRM records, by kind and vendor id."""

    from_kind: str
    from_id: str
    to_kind: str
    to_id: str


@dataclass(frozen=True, slots=True)
class DealChange:
    """Fields of a deal to set; only the fields named are touched."""

    deal_id: str
    stage: str | None = None
    amount: Money | None = None
    folder_url: str | None = None
    packet_url: str | None = None
    proposal_url: str | None = None
    invoice_url: str | None = None
    payment: str | None = None


@dataclass(frozen=True, slots=True)
class DealSnapshot:
    """A deal as the CRM shows it now, with the company and the contact it belongs to."""

    id: str
    key: str | None
    name: str
    stage: str
    owner: str | None
    amount: Money | None
    company: Company | None
    person: Person | None
    service: str | None = None


@dataclass(frozen=True, slots=True)
class RequestRecord:
    """A delivery request as the CRM should hold it when it is opened, linked to its deal."""

    name: str
    deal_id: str
    text: str


@dataclass(frozen=True, slots=True)
class RequestChange:
    """The stage (`open`, `closed`) that a delivery request is to stand at."""

    request_id: str
    stage: str


@dataclass(frozen=True, slots=True)
class RequestSnapshot:
    """A delivery request as the CRM shows it now; `milestone` is the last one that people entered there."""

    id: str
    deal_id: str | None
    name: str
    stage: str
    milestone: str | None


@dataclass(frozen=True, slots=True)
class NoteSnapshot:
    """A note on a deal as the CRM shows it now; `approved_by` is who released it for the client, if anybody."""

    id: str
    text: str
    approved_by: str | None
    written_at: datetime


@dataclass(frozen=True, slots=True)
class ContactSnapshot:
    """A contact as the CRM shows it now, with the company they belong to."""

    id: str
    person: Person | None
    company: Company | None
    owner: str | None


@dataclass(frozen=True, slots=True)
class FolderRecord:
    """A folder to stand in the document system; no parent means the company's root folder."""

    name: str
    parent: str | None = None


@dataclass(frozen=True, slots=True)
class CopyRecord:
    """A document to be copied from a template into a folder."""

    template: str
    name: str
    folder: str


@dataclass(frozen=True, slots=True)
class FillRecord:
    """Text to put in the place of a document's `{{placeholders}}`."""

    document: str
    values: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class DocumentRecord:
    """A document to be made of HTML in a folder."""

    name: str
    folder: str
    html: str


@dataclass(frozen=True, slots=True)
class PdfRecord:
    """A PDF of a document as it is now, to be kept in a folder."""

    document: str
    name: str
    folder: str


@dataclass(frozen=True, slots=True)
class LockRecord:
    """A document that nobody may change any more, and why."""

    document: str
    reason: str


@dataclass(frozen=True, slots=True)
class Message:
    """A chat message: a channel, one line for notifications, and paragraphs of Slack-flavoured Markdown, or rows of buttons.

    With a `thread` it stands below that message of ours.
    """

    channel: str
    text: str
    paragraphs: Sequence[Paragraph] = field(default_factory=tuple)
    links: Mapping[str, str] = field(default_factory=dict)
    thread: Ref | None = None
