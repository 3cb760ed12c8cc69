"""Whether an action has earned its next step, or does not hold its level any more, from what its proposals turned out. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from contracts.autonomy import Action, Level
from contracts.errors import RefusedError

WEEK = timedelta(weeks=1)
BUCKETS = (0.0, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 1.0)
THRESHOLDS = (0.8, 0.85, 0.9, 0.92, 0.95, 0.98)
CAUSE = "autonomy/"


class Outcome(StrEnum):
    """What became of a proposal. Passed: its event went on, or was left, in some other way, which says nothing about it."""

    WAITING = "waiting"
    ALONE = "alone"
    REVERTED = "reverted"
    ACCEPTED = "accepted"
    OVERRIDDEN = "overridden"
    REJECTED = "rejected"
    PASSED = "passed"


RIGHT = (Outcome.ALONE, Outcome.ACCEPTED)
WRONG = (Outcome.REVERTED, Outcome.OVERRIDDEN, Outcome.REJECTED)


@dataclass(frozen=True, slots=True)
class Told:
    """One proposal that turned out right or wrong, when, and whether its event was done; None while that is open."""

    confidence: float
    is_right: bool
    at: datetime
    completed: bool | None = None


@dataclass(frozen=True, slots=True)
class Figures:
    """What is to be judged: outcomes, those that were wrong, events that ended, those that were done, weeks with outcomes."""

    outcomes: int
    wrong: int
    ended: int
    completed: int
    weeks: int


@dataclass(frozen=True, slots=True)
class Threshold:
    """What one threshold would have done: of all proposals so many alone, and of those so many wrong."""

    at: float
    alone: int
    wrong: int
    of: int

    @property
    def said(self) -> str:
        """In words: `at 0.92: 61 % alone, 0.4 % wrong`."""
        return f"at {self.at:.2f}: {percent(self.alone, self.of)} alone, {percent(self.wrong, self.alone)} wrong"


@dataclass(frozen=True, slots=True)
class Bucket:
    """How often proposals of about one confidence were right."""

    low: float
    high: float
    outcomes: int
    right: int
    confidence: float


def figures(told: Sequence[Told], *, from_confidence: float, since: datetime) -> Figures:
    """Return what there is to judge of proposals from this confidence on, told since then."""
    counted = [one for one in told if one.confidence >= from_confidence and one.at >= since]
    ended = [one for one in counted if one.completed is not None]
    weeks = {(one.at - since) // WEEK for one in counted}
    wrong = sum(not one.is_right for one in counted)
    return Figures(len(counted), wrong, len(ended), sum(bool(one.completed) for one in ended), len(weeks))


def lacking(action: Action, seen: Figures) -> list[str]:
    """Return which clauses of the evidence are not met, each with its figures; none when the next step is earned."""
    wanted, said = action.evidence, []
    if seen.weeks < wanted.weeks:
        said.append(f"{seen.weeks} of {wanted.weeks} weeks with outcomes")
    if seen.outcomes < wanted.at_least:
        said.append(f"{seen.outcomes} of {wanted.at_least} outcomes")
    if seen.outcomes and seen.wrong / seen.outcomes > wanted.override:
        said.append(_override(action, seen))
    if not action.decides and (not seen.ended or seen.completed / seen.ended < wanted.completion):
        said.append(_completion(action, seen))
    return said


def broken(action: Action, seen: Figures) -> list[str]:
    """Return which clauses do not hold any more; a few wrong ones are weighed as if there were as many as the evidence needs."""
    wanted, said = action.evidence, []
    if seen.wrong / max(seen.outcomes, wanted.at_least) > wanted.override:
        said.append(_override(action, seen))
    if seen.ended and seen.completed / seen.ended < wanted.completion:
        said.append(_completion(action, seen))
    return said


def _override(action: Action, seen: Figures) -> str:
    share = percent(seen.wrong, seen.outcomes)
    return f"{share} of {seen.outcomes} proposals were wrong, allowed {percent(action.evidence.override, 1)}"


def _completion(action: Action, seen: Figures) -> str:
    if not seen.ended:
        return "no corrected event has ended"
    done, needed = percent(seen.completed, seen.ended), percent(action.evidence.completion, 1)
    return f"{done} of {seen.ended} corrected events were done, needed {needed}"


def require_step(name: str, action: Action, level: Level, wanted: Level, by: str, seen: Figures) -> None:
    """Make sure that an action may go from its level to another one: down always, up one step, earned, by its owner.

    Raises:
        RefusedError: it may not; the text names what is missing.
    """
    if not action.stops and wanted.rank < level.rank:
        raise RefusedError(f"{name} is a person's in any case: there is nothing to take back", cause="autonomy.a_persons")
    if wanted.rank <= level.rank:
        return
    if by != action.owner:
        raise RefusedError(f"{name} is raised by its owner, {action.owner}, and not by {by}", cause="autonomy.not_the_owner")
    if wanted.rank > action.ceiling.rank:
        text = f"{name} never passes “{action.ceiling}” while contracts/autonomy.yaml says so: {action.why}"
        raise RefusedError(text, cause="autonomy.ceiling")
    if wanted.rank > level.rank + 1:
        raise RefusedError(f"{name} goes up one step at a time; it stands at “{level}”", cause="autonomy.two_steps")
    if missing := lacking(action, seen):
        raise RefusedError(f"{name} has not earned “{wanted}”: {'; '.join(missing)}", cause="autonomy.not_earned")


def above(level: Level) -> Level | None:
    """Return the next level up, None at the top."""
    return next((one for one in Level if one.rank == level.rank + 1), None)


def below(level: Level) -> Level | None:
    """Return the next level down, None at the bottom."""
    return next((one for one in Level if one.rank == level.rank - 1), None)


def at_threshold(told: Sequence[Told], at: float) -> Threshold:
    """Return what this threshold would have done with all that was told."""
    alone = [one for one in told if one.confidence >= at]
    return Threshold(at, len(alone), sum(not one.is_right for one in alone), len(told))


def reliability(told: Sequence[Told]) -> list[Bucket]:
    """Return how often proposals were right, by how sure they were; buckets without any are left out."""
    found = []
    for low, high in zip(BUCKETS, (*BUCKETS[1:], 1.01), strict=True):
        some = [one for one in told if low <= one.confidence < high]
        if some:
            sure = sum(one.confidence for one in some) / len(some)
            found.append(Bucket(low, min(high, 1.0), len(some), sum(one.is_right for one in some), sure))
    return found


def percent(part: float, of: float) -> str:
    """Return a share in words: `0.4 %`, or that there is none of it."""
    return f"{100 * part / of:.4g} %" if of else "none"
