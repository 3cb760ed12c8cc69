"""When somebody must decide about going back: the trigger rules, read from `rules.yaml`."""

from __future__ import annotations

from enum import StrEnum
from functools import cache
from pathlib import Path
from typing import Annotated

from pydantic import Field

from contracts.catalog import Catalog, Criticality, catalog
from contracts.files import FileError, agreed, at, load, read
from contracts.values import Contract, Money, Reasoned, Slug

Minutes = Annotated[float, Field(gt=0, le=1440)]


class Then(StrEnum):
    """What a rule does when it fires."""

    PROPOSE = "propose"
    PAUSE = "pause"


class ErrorRate(Reasoned):
    """Of what ended on a path within one of these times, too large a share stopped."""

    over: Annotated[float, Field(gt=0, lt=1, description="Share of the events that ended")]
    within_minutes: Annotated[
        tuple[Minutes, ...], Field(min_length=1, description="A short one sees a spike, a long one the rest")
    ]
    at_least: Annotated[int, Field(ge=1, description="Events that must have ended before a share says anything")]
    then: Then


class PathDown(Reasoned):
    """Events of a path that is so critical wait, and none was done for that long."""

    criticality: Criticality
    for_minutes: Minutes
    then: Then


class CostRate(Reasoned):
    """What waits, on all paths together, costs too much. It only proposes: to pause would make the waiting longer."""

    over_an_hour: Money
    owner: Slug


class Rules(Contract):
    """All trigger rules."""

    error_rate: ErrorRate
    path_down: PathDown
    cost_rate: CostRate


@cache
def rules() -> Rules:
    """Return the rules of this house, read once. Raises FileError."""
    return load_rules(agreed() / "rules.yaml", catalog())


def load_rules(path: Path, catalog: Catalog) -> Rules:
    """Read the rules and check that they fit the catalog.

    Raises:
        FileError: the file is wrong; the text names file, line and field.
    """
    found = load(path, Rules)
    cost = found.cost_rate
    if cost.owner not in catalog.owners.owners:
        raise FileError(at(path, read(path), ("cost_rate", "owner"), "is nobody in owners.yaml"))
    if any(entry.cost.currency != cost.over_an_hour.currency for entry in catalog.entries.values()):
        raise FileError(at(path, read(path), ("cost_rate", "over_an_hour"), "is not the currency of what waits in the catalog"))
    return found
