"""What is assessed and what it costs, read from `fields.yaml` and `rules.yaml`. It must not know where contacts come from."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cache
from pathlib import Path
from typing import Annotated, Literal, Self

from babel import Locale
from moneyed import CURRENCIES
from pydantic import Field, model_validator
from pydantic_core import PydanticCustomError

from contracts.files import FileError, at, load, read
from contracts.lead import Service
from contracts.values import Contract

HERE = Path(__file__).parent
BROKEN, COMPANIES = "broken_row", "duplicate_company"
CAUSES = ("invalid_email", "invalid_phone", "missing_required", "vocabulary", COMPANIES, BROKEN)
"""What is looked for whatever the rules say; the duplicates come from the rules."""
NO_COUNTRIES = ("EU", "EZ", "QO", "UN", "XA", "XB", "ZZ")
Minutes = Annotated[float, Field(ge=0, le=480)]
Text = Annotated[str, Field(min_length=1)]


class FieldRule(Contract):
    """A field that is assessed: what people call it, and what columns call it."""

    title: Text
    columns: Annotated[tuple[Text, ...], Field(min_length=1)]
    compared: bool = True
    of: Literal["person", "company"] = "person"


class Fields(Contract):
    """All fields, in the order in which they are shown."""

    fields: Mapping[str, FieldRule]


class Conflict(Contract):
    """What a duplicate costs, and what is to be done, where its rows do not agree."""

    minutes: Minutes
    action: Text


class Cause(Contract):
    """A kind of defect: what is to be done about it, how long that takes, and who says so."""

    title: Text
    action: Text
    minutes: Minutes
    source: Text
    per: Literal["row", "value"] = "row"
    in_conflict: Conflict | None = None


class Vocabulary(Contract):
    """The words that a field takes: those of the house, and others."""

    of: Literal["service", "currency", "country"] | None = Field(default=None, alias="from")
    also: tuple[Text, ...] = ()
    exact: bool = False

    @property
    def words(self) -> frozenset[str]:
        """All words, as they are to be written."""
        return frozenset((*self.also, *(HOUSE[self.of]() if self.of else ())))


class Reserve(Contract):
    """A share that is added to the hours."""

    share: Annotated[float, Field(ge=0, le=5)]
    source: Text


class Rules(Contract):
    """What a contact must have, and what mending costs."""

    nothing: tuple[Text, ...]
    required: tuple[str, ...]
    vocabularies: Mapping[str, Vocabulary]
    duplicates: Mapping[str, Annotated[tuple[str, ...], Field(min_length=1)]]
    causes: Mapping[str, Cause]
    reserve: Reserve

    @model_validator(mode="after")
    def _has_a_price_for_everything(self) -> Self:
        for cause in (*self.duplicates, *CAUSES):
            if cause not in self.causes:
                raise PydanticCustomError("missing", "`{cause}` is missing in causes", {"cause": cause})
        return self


HOUSE: Mapping[str, Callable[[], tuple[str, ...]]] = {
    "service": lambda: tuple(Service),
    "currency": lambda: tuple(CURRENCIES),
    "country": lambda: _countries(),
}
"""The vocabularies of the house."""


@cache
def fields() -> Mapping[str, FieldRule]:
    """Return the fields by key. Raises FileError."""
    return load(HERE / "fields.yaml", Fields).fields


@cache
def rules() -> Rules:
    """Return the rules of this house, read once. Raises FileError."""
    return load_rules(HERE / "rules.yaml")


def load_rules(path: Path) -> Rules:
    """Read rules and check that they name fields that there are. Raises FileError with file, line and field."""
    found, known, document = load(path, Rules), fields(), read(path)
    named: list[tuple[tuple[str | int, ...], str]] = [(("required", n), field) for n, field in enumerate(found.required)]
    named += [(("vocabularies", field), field) for field in found.vocabularies]
    named += [(("duplicates", cause, n), field) for cause, keys in found.duplicates.items() for n, field in enumerate(keys)]
    for place, field in named:
        if field not in known:
            raise FileError(at(path, document, place, f"{field} is no field in fields.yaml"))
    return found


def _countries() -> tuple[str, ...]:
    """ISO 3166 codes and the English names; regions of several countries have numbers, and are none."""
    names = {code: name for code, name in Locale("en").territories.items() if len(code) == 2 and code not in NO_COUNTRIES}
    return (*names, *names.values())
