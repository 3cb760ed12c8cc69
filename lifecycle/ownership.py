"""Who answers for what in three layers, and where that is not clear: nobody speaks for an owner, or two claim the same. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from contracts.catalog import Catalog
from contracts.errors import RefusedError


class Layer(StrEnum):
    """In which way somebody answers for a thing."""

    PROCESS = "process"
    INTEGRATION = "integration"
    APPLICATION = "application"


class Trouble(StrEnum):
    """What is not clear about an owner."""

    NO_PERSON = "no person"
    LEFT = "left"
    UNKNOWN = "unknown"
    CLAIMED = "claimed"


@dataclass(frozen=True, slots=True)
class Place:
    """A thing of the catalog and its owner in each layer."""

    kind: str
    name: str
    title: str
    owners: Mapping[Layer, str]


@dataclass(frozen=True, slots=True)
class Conflict:
    """One thing to be cleared up; `number` is that of a claim, `since` is left out where nobody knows."""

    trouble: Trouble
    owner: str
    says: str
    since: datetime | None = None
    number: int | None = None


def places(catalog: Catalog) -> list[Place]:
    """Return everything in the catalog with its three owners."""
    found: list[tuple[str, str, Any]] = [("event", name, entry) for name, entry in catalog.entries.items()]
    found += [("operation", operation.flow, operation) for operation in catalog.operations]
    found += [("system", system.value, entry) for system, entry in catalog.systems.systems.items()]
    return [Place(kind, name, one.title, {layer: getattr(one, f"{layer}_owner") for layer in Layer}) for kind, name, one in found]


def conflicts(catalog: Catalog, users: Sequence[Any], claims: Iterable[Any]) -> list[Conflict]:
    """Return what is to be cleared up, the oldest first, and before that what nobody knows since when.

    `users` are the people who may sign in, those who left among them, and `claims` those that nobody has settled.
    """
    found = [*_unspoken(catalog, users), *_unknown(catalog, users), *_claimed(catalog, claims)]
    return sorted(found, key=lambda one: (one.since is not None, one.since or 0, one.owner))


def require_claim(catalog: Catalog, subject: str, layer: Layer, by: str, reason: str) -> None:
    """Raise RefusedError unless an owner claims, with a reason, a thing of the catalog that is another one's in that layer."""
    known = {place.name: place for place in places(catalog)}
    if by not in catalog.owners.owners:
        raise RefusedError(f"{by} is nobody in contracts/owners.yaml", cause="claim.unknown_owner")
    if subject not in known:
        raise RefusedError(f"{subject} is nothing in the catalog; known are {', '.join(known)}", cause="claim.unknown_subject")
    if known[subject].owners[layer] == by:
        raise RefusedError(f"{by} is the {layer} owner of {subject} already", cause="claim.own")
    if not reason.strip():
        raise RefusedError("a claim needs its reason", cause="claim.no_reason")


def _unspoken(catalog: Catalog, users: Sequence[Any]) -> Iterator[Conflict]:
    """Owners whom nobody speaks for: all who did have left, or nobody ever has."""
    for key, owner in catalog.owners.owners.items():
        mine = [user for user in users if key in user.owners]
        if mine and all(user.disabled_at for user in mine):
            since = max(user.disabled_at for user in mine)
            yield Conflict(Trouble.LEFT, key, f"everybody who spoke for {owner.name} has left", since)
        elif not mine:
            yield Conflict(Trouble.NO_PERSON, key, f"nobody who may sign in speaks for {owner.name}")


def _unknown(catalog: Catalog, users: Sequence[Any]) -> Iterator[Conflict]:
    for user in users:
        for key in user.owners if not user.disabled_at else ():
            if key not in catalog.owners.owners:
                yield Conflict(Trouble.UNKNOWN, key, f"{user.login} speaks for {key}, who is nobody in owners.yaml")


def _claimed(catalog: Catalog, claims: Iterable[Any]) -> Iterator[Conflict]:
    """Claims on what the catalog still gives to another one; a catalog that follows a claim has settled it."""
    known = {place.name: place for place in places(catalog)}
    for claim in claims:
        place = known.get(claim.subject)
        holder = place.owners[Layer(claim.layer)] if place else None
        if holder and holder != claim.owner:
            says = f"{claim.owner} claims to be the {claim.layer} owner of {claim.subject}, which is {holder}: {claim.reason}"
            yield Conflict(Trouble.CLAIMED, claim.owner, says, claim.opened_at, claim.id)
