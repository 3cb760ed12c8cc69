"""When real time and when batches fit a path: the limits of the advice, read from `advice.yaml`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Annotated

from pydantic import Field

from contracts.budgets import budgets
from contracts.catalog import Catalog, catalog
from contracts.files import FileError, agreed, at, load, read
from contracts.systems import System
from contracts.values import Contract, Money, Name, Reasoned, Slug


class Write(Contract):
    """The write of a system that stands for its calls, and how many records one call takes."""

    vendor: Slug
    operation: Name
    a_call: Annotated[int, Field(ge=1, le=1000)] = 1

    @property
    def a_minute(self) -> float:
        """How many such calls the vendor's tightest limit lets us make in a minute."""
        limits = [one for one in budgets()[self.vendor].limits if one.cost_of(self.operation)]
        return min(60 * one.calls / one.seconds / one.cost_of(self.operation) for one in limits)


class AdviceRules(Reasoned):
    """What the advice goes by."""

    at_least: Annotated[int, Field(ge=1)]
    batch_minutes: Annotated[float, Field(gt=0, le=1440)]
    quota_share: Annotated[float, Field(gt=0, le=1)]
    waiting_a_day: Money
    freshness: Mapping[Name, Annotated[float, Field(gt=0)]]
    writes: Mapping[System, Write]


@cache
def advice_rules() -> AdviceRules:
    """Return what the advice of this house goes by, read once. Raises FileError."""
    return load_advice_rules(agreed() / "advice.yaml", catalog())


def load_advice_rules(path: Path, catalog: Catalog) -> AdviceRules:
    """Read the limits of the advice and check that they fit catalog and budgets.

    Raises:
        FileError: the file is wrong; the text names file, line and field.
    """
    found = load(path, AdviceRules)
    for loc, why in _faults(found, catalog):
        raise FileError(at(path, read(path), loc, why))
    return found


def _faults(found: AdviceRules, catalog: Catalog) -> Iterator[tuple[tuple[str, ...], str]]:
    if unknown := {entry.freshness for entry in catalog.entries.values()} - set(found.freshness):
        yield ("freshness",), f"lacks {', '.join(sorted(unknown))}, which the catalog has"
    if any(entry.cost.currency != found.waiting_a_day.currency for entry in catalog.entries.values()):
        yield ("waiting_a_day",), "is not the currency of what waits in the catalog"
    if missing := {system for entry in catalog.entries.values() for system in entry.destinations} - set(found.writes):
        yield ("writes",), f"lack {', '.join(sorted(missing))}, which the catalog has"
    for system, write in found.writes.items():
        limits = budgets()[write.vendor].limits if write.vendor in budgets() else ()
        if not any(limit.cost_of(write.operation) for limit in limits):
            yield ("writes", system, "operation"), "is under no limit of that vendor in budgets.yaml"
