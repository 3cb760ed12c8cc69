"""The system contract: where the truth of each entity is, who may mirror it, and who decides about each field.

Read from `systems.yaml`; every outside write is judged by it before it leaves (`connectors/guard.py`).
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Self

from pydantic import Field, model_validator

from contracts.errors import GuardError
from contracts.files import FileError, at, load, read
from contracts.owners import Owners
from contracts.values import Contract, Name, Reasoned, Slug


class System(StrEnum):
    """The kinds of outside systems."""

    CRM = "crm"
    MAIL = "mail"
    DOCS = "docs"
    CHAT = "chat"
    BILLING = "billing"


class Route(StrEnum):
    """What becomes of a field that somebody changed past us."""

    PUT_BACK = "put back"
    TAKE_OVER = "take over"
    ASK = "ask"


class Entity(Reasoned):
    """One entity: its system of record, the mirrors it may have, its fields, and who decides about single ones of them.

    Fields of mirrors are watched; `sealed` ones also where they are decided about, since nobody may change them there alone.
    `changed` says what becomes of a watched field that somebody changed: the owner is asked, unless it says otherwise.
    """

    record: System
    mirrors: tuple[System, ...] = ()
    fields: Annotated[tuple[Slug, ...], Field(min_length=1)]
    authority: Mapping[Slug, System] = Field(default_factory=dict)
    sealed: tuple[Slug, ...] = ()
    changed: Mapping[Slug, Route] = Field(default_factory=dict)

    @model_validator(mode="after")
    def _fits_together(self) -> Self:
        if self.record in self.mirrors:
            raise ValueError(f"{self.record} is the system of record and a mirror at once")
        if twice := sorted({field for field in self.fields if self.fields.count(field) > 1}):
            raise ValueError(f"{', '.join(twice)} is named twice")
        if unknown := sorted(self.authority.keys() - set(self.fields)):
            raise ValueError(f"{', '.join(unknown)} has an authority and is no field of the entity")
        if unknown := sorted({*self.sealed, *self.changed} - set(self.fields)):
            raise ValueError(f"{', '.join(unknown)} is sealed or changed and is no field of the entity")
        if stuck := sorted(field for field in self.sealed if self.changed.get(field) is Route.PUT_BACK):
            raise ValueError(f"{', '.join(stuck)} is decided about where it stands, so no rule can put it back")
        if lone := sorted(field for field in self.changed if field not in self.sealed and not self._is_mirrored(field)):
            raise ValueError(f"{', '.join(lone)} is changed where it is decided about, and nobody else holds it")
        return self

    def authority_over(self, field: str) -> System:
        """Return the system that decides about a field: the system of record, unless another one is named."""
        return self.authority.get(field, self.record)

    def route(self, field: str, system: str) -> Route | None:
        """Return what becomes of a field that somebody changed in a system; None where that is its own to decide about."""
        if self.authority_over(field) == system and field not in self.sealed:
            return None
        return self.changed.get(field, Route.ASK)

    def _is_mirrored(self, field: str) -> bool:
        return bool({self.record, *self.mirrors} - {self.authority_over(field)})


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

    def permit(self, target: str, name: str, field: str | None, *, speakers: Collection[str]) -> None:
        """Let a field of an entity be written in the system `target` by who carries the word of these `speakers`, systems too.

        Without a field it is a whole record that is put back as it was, or taken away, by who has made it.

        Raises:
            GuardError: the entity has no place in the target, or the field is none of the speakers' to decide about.
        """
        entity = self.entities.get(name)
        if entity is None:
            raise GuardError(f"guard: {name} is no entity of contracts/systems.yaml", cause=f"guard.{name}")
        places = {entity.record, *entity.mirrors, *entity.authority.values()}
        if target not in places:
            why = f"{name} has no place in {target}, only in {', '.join(sorted(places))}"
        elif field is not None and field not in entity.fields:
            why = f"{name} has no field {field}"
        elif field is not None and entity.authority_over(field) not in speakers:
            whose, who = entity.authority_over(field), " and ".join(sorted(speakers))
            why = f"{name}.{field} is {whose}'s to decide about, and this comes from {who}"
        else:
            return
        raise GuardError(f"guard: {why}: {entity.because('systems.yaml')}", cause=f"guard.{name}.{field or 'record'}")


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
