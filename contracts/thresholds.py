"""Where gates and clocks draw a line, each with its reason, read from `thresholds.yaml`."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Annotated

from pydantic import AfterValidator, Field
from pydantic_core import PydanticCustomError

from contracts.catalog import Catalog, catalog
from contracts.files import FileError, agreed, at, load, read
from contracts.values import Confidence, Contract, Reasoned

FILE = "thresholds.yaml"
Day = Annotated[int, Field(strict=True, ge=1, le=365)]


class Threshold(Reasoned):
    """A line with its reason."""

    @property
    def reason(self) -> str:
        """Return the reason as an exception says it."""
        return self.because(FILE)


class Whole(Threshold):
    """A line among whole numbers."""

    value: Annotated[int, Field(strict=True, ge=1, le=10**9)]


class Share(Threshold):
    """A line between none and all."""

    value: Confidence


def _ascending(days: tuple[int, ...]) -> tuple[int, ...]:
    if list(days) != sorted(set(days)):
        raise PydanticCustomError("order", "must ascend, each day once")
    return days


class Days(Threshold):
    """Days on which something happens, one after another."""

    value: Annotated[tuple[Day, ...], Field(min_length=1), AfterValidator(_ascending)]


class Thresholds(Contract):
    """All of them; units stand in the names, or beside the values in the file."""

    largest_amount: Whole
    sure_enough: Share
    payment_days: Whole
    told_at_once_minutes: Whole
    told_soon_hours: Whole
    told_in_days: Whole
    clocks_differ_minutes: Whole
    idle_days: Whole
    reminder_days: Days
    offer_days: Whole
    failures_in_a_row: Whole


@cache
def thresholds() -> Thresholds:
    """Return the thresholds of this house, read once. Raises FileError."""
    return load_thresholds(agreed() / FILE, catalog())


def load_thresholds(path: Path, catalog: Catalog) -> Thresholds:
    """Read the thresholds and check that they fit the catalog.

    Raises:
        FileError: the file is wrong; the text names file, line and field.
    """
    found = load(path, Thresholds)
    fewest = min(entry.retry.attempts for entry in catalog.entries.values())
    if found.failures_in_a_row.value >= fewest:
        why = f"must be fewer than the {fewest} attempts of a path in the catalog"
        raise FileError(at(path, read(path), ("failures_in_a_row", "value"), why))
    return found
