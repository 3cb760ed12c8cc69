"""Which fields of outside records are ours to watch, what a look at one says, and the way an incident goes; pure."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final

from contracts.systems import Route, System, Systems
from contracts.traces import Hand, Trace
from lifecycle.judging import same
from lifecycle.undo import INVERSES


class Kind(StrEnum):
    """The kinds of outside records that are compared with the ledger."""

    DEAL = "deal"
    CUSTOMER = "customer"
    DOCUMENT = "document"
    INVOICE = "invoice"


class IncidentState(StrEnum):
    """Where an incident stands. Settled: the field holds again what it should; overtaken: it was changed once more."""

    OPEN = "open"
    PUT_BACK = "put back"
    TAKEN_OVER = "taken over"
    SETTLED = "settled"
    OVERTAKEN = "overtaken"


RECORD: Final = "record"
"""What an incident calls its field when the whole record is gone."""
THERE: Final = "there"
STAGE: Final = "stage"
YOUNG: Final = 600.0
"""Seconds for which a moved stage is left alone: the webhook that tells of it may be on its way."""
PUT_BACK: Final = "put_back"
"""The step under which the ledger keeps what was put back."""
SYSTEMS: Final = {Kind.DEAL: System.CRM, Kind.CUSTOMER: System.BILLING, Kind.DOCUMENT: System.DOCS, Kind.INVOICE: System.BILLING}
ENTITY: Final = {Kind.DEAL: "opportunity", Kind.CUSTOMER: "account", Kind.DOCUMENT: "document", Kind.INVOICE: "invoice"}
LINKS: Final = ("folder_url", "packet_url", "proposal_url", "invoice_url")
HELD: Final[Mapping[Kind, Mapping[str, str]]] = {
    Kind.DEAL: dict.fromkeys(("name", STAGE, "owner", "service", "campaign", *LINKS, "payment"), "opportunity"),
    Kind.CUSTOMER: {"name": "account", "email": "contact"},
    Kind.DOCUMENT: {"content": "document"},
    Kind.INVOICE: {"lines": "invoice"},
}
"""Which fields of a kind of record can be compared, and whose they are."""
WRITTEN: Final = {
    kind: tuple(name for name, inverse in INVERSES.items() if inverse.kind == kind) for kind in (Kind.DEAL, Kind.CUSTOMER)
}
"""How the changes of these records are undone, which is how the ledger knows them."""
RESTORED: Final = {Kind.DEAL: "restore_deal", Kind.CUSTOMER: "delete_customer", Kind.DOCUMENT: "unlock_document"}
"""How putting back is undone: as the changes that it repeats. A paper is locked when its text is back."""


@dataclass(frozen=True, slots=True)
class Watched:
    """A field that is watched: whose it is, and the way it goes when somebody changed it."""

    entity: str
    field: str
    route: Route


def watched(kind: Kind, systems: Systems) -> list[Watched]:
    """Return the fields of a kind of record that the system contract lets nobody change but us."""
    routes = [(entity, field, systems.entities[entity].route(field, SYSTEMS[kind])) for field, entity in HELD[kind].items()]
    return [Watched(entity, field, route) for entity, field, route in routes if route is not None]


def whole(kind: Kind) -> Watched:
    """Return what stands for a whole record: that it is gone is for its owner to say something about."""
    return Watched(ENTITY[kind], RECORD, Route.ASK)


@dataclass(frozen=True, slots=True)
class Expected:
    """What we wrote into a field last, and when; a document's and an invoice's from what a person approved."""

    value: str | None
    at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Known:
    """The newest incident of a field: where it stands, since when, and the salted hash of the value that it found."""

    state: IncidentState
    salt: str
    found_hash: str
    closed_at: datetime | None


class Finding(StrEnum):
    """What a look at a field says: nothing is wrong, the open incident is over, it is known already, or it is a new one."""

    FINE = "fine"
    OVER = "over"
    TOLD = "told"
    NEW = "new"


def judge(expected: Expected, found: Trace, known: Known | None) -> Finding:
    """Say what a field that stands so means, by what was told of it before. What we wrote ourselves is fine."""
    is_open = known is not None and known.state is IncidentState.OPEN
    if found.by is Hand.OURS or same(expected.value, found.value):
        return Finding.OVER if is_open else Finding.FINE
    if known is None or known.found_hash != hashed(found.value, known.salt):
        return Finding.NEW
    if is_open:
        return Finding.TOLD
    later = expected.at is not None and known.closed_at is not None and known.closed_at < expected.at
    return Finding.FINE if known.state is IncidentState.TAKEN_OVER and not later else Finding.NEW


def way_of(route: Route, found: Trace, known: Known | None) -> Route:
    """Return the way that a new incident goes: its rule's, but who writes again what was put back has a reason, and is asked."""
    if route is Route.PUT_BACK and known is not None and known.state is IncidentState.PUT_BACK:
        return Route.ASK if known.found_hash == hashed(found.value, known.salt) else route
    return route


def can_be_put_back(kind: str, field: str) -> bool:
    """Say whether a field can be as it was again by what we do; a record that is gone cannot."""
    return kind in RESTORED and field != RECORD


def hashed(value: str | None, salt: str) -> str:
    """Return the hash of a value under a salt of its incident's own, so that a short one cannot be guessed from it."""
    return hmac.digest(salt.encode(), (value or "").encode(), hashlib.sha256).hex()


def cause_of(entity: str, field: str) -> str:
    """Return the cause of the exceptions of incidents that are alike."""
    return f"reconcile/{entity}.{field}"


def reason_of(entity: str, field: str, by: str, ours: str, theirs: str) -> str:
    """Say what was found, without a value: what changed it, and the hashes of what stands there and what should."""
    if field == RECORD:
        return f"a record is gone that holds the {entity} of a deal"
    return f"{entity}.{field} was changed past us ({SAID[by]}): {theirs[:12]} stands where {ours[:12]} should"


SAID: Final[Mapping[str, str]] = {
    Hand.PERSON: "by hand",
    Hand.IMPORT: "by an import",
    Hand.API: "by another program",
    Hand.AUTOMATION: "by an automation of the vendor's",
    Hand.UNKNOWN: "nobody says by whom",
}
