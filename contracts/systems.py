"""The system contract: which system holds the truth of each entity and which may mirror it, read from `systems.yaml`."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from pathlib import Path
from typing import Annotated

from pydantic import Field

from contracts.files import FileError, at, load, read
from contracts.owners import Owners
from contracts.values import Contract, Name, Slug


class System(StrEnum):
    """The kinds of outside systems."""

    CRM = "crm"
    MAIL = "mail"
    DOCS = "docs"
    CHAT = "chat"
    BILLING = "billing"


class Entity(Contract):
    """One entity: its system of record, the mirrors it may have, and who holds authority over single fields."""

    record: System
    mirrors: tuple[System, ...] = ()
    authority: Mapping[Slug, System] = Field(default_factory=dict)


class SystemEntry(Contract):
    """One outside system and the people who answer for it."""

    title: Name
    process_owner: Slug
    integration_owner: Slug
    application_owner: Slug


class Systems(Contract):
    """The whole system contract."""

    systems: Mapping[System, SystemEntry]
    entities: Annotated[Mapping[Slug, Entity], Field(min_length=1)]


OWNER_FIELDS = ("process_owner", "integration_owner", "application_owner")


def load_systems(folder: Path, owners: Owners) -> Systems:
    """Read `systems.yaml` and check that every owner exists. Raises FileError."""
    path = folder / "systems.yaml"
    systems = load(path, Systems)
    for name, entry in systems.systems.items():
        for field in OWNER_FIELDS:
            if getattr(entry, field) not in owners.owners:
                raise FileError(at(path, read(path), ("systems", name.value, field), "is nobody in owners.yaml"))
    for kind, entity in systems.entities.items():
        for system in {entity.record, *entity.mirrors, *entity.authority.values()} - set(systems.systems):
            raise FileError(at(path, read(path), ("entities", kind), f"names the system {system.value}, which has no entry"))
    return systems
