"""Where a case stands, and which events may move it from there."""

from __future__ import annotations

from enum import StrEnum

from contracts.errors import StageError


class Stage(StrEnum):
    """The stages of a case, in order."""

    NEW = "new"
    QUALIFIED = "qualified"
    DISCOVERY = "discovery"


MOVES: dict[str, tuple[frozenset[Stage], Stage]] = {
    "lead.qualified": (frozenset({Stage.NEW}), Stage.QUALIFIED),
    "opportunity.created": (frozenset({Stage.NEW, Stage.QUALIFIED}), Stage.DISCOVERY),
}
"""Per event: the stages it may find the case at, and the one it leaves it at."""


def after(event: str, stage: Stage) -> Stage:
    """Return the stage that `event` moves a case at `stage` to.

    Raises:
        StageError: the case is past that, or not there yet.
    """
    allowed, target = MOVES[event]
    if stage not in allowed:
        raise StageError(f"{event} does not fit a case at stage {stage}", cause="stage")
    return target
