"""Which column of a source is which field: by the names of `fields.yaml`, or by a mapping file."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from assessment.errors import wrong
from assessment.rules import fields
from contracts.files import FileError, at, load, read
from contracts.values import Contract

ANY_OF = ("email", "phone", "company", "person")
"""Without one of these there is nothing to assess."""
SHOWN = 40


class Source(Contract):
    """Where a field stands."""

    column: str


class ColumnMap(Contract):
    """A mapping file: `fields: {email: {column: Mail}}`, as an import has one."""

    fields: Mapping[str, Source]


@dataclass(frozen=True, slots=True)
class Columns:
    """The column of each field by its place, and the columns that are nothing to us."""

    places: Mapping[str, int]
    names: Sequence[str]

    @property
    def known(self) -> Mapping[str, str]:
        """The name of each field's column."""
        return {field: self.names[place] for field, place in self.places.items()}

    @property
    def ignored(self) -> Sequence[str]:
        """Names of the columns that are not assessed."""
        return [name for place, name in enumerate(self.names) if place not in self.places.values() and name]


def columns_of(path: Path, line: int, names: Sequence[str], mapping: Path | None = None) -> Columns:
    """Return which of a table's columns are which fields.

    Raises:
        FileError: the mapping file is wrong, or names a field or a column that there is not.
        ContractError: no column is one of e-mail, phone, company, name; says which there are.
    """
    places = _recognised(names) | (_mapped(mapping, names) if mapping else {})
    places |= {"person": -1} if "person" not in places and {"first_name", "last_name"} <= set(places) else {}
    if not set(places) & set(ANY_OF):
        seen = ", ".join(f"`{name[:60]}`" for name in names[:SHOWN] if name) or "none"
        more = f" and {len(names) - SHOWN} more" if len(names) > SHOWN else ""
        needs = ", ".join(fields()[field].title for field in ANY_OF)
        raise wrong(
            path, line, "header", f"has no column for any of: {needs}. Its columns: {seen}{more}. Name them with --map", "missing"
        )
    return Columns({field: place for field, place in places.items() if place >= 0}, names)


def _recognised(names: Sequence[str]) -> dict[str, int]:
    """Where several columns are named as one field, the name that stands first in `fields.yaml` counts."""
    by_name = {plain(name): place for place, name in reversed(list(enumerate(names)))}
    found = {}
    for field, rule in fields().items():
        place = next((by_name[plain(column)] for column in rule.columns if plain(column) in by_name), None)
        if place is not None:
            found[field] = place
    return found


def _mapped(path: Path, names: Sequence[str]) -> dict[str, int]:
    document, found = read(path), {}
    for field, source in load(path, ColumnMap).fields.items():
        if field not in fields():
            raise FileError(at(path, document, ("fields", field), f"is no field; the fields are {', '.join(fields())}"))
        if source.column not in names:
            raise FileError(at(path, document, ("fields", field, "column"), f"`{source.column}` is no column of the table"))
        found[field] = names.index(source.column)
    return found


def plain(name: str) -> str:
    """Return a column's name without case, accents and signs."""
    return re.sub(r"[^a-z0-9]+", "", unicodedata.normalize("NFKD", name.casefold()).encode("ascii", "ignore").decode())
