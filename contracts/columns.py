"""What a column of somebody's table holds: its type, how much of it is empty, how many values differ. Pure; says no value."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property

from pydantic_core import PydanticCustomError

from contracts.values import DomainName, EmailAddress, PhoneNumber

MOSTLY = 0.6
"""The share of a column's values that must be of a type for the column to be of it."""
SAMPLE = 300
"""Different values that are looked at to find the type."""
DATES = ("%Y-%m-%d", "%d.%m.%Y", "%m/%d/%Y", "%d/%m/%Y", "%Y/%m/%d", "%m/%d/%y", "%d-%m-%Y", "%Y-%m-%dT%H:%M:%S")
NUMBER = re.compile(r"[+-]?[0-9]{1,15}")
DECIMAL = re.compile(r"[+-]?[0-9]{1,15}(\.[0-9]{1,6})?")


@dataclass(frozen=True)
class Column:
    """One column of a table, by what is in it; `main` is the table that is imported, others are joined to it."""

    name: str
    file: str
    is_main: bool
    rows: int
    counts: Mapping[str, int]

    @classmethod
    def of(cls, name: str, file: str, cells: Iterable[str], *, is_main: bool) -> Column:
        """Look at a column's cells."""
        told = [cell.strip() for cell in cells]
        return cls(name, file, is_main, len(told), Counter(cell for cell in told if cell))

    @property
    def filled(self) -> int:
        """How many cells hold something."""
        return sum(self.counts.values())

    @property
    def empty(self) -> float:
        """The share of cells that hold nothing."""
        return 1 - self.filled / self.rows if self.rows else 1.0

    @property
    def is_key(self) -> bool:
        """Whether every row has a value of its own here."""
        return self.rows > 0 and len(self.counts) == self.rows

    @cached_property
    def kind(self) -> str:
        """What most values are: integer, decimal, date, email, phone, domain, or text."""
        values = list(self.counts)[:SAMPLE]
        return next((kind for kind, fits in KINDS.items() if _share(values, fits) >= MOSTLY), "text") if values else "text"

    @cached_property
    def date_formats(self) -> Sequence[str]:
        """The formats that fit the most values, the usual one first: two where nobody can tell day from month."""
        values = list(self.counts)[:SAMPLE]
        fitting = {form: sum(_is_date(value, form) for value in values) for form in DATES}
        return [form for form, count in fitting.items() if count and count == max(fitting.values())]


def _share(values: Sequence[str], fits: Callable[[str], bool]) -> float:
    return sum(map(fits, values)) / len(values)


def _is_date(text: str, form: str) -> bool:
    try:
        datetime.strptime(text, form).replace(tzinfo=UTC)
    except ValueError:
        return False
    return True


def _parses(kind: type[EmailAddress | PhoneNumber | DomainName]) -> Callable[[str], bool]:
    def parses(text: str) -> bool:
        try:
            kind.parse(text)
        except PydanticCustomError:
            return False
        return True

    return parses


KINDS: Mapping[str, Callable[[str], bool]] = {
    "integer": lambda text: NUMBER.fullmatch(text) is not None,
    "decimal": lambda text: DECIMAL.fullmatch(text) is not None,
    "date": lambda text: any(_is_date(text, form) for form in DATES),
    "email": _parses(EmailAddress),
    "phone": _parses(PhoneNumber),
    "domain": _parses(DomainName),
}
"""The types that a column may have, the narrowest first."""
