"""The event catalog: what each business event is, what it sets going, who answers for it. The program reads it and obeys it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from functools import cache
from pathlib import Path
from typing import Annotated, Self

from cronsim import CronSim, CronSimError
from pydantic import AfterValidator, Field, model_validator
from pydantic_core import PydanticCustomError

from contracts.decisions import Policy, load_policies
from contracts.errors import MisconfiguredError
from contracts.event import CONTRACTS
from contracts.files import FileError, agreed, at, load, read
from contracts.owners import Channel, Owners, load_owners
from contracts.systems import OWNER_FIELDS, System, Systems, load_systems
from contracts.values import Contract, Money, Name, Slug, Zone


class Criticality(StrEnum):
    """How soon somebody must look."""

    HIGH = "high"
    NORMAL = "normal"
    LOW = "low"


class Freshness(StrEnum):
    """How soon after it happened an event is told; the gate judges it (`expectations/freshness.py`)."""

    SECONDS = "seconds"
    MINUTES = "minutes"
    DAY = "a day"


class Retry(Contract):
    """How a step that may work later is tried again: delays grow by two from `first_delay`, each with jitter."""

    attempts: Annotated[int, Field(ge=1, le=20)]
    first_delay: Annotated[float, Field(gt=0, le=3600, description="Seconds before the second attempt")]
    jitter: Annotated[float, Field(ge=0, le=1, description="Share of each delay that is random")] = 0.5

    @property
    def delays(self) -> list[float]:
        """Seconds to wait before each further attempt."""
        return [self.first_delay * 2**n for n in range(self.attempts - 1)]


class Entry(Contract):
    """One business event: trigger, contract, destinations, owners, retries, escalation, freshness, criticality, cost."""

    event: Slug
    title: Name
    flow: Slug
    sources: Annotated[tuple[Name, ...], Field(min_length=1)]
    contract: Annotated[int, Field(ge=1, description="Newest version of the payload contract")]
    destinations: Annotated[tuple[System, ...], Field(min_length=1)]
    persistence: Name
    then: Slug | None = None
    process_owner: Slug
    integration_owner: Slug
    application_owner: Slug
    notify: Channel
    escalate: Channel
    runbook: Name
    retry: Retry
    batch: Annotated[int, Field(ge=1, le=100, description="Most events in one run: 100 is what HubSpot takes a call")] = 100
    freshness: Freshness
    criticality: Criticality
    cost: Annotated[Money, Field(description="What one that waits costs an hour, while a system that it needs is down")]


def _cron(expression: str) -> str:
    try:
        CronSim(expression, datetime.now(UTC))
    except CronSimError:
        raise PydanticCustomError("cron", "is not a cron expression") from None
    if len(expression.split()) != 5:
        raise PydanticCustomError("cron", "is not a cron expression of five fields")
    return expression


class Operation(Contract):
    """An operating flow that no business event starts: a sweep, a replay. It is scheduled by seconds or by the calendar."""

    flow: Slug
    entrypoint: Name
    title: Name
    process_owner: Slug
    integration_owner: Slug
    application_owner: Slug
    notify: Channel
    runbook: Name
    every: Annotated[float, Field(gt=0, description="Seconds between scheduled runs")] | None = None
    at: Annotated[str, AfterValidator(_cron), Field(description="Cron expression of scheduled runs")] | None = None
    zone: Annotated[Zone, Field(description="Time zone that `at` is told in")] | None = None

    @model_validator(mode="after")
    def _has_one_schedule_at_most(self) -> Self:
        if self.every is not None and self.at is not None:
            raise PydanticCustomError("schedule", "is scheduled by `every` or by `at`, not by both")
        if (self.at is None) != (self.zone is None):
            raise PydanticCustomError("schedule", "`at` and `zone` stand together")
        return self


class Operations(Contract):
    """All operating flows."""

    operations: tuple[Operation, ...]


@dataclass(frozen=True, slots=True)
class Catalog:
    """Everything that was agreed, checked as a whole."""

    entries: Mapping[str, Entry]
    operations: tuple[Operation, ...]
    owners: Owners
    systems: Systems
    policies: Mapping[str, Policy]

    def __getitem__(self, event: str) -> Entry:
        return self.entries[event]

    def policy(self, kind: str) -> Policy:
        """Return how decisions of a kind are made. Raises MisconfiguredError where that is not agreed."""
        if kind not in self.policies:
            raise MisconfiguredError(f"contracts/decisions.yaml says nothing of a {kind}")
        return self.policies[kind]


@cache
def catalog() -> Catalog:
    """Return the catalog of this house, read once. Raises FileError."""
    return load_catalog(agreed())


def load_catalog(folder: Path) -> Catalog:
    """Read owners, systems, policies, events and operations below `folder` and check that they fit together.

    Raises:
        FileError: a file is wrong; the text names file, line and field.
    """
    owners = load_owners(folder)
    systems = load_systems(folder, owners)
    entries: dict[str, Entry] = {}
    for path in sorted((folder / "catalog").glob("*.*.yaml")):
        entry = load(path, Entry)
        for loc, why in _faults(entry, owners, systems, entries):
            raise FileError(at(path, read(path), loc, why))
        entries[entry.event] = entry
    for entry in entries.values():
        if entry.then is not None and entry.then not in entries:
            path = folder / "catalog" / f"{entry.event}.yaml"
            raise FileError(at(path, read(path), ("then",), "is not an event of the catalog"))
    return Catalog(entries, _operations(folder, owners), owners, systems, load_policies(folder, owners))


def _faults(entry: Entry, owners: Owners, systems: Systems, before: Mapping[str, Entry]) -> Iterable[tuple[tuple[str, ...], str]]:
    for field in OWNER_FIELDS:
        if getattr(entry, field) not in owners.owners:
            yield (field,), "is nobody in owners.yaml"
    if entry.contract not in CONTRACTS.get(entry.event, {}):
        yield ("contract",), "is not a released contract version of this event"
    for system in entry.destinations:
        if system not in systems.systems:
            yield ("destinations",), f"{system.value} is not in systems.yaml"
    if entry.event in before:
        yield ("event",), "stands in the catalog twice"
    if entry.flow in {other.flow for other in before.values()}:
        yield ("flow",), "is the path of another event already"


def _operations(folder: Path, owners: Owners) -> tuple[Operation, ...]:
    path = folder / "catalog" / "operations.yaml"
    operations = load(path, Operations).operations
    for place, operation in enumerate(operations):
        for field in OWNER_FIELDS:
            if getattr(operation, field) not in owners.owners:
                raise FileError(at(path, read(path), ("operations", place, field), "is nobody in owners.yaml"))
    return operations
