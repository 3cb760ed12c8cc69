"""When somebody must decide about going back: the trigger rules, read from `rules.yaml`."""

from __future__ import annotations

from enum import StrEnum
from functools import cache
from pathlib import Path
from typing import Annotated

from pydantic import Field

from contracts.catalog import Criticality
from contracts.files import load
from contracts.values import Contract

Minutes = Annotated[float, Field(gt=0, le=1440)]


class Then(StrEnum):
    """What a rule does when it fires."""

    PROPOSE = "propose"
    PAUSE = "pause"


class ErrorRate(Contract):
    """Of what ended on a path within one of these times, too large a share stopped."""

    over: Annotated[float, Field(gt=0, lt=1, description="Share of the events that ended")]
    within_minutes: Annotated[
        tuple[Minutes, ...], Field(min_length=1, description="A short one sees a spike, a long one the rest")
    ]
    at_least: Annotated[int, Field(ge=1, description="Events that must have ended before a share says anything")]
    then: Then


class PathDown(Contract):
    """Events of a path that is so critical wait, and none was done for that long."""

    criticality: Criticality
    for_minutes: Minutes
    then: Then


class Rules(Contract):
    """All trigger rules."""

    error_rate: ErrorRate
    path_down: PathDown


@cache
def rules() -> Rules:
    """Return the rules of this house, read once. Raises FileError."""
    return load(Path(__file__).parent / "rules.yaml", Rules)
