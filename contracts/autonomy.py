"""What may be done without a person: each action's risk, how far it may go, what it must have shown; from `autonomy.yaml`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from enum import StrEnum
from fnmatch import fnmatchcase
from functools import cache
from math import isclose
from pathlib import Path
from typing import Annotated, NamedTuple

from pydantic import Field

from contracts.catalog import catalog
from contracts.files import FileError, agreed, at, load, read
from contracts.owners import Owners
from contracts.values import Confidence, Contract, Name, Reasoned, Slug
from contracts.vocabulary import vocabularies

Share = Annotated[float, Field(ge=0, le=1)]
Weight = Annotated[float, Field(gt=0, lt=1)]


class Level(StrEnum):
    """Who does it, from below: a person alone, a person with the value filled in, nobody."""

    HAND = "hand"
    SUGGESTED = "suggested"
    ALONE = "alone"

    @property
    def rank(self) -> int:
        """How high this stands."""
        return list(Level).index(self)


class Risk(StrEnum):
    """What it costs when it is wrong: it is changed, somebody is harmed, the company is bound."""

    LOW = "low"
    MEDIUM = "medium"
    HIGH = "high"


class Weights(Contract):
    """How much each part of a confidence counts; together 1."""

    match: Weight
    completeness: Weight
    freshness: Weight
    rules: Weight


class Evidence(Contract):
    """What must have been seen before an action goes up a level, and must be seen as long as it stays there."""

    weeks: Annotated[int, Field(ge=1, le=52, description="Weeks in which there was something to judge")]
    at_least: Annotated[int, Field(ge=1, description="Outcomes")]
    completion: Annotated[Share, Field(description="Share of the corrected events that were done")]
    override: Annotated[Share, Field(description="Share of the proposals that a person had to change, at most")]


class Stop(Contract):
    """Where events stop that the action can mend: the cause, with `*` for anything, and the field of their data."""

    cause: Annotated[str, Field(pattern=r"^(contract|gate)/[\w./*-]+$")]
    field: Annotated[str, Field(pattern=r"^\w+(\.\w+)*$")]
    vocabulary: Slug | None = None


class Action(Reasoned):
    """One action."""

    about: Name
    owner: Slug
    risk: Risk
    begins: Level
    ceiling: Level
    high: Confidence
    low: Confidence
    evidence: Evidence
    stops: tuple[Stop, ...] = ()
    decides: Annotated[Slug, Field(description="Kind of the decisions whose answers are its outcomes")] | None = None

    def threshold(self, level: Level) -> float:
        """Return from which confidence on a proposal counts at a level: what is done alone, or what a person is shown."""
        return self.high if level is Level.ALONE else self.low


class Mendable(NamedTuple):
    """Which action mends what stopped for a cause, and where."""

    action: str
    stop: Stop


class Autonomy(Contract):
    """All actions, and how a confidence is made."""

    weights: Weights
    half_life_days: Annotated[float, Field(gt=0, le=3650)]
    actions: Annotated[Mapping[Slug, Action], Field(min_length=1)]

    def mendable(self, cause: str) -> Mendable | None:
        """Return what can mend an event that stopped for this cause."""
        stops = (Mendable(name, stop) for name, action in self.actions.items() for stop in action.stops)
        return next((one for one in stops if fnmatchcase(cause, one.stop.cause)), None)

    @property
    def causes(self) -> list[str]:
        """The causes that can be mended, as patterns of SQL's LIKE."""
        found = (stop.cause for action in self.actions.values() for stop in action.stops)
        return sorted({cause.replace("_", r"\_").replace("*", "%") for cause in found})


@cache
def autonomy() -> Autonomy:
    """Return what may be done in this house, read once. Raises FileError."""
    return load_autonomy(agreed() / "autonomy.yaml", catalog().owners)


def load_autonomy(path: Path, owners: Owners) -> Autonomy:
    """Read the actions and check that they fit together.

    Raises:
        FileError: the file is wrong; the text names file, line and field.
    """
    found = load(path, Autonomy)
    for loc, why in _faults(found, owners):
        raise FileError(at(path, read(path), loc, why))
    return found


def _faults(found: Autonomy, owners: Owners) -> Iterator[tuple[tuple[str | int, ...], str]]:
    if not isclose(sum(found.weights.model_dump().values()), 1):
        yield ("weights",), "do not add up to 1"
    seen: set[str] = set()
    for name, action in found.actions.items():
        here = ("actions", name)
        if action.owner not in owners.owners:
            yield (*here, "owner"), "is nobody in owners.yaml"
        if action.ceiling is Level.ALONE and action.risk is not Risk.LOW:
            yield (*here, "ceiling"), f"what is of {action.risk} risk is never done alone"
        if action.begins.rank > action.ceiling.rank:
            yield (*here, "begins"), "is above the ceiling"
        if action.low >= action.high:
            yield (*here, "low"), "is not below high"
        for number, stop in enumerate(action.stops):
            if stop.vocabulary is not None and stop.vocabulary not in vocabularies():
                yield (*here, "stops", number, "vocabulary"), "is not a vocabulary"
            if stop.cause in seen:
                yield (*here, "stops", number, "cause"), "is mended by another action already"
            seen.add(stop.cause)
