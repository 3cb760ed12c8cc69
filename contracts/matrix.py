"""The mapping matrix: which field of ours is which of a vendor's, read from `mappings/*.yaml`. Knows no vendor's calls."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import fields as fields_of
from dataclasses import is_dataclass
from datetime import date, datetime
from enum import StrEnum
from functools import cache, cached_property
from pathlib import Path
from types import UnionType
from typing import Annotated, Any, Union, get_args, get_origin, get_type_hints

from pydantic import BaseModel, ConfigDict, Field, field_validator

from contracts.billing import CustomerRecord, EstimateRecord, InvoiceRecord, InvoiceSnapshot, LineItem
from contracts.conversions import CONVERSIONS, OurType, TheirType
from contracts.errors import RefusedError
from contracts.files import FileError, agreed, at, load, read
from contracts.parties import Company, Person
from contracts.records import (
    CompanyRecord,
    ContactSnapshot,
    DealChange,
    DealRecord,
    DealSnapshot,
    DocumentRecord,
    FolderRecord,
    Message,
    NoteSnapshot,
    Ref,
    RequestRecord,
    RequestSnapshot,
)
from contracts.systems import System
from contracts.values import Money, Reasoned
from contracts.vocabulary import Vocabulary, vocabularies

RECORDS: Mapping[str, tuple[type[Any], ...]] = {
    "company": (Company, CompanyRecord),
    "contact": (Person, ContactSnapshot),
    "deal": (DealRecord, DealChange, DealSnapshot),
    "request": (RequestRecord, RequestSnapshot),
    "note": (NoteSnapshot,),
    "customer": (CustomerRecord,),
    "estimate": (EstimateRecord,),
    "estimate_line": (LineItem,),
    "invoice": (InvoiceRecord, InvoiceSnapshot),
    "invoice_line": (LineItem,),
    "document": (DocumentRecord, FolderRecord, Ref),
    "message": (Message,),
}
"""The records that each entity's fields belong to."""
OF_NO_RECORD = {"key": str, "owner_user": str}
"""Fields that an outside record has beside ours: the key of the effect that made it, the vendor's own user behind it."""


class Null(StrEnum):
    """What becomes of a field of ours that is not known: it must not be so, it is left out, or an empty text is written."""

    REQUIRED = "required"
    LEFT_OUT = "left out"
    EMPTY = "empty"


class Direction(StrEnum):
    """Which way a field goes: we read it, we write it, or both."""

    READ = "read"
    WRITE = "write"
    BOTH = "both"


class Part(BaseModel):
    """Base of every part of the matrix."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Row(Part):
    """One field of ours and the vendor's field, or fields, that hold it; a dotted one lies within another."""

    theirs: tuple[Annotated[str, Field(min_length=1)], ...]
    types: Annotated[tuple[OurType, TheirType], Field(description="Ours, and the vendor's")]
    convert: str = Field(default="as-it-is", alias="as")
    vocabulary: str | None = None
    nulls: Null
    direction: Direction
    label: str | None = Field(default=None, description="A field that we add at the vendor, by the name that people see")

    @field_validator("theirs", mode="before")
    @classmethod
    def _one_or_more(cls, value: Any) -> Any:
        return (value,) if isinstance(value, str) else value

    @property
    def is_read(self) -> bool:
        """Whether we take it from the vendor."""
        return self.direction is not Direction.WRITE

    @property
    def is_written(self) -> bool:
        """Whether we set it at the vendor."""
        return self.direction is not Direction.READ

    @cached_property
    def words(self) -> Vocabulary | None:
        """The vocabulary of a field that has one."""
        return vocabularies()[self.vocabulary] if self.vocabulary else None

    def out(self, vendor: str, value: Any) -> Mapping[str, Any]:
        """Return a value of ours as the vendor's fields, by the null rule where it is none."""
        if value is None or value == "":
            if self.nulls is Null.REQUIRED:
                raise ValueError("is required")
            return dict.fromkeys(self.theirs, "") if self.nulls is Null.EMPTY else {}
        if self.words:
            return {self.theirs[0]: self.words.to_theirs(value, vendor)}
        found = dict(zip(self.theirs, CONVERSIONS[self.convert].out(value), strict=True))
        return found if len(found) == 1 else {name: one for name, one in found.items() if one != ""}

    def back(self, vendor: str, record: Mapping[str, Any]) -> Any:
        """Return what a vendor's record says as a value of ours, None where it says nothing. Raises ValueError."""
        theirs = [_get(record, path) for path in self.theirs]
        if all(one in (None, "", []) for one in theirs):
            return None
        return self.words.to_ours(str(theirs[0]), vendor) if self.words else CONVERSIONS[self.convert].back(theirs)


class Entity(Part):
    """One kind of record, at us and at the vendor."""

    object: str = Field(min_length=1, description="What the vendor calls it")
    fields: Annotated[Mapping[str, Row], Field(min_length=1)]
    constants: Mapping[str, str] = Field(default_factory=dict, description="What every new one has at the vendor")


class Table(Reasoned):
    """All mappings of one vendor."""

    vendor: str
    system: System
    entities: Annotated[Mapping[str, Entity], Field(min_length=1)]

    def __getitem__(self, entity: str) -> Fields:
        return self._fields[entity]

    @cached_property
    def _fields(self) -> Mapping[str, Fields]:
        return {name: Fields(self, entity) for name, entity in self.entities.items()}


class Fields:
    """The fields of one kind of record at one vendor: what a connector writes and reads."""

    def __init__(self, table: Table, entity: Entity) -> None:
        self.table, self.vendor, self.entity, self.rows = table, table.vendor, entity, entity.fields
        self.readable = {name: row for name, row in self.rows.items() if row.is_read}
        self.reads = tuple(dict.fromkeys(one for row in self.readable.values() for one in row.theirs))
        written = [one for row in self.rows.values() if row.is_written or row.label for one in row.theirs]
        self.writes = tuple(dict.fromkeys([*written, *entity.constants]))
        self.labels = {row.theirs[0]: row.label for row in self.rows.values() if row.label}

    def name(self, field: str) -> str:
        """Return what the vendor calls a field of ours."""
        return self.rows[field].theirs[0]

    def out(self, **values: Any) -> dict[str, Any]:
        """Return values of ours as the vendor takes them, each by its row.

        Raises:
            RefusedError: a required one is not there, or a word is none of its vocabulary; names field, reason and decision.
        """
        record: dict[str, Any] = {}
        for name, value in values.items():
            try:
                for path, one in self.rows[name].out(self.vendor, value).items():
                    _put(record, path, one)
            except ValueError as error:
                place = f"{self.entity.object}.{name}"
                raise RefusedError(f"{place}: {error}: {self._because(name)}", cause=f"mapping.{place}") from None
        return record

    def _because(self, name: str) -> str:
        """Why a value of this field is refused: by its vocabulary, where it has one, or by the mapping."""
        row = self.rows[name]
        if row.words:
            return row.words.because(f"vocabularies/{row.vocabulary}.yaml")
        return self.table.because(f"mappings/{self.vendor}.yaml")

    def new(self, **values: Any) -> dict[str, Any]:
        """Return a new record: the values, and what every new one has."""
        record = self.out(**values)
        for path, one in self.entity.constants.items():
            _put(record, path, one)
        return record

    def back(self, record: Mapping[str, Any], *names: str) -> dict[str, Any]:
        """Return the fields of a vendor's record as values of ours, those named or all that we read. Raises ValueError."""
        return {name: self.readable[name].back(self.vendor, record) for name in names or self.readable}


@cache
def matrix() -> Mapping[str, Table]:
    """Return the mappings of this house by vendor, read once. Raises FileError."""
    return load_matrix(agreed() / "mappings", vocabularies())


def load_matrix(folder: Path, known: Mapping[str, Vocabulary]) -> Mapping[str, Table]:
    """Read a folder's mappings and check them against our records.

    Raises:
        FileError: a file is wrong, or names a field, a conversion or a vocabulary that does not exist; with file, line and field.
    """
    tables = {}
    for path in sorted(folder.glob("*.yaml")):
        table = load(path, Table)
        for loc, why in _faults(path.stem, table, known):
            raise FileError(at(path, read(path), loc, why))
        tables[table.vendor] = table
    return tables


def _faults(stem: str, table: Table, known: Mapping[str, Vocabulary]) -> Iterator[tuple[tuple[str, ...], str]]:
    if table.vendor != stem:
        yield ("vendor",), f"is not the name of the file, {stem}"
    for entity, fields in table.entities.items():
        place = ("entities", entity)
        if entity not in RECORDS:
            yield place, f"is not a kind of record; known are {', '.join(RECORDS)}"
            continue
        taken: dict[tuple[str, ...], str] = {}
        for name, row in fields.fields.items():
            if why := _misfit(entity, name, row, known):
                yield (*place, "fields", name), why
            if (other := taken.setdefault(row.theirs, name)) != name:
                yield (*place, "fields", name), f"has the vendor's field of {other} again"


def _misfit(entity: str, name: str, row: Row, known: Mapping[str, Vocabulary]) -> str:
    """Why a row cannot stand in the matrix, or nothing."""
    kinds = _kinds(entity)
    ours, theirs = row.types
    if name not in kinds:
        return f"is not a field of {entity}"
    if row.convert not in CONVERSIONS:
        return f"there is no conversion {row.convert!r}; known are {', '.join(CONVERSIONS)}"
    conversion = CONVERSIONS[row.convert]
    if ours not in conversion.ours or theirs != conversion.theirs[0]:
        return f"{row.convert} makes {conversion.theirs[0]} of {' or '.join(conversion.ours)}, not {theirs} of {ours}"
    if len(row.theirs) != len(conversion.theirs):
        return f"{row.convert} needs {len(conversion.theirs)} of the vendor's fields"
    if ours not in kinds[name]:
        return f"is {' or '.join(sorted(kinds[name]))} with us, not {ours}"
    if (row.vocabulary is None) == (row.convert == "vocabulary"):
        return "needs `as: vocabulary` and the name of one, both or neither"
    if row.vocabulary is not None and row.vocabulary not in known:
        return f"there is no vocabulary {row.vocabulary!r}; known are {', '.join(known)}"
    return ""


@cache
def _kinds(entity: str) -> Mapping[str, set[str]]:
    """The fields of a kind of record with the types that a row may give them."""
    hints: dict[str, Any] = dict(OF_NO_RECORD)
    for model in RECORDS[entity]:
        named = {one.name for one in fields_of(model)} if is_dataclass(model) else set(model.model_fields)
        hints |= {name: hint for name, hint in get_type_hints(model, include_extras=True).items() if name in named}
    return {name: _types_of(hint) for name, hint in hints.items()}


def _types_of(hint: Any) -> set[str]:
    if get_origin(hint) in (Union, UnionType):
        return set().union(*(_types_of(one) for one in get_args(hint) if one is not type(None)))
    if get_origin(hint) is Annotated:
        return _types_of(get_args(hint)[0])
    exact: Mapping[Any, str] = {int: "integer", Money: "money", date: "date", datetime: "moment"}
    return {exact[hint]} if hint in exact else {"text", "word", "key"}


def _get(record: Mapping[str, Any], path: str) -> Any:
    found: Any = record
    for part in path.split("."):
        found = found.get(part) if isinstance(found, Mapping) else None
    return found


def _put(record: dict[str, Any], path: str, value: Any) -> None:
    *groups, name = path.split(".")
    for group in groups:
        record = record.setdefault(group, {})
    record[name] = value
