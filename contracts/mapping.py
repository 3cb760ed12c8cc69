"""The mapping file of an import: how a row of somebody else's table becomes an event. It must not know where rows come from."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Annotated, Any, Literal, Self, get_args

import moneyed
from pydantic import (
    AfterValidator,
    AwareDatetime,
    BaseModel,
    ConfigDict,
    Discriminator,
    Field,
    Tag,
    field_validator,
    model_validator,
)

from contracts.event import CONTRACTS
from contracts.files import FileError, at, load, read
from contracts.values import Money
from contracts.vocabulary import vocabularies

Column = Annotated[str, Field(min_length=1)]
Row = dict[str, str]


def _strptime_format(text: str) -> str:
    try:
        datetime.strptime(datetime(2000, 2, 3, tzinfo=UTC).strftime(text), text).replace(tzinfo=UTC)
    except ValueError:
        raise ValueError("is not a strptime format") from None
    return text


Format = Annotated[str, Field(min_length=2), AfterValidator(_strptime_format)]


class Part(BaseModel):
    """Base of every part of a mapping file: a key too many is an error, and spaces are kept, for a vocabulary may need them."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class TextField(Part):
    """The cell as it is."""

    column: Column
    type: Literal["text"] = "text"

    def convert(self, text: str) -> Any:
        """Return the text."""
        return text


class IntegerField(Part):
    """A whole number written in digits only."""

    column: Column
    type: Literal["integer"]

    def convert(self, text: str) -> Any:
        """Return the number, or the text when it is none."""
        return int(text) if re.fullmatch(r"[+-]?[0-9]{1,18}", text) else text


class MoneyField(Part):
    """An amount in major units of a currency, written with a decimal point and nothing else."""

    column: Column
    type: Literal["money"]
    currency: str

    @field_validator("currency")
    @classmethod
    def _is_known(cls, code: str) -> str:
        return Money(minor=0, currency=code).currency

    def convert(self, text: str) -> Any:
        """Return minor units and currency, or the text when it is no amount of that currency."""
        if not re.fullmatch(r"[+-]?[0-9]{1,15}(\.[0-9]{1,6})?", text):
            return text
        minor = Decimal(text) * moneyed.get_currency(self.currency).sub_unit
        return {"minor": int(minor), "currency": self.currency} if minor == int(minor) else text


class DateField(Part):
    """A day in a strptime format."""

    column: Column
    type: Literal["date"]
    format: Format = "%Y-%m-%d"

    def convert(self, text: str) -> Any:
        """Return the day in ISO form, or the text when it is none."""
        try:
            return datetime.strptime(text, self.format).replace(tzinfo=UTC).date().isoformat()
        except ValueError:
            return text


class SlugField(Part):
    """A key made of a name: `Ada Byron` becomes `ada-byron`."""

    column: Column
    type: Literal["slug"]

    def convert(self, text: str) -> Any:
        """Return the key, or the text when nothing of it can stand in one."""
        plain = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode().lower()
        return re.sub(r"[^a-z0-9]+", "-", plain).strip("-")[:100] or text


class VocabularyField(Part):
    """A word of one of the house's vocabularies, in whatever way people write it."""

    column: Column
    type: Literal["vocabulary"]
    vocabulary: str

    @field_validator("vocabulary")
    @classmethod
    def _is_there(cls, name: str) -> str:
        if name not in vocabularies():
            raise ValueError(f"there is no such vocabulary; known are {', '.join(vocabularies())}")
        return name

    def convert(self, text: str) -> Any:
        """Return our word, or the text when nobody knows it."""
        return vocabularies()[self.vocabulary].find(text) or text


class ConstantField(Part):
    """The same value in every event."""

    type: Literal["constant"]
    value: str | int | bool


def _type_of(field: Any) -> Any:
    return field.get("type", "text") if isinstance(field, Mapping) else getattr(field, "type", None)


AnyField = Annotated[
    Annotated[TextField, Tag("text")]
    | Annotated[IntegerField, Tag("integer")]
    | Annotated[MoneyField, Tag("money")]
    | Annotated[DateField, Tag("date")]
    | Annotated[SlugField, Tag("slug")]
    | Annotated[VocabularyField, Tag("vocabulary")]
    | Annotated[ConstantField, Tag("constant")],
    Discriminator(_type_of),
]


class Join(Part):
    """Another table, whose row with the same value in column `on` lends its columns."""

    file: Annotated[str, Field(min_length=1)]
    on: Column


class Time(Part):
    """When the event happened: a column (in a strptime format, or ISO 8601; UTC where it names no zone), or one fixed moment."""

    column: Column | None = None
    format: Format | None = None
    fixed: AwareDatetime | None = None

    @model_validator(mode="after")
    def _is_one_of_both(self) -> Self:
        if (self.column is None) == (self.fixed is None):
            raise ValueError("needs either a column or a fixed moment")
        return self

    def of(self, row: Row) -> str:
        """Return the moment in ISO form; empty where the cell is, and the cell's text where it is no moment."""
        if self.fixed:
            return self.fixed.isoformat()
        text = row[self.column or ""].strip()
        try:
            moment = datetime.strptime(text, self.format) if self.format else datetime.fromisoformat(text)  # noqa: DTZ007
        except ValueError:
            return text
        return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).isoformat()


class ImportMap(Part):
    """The whole mapping file: which rows become events, what is mended and joined first, and which column makes which field."""

    contract: Annotated[str, Field(pattern=r"^[a-z.]+/[0-9]+$", description="The contract that the fields fit: event/version")]
    source: Annotated[str, Field(min_length=1, max_length=200)]
    id: Column
    subject: Column | None = None
    time: Time | None = None
    only: Mapping[Column, Sequence[str]] = Field(default_factory=dict)
    vocabulary: Mapping[Column, Mapping[str, str]] = Field(default_factory=dict)
    join: Sequence[Join] = ()
    fields: Annotated[Mapping[str, AnyField], Field(min_length=1, description="Path in the event's data, dotted, to its column")]

    @property
    def event(self) -> str:
        """The type of the events that come out."""
        return self.contract.partition("/")[0]

    def columns(self) -> set[str]:
        """Return every column that must be there, in the table or in one that is joined."""
        named = {self.id, *self.only, *self.vocabulary, *(join.on for join in self.join)}
        named |= {field.column for field in self.fields.values() if not isinstance(field, ConstantField)}
        return named | {column for column in (self.subject, self.time and self.time.column) if column}

    def takes(self, row: Row) -> bool:
        """Whether the row becomes an event."""
        return all(row[column] in values for column, values in self.only.items())

    def mend(self, row: Row) -> Sequence[str]:
        """Put the vocabulary's spelling into the row, and return the columns that had another one."""
        mended = [column for column, words in self.vocabulary.items() if row.get(column) in words]
        for column in mended:
            row[column] = self.vocabulary[column][row[column]]
        return mended

    def event_of(self, row: Row) -> dict[str, Any]:
        """Return the CloudEvent of a row that was mended and joined; an empty cell leaves its field out."""
        envelope = {
            "specversion": "1.0",
            "id": row[self.id].strip(),
            "source": self.source,
            "type": self.event,
            "time": self.time and self.time.of(row),
            "subject": self.subject and row[self.subject].strip(),
            "dataschema": self.contract,
            "datacontenttype": "application/json",
        }
        return {**{name: value for name, value in envelope.items() if value}, "data": self._data_of(row)}

    def _data_of(self, row: Row) -> dict[str, Any]:
        data: dict[str, Any] = {}
        for path, field in self.fields.items():
            text = "" if isinstance(field, ConstantField) else row[field.column].strip()
            if not text and not isinstance(field, ConstantField):
                continue
            *groups, name = path.split(".")
            place = data
            for group in groups:
                place = place.setdefault(group, {})
            place[name] = field.value if isinstance(field, ConstantField) else field.convert(text)
        return data


def load_map(path: Path, event: str) -> ImportMap:
    """Read a mapping file for events of type `event`, and check that it names fields that their contract has.

    Raises:
        FileError: it is no such file; the text names file, line and field.
    """
    mapping = load(path, ImportMap)
    for loc, why in _faults(mapping, event):
        raise FileError(at(path, read(path), loc, why))
    return mapping


def _faults(mapping: ImportMap, event: str) -> Iterable[tuple[tuple[str, ...], str]]:
    version = int(mapping.contract.rpartition("/")[2])
    if mapping.event != event:
        yield ("contract",), f"is not a contract of {event}"
    elif version not in CONTRACTS.get(event, {}):
        yield ("contract",), "is not a released contract version"
    else:
        for path, field in mapping.fields.items():
            if why := _misfit(CONTRACTS[event][version], path, field):
                yield ("fields", path), why


def _misfit(contract: type[BaseModel], path: str, field: Any) -> str:
    """Why a field cannot stand at this path of the contract, or nothing."""
    inside: type[BaseModel] | None = contract
    for name in path.split("."):
        if inside is None or name not in inside.model_fields:
            return "is not a field of the contract"
        kinds = (inside.model_fields[name].annotation, *get_args(inside.model_fields[name].annotation))
        inside = next((kind for kind in kinds if isinstance(kind, type) and issubclass(kind, BaseModel)), None)
    if inside is Money:
        return "" if isinstance(field, MoneyField) else "is an amount: type money"
    if inside is not None:
        return "is a group: name a field within it"
    return "is no amount" if isinstance(field, MoneyField) else ""
