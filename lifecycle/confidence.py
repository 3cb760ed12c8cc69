"""How sure we are of a proposed value, and what follows from that. Pure; no part makes good for another one that is missing."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum

from contracts.autonomy import Action, Level, Risk, Weights


class Band(StrEnum):
    """How sure we are."""

    HIGH = "high"
    MEDIUM = "medium"
    LOW = "low"


class Treatment(StrEnum):
    """What is done with a proposal: it is carried out, shown to a person, kept to be compared with what they do, or withheld."""

    ALONE = "alone"
    SUGGESTED = "suggested"
    BY_HAND = "by hand"
    BLOCKED = "blocked"


@dataclass(frozen=True, slots=True)
class Grounds:
    """What speaks for a proposed value: how near it is to what we know (0 to 1), how many other fields of its event are wrong,
    how old what it stands on is, and each rule with whether it speaks for it."""

    match: float
    other_faults: int
    age_days: float
    rules: Mapping[str, bool]

    def parts(self, half_life_days: float) -> dict[str, float]:
        """Return the four parts of the confidence, each from 0 to 1."""
        return {
            "match": min(max(self.match, 0.0), 1.0),
            "completeness": 1 / (1 + self.other_faults),
            "freshness": float(0.5 ** (max(self.age_days, 0.0) / half_life_days)),
            "rules": sum(self.rules.values()) / len(self.rules) if self.rules else 1.0,
        }


def confidence(parts: Mapping[str, float], weights: Weights) -> float:
    """Return the confidence of a value, from 0 to 1: the product of its parts raised to their weights."""
    product = 1.0
    for name, weight in weights.model_dump().items():
        product *= parts[name] ** weight
    return round(min(product, 1.0), 4)


def band(sure: float, action: Action) -> Band:
    """Return how sure that is for an action."""
    return Band.HIGH if sure >= action.high else Band.MEDIUM if sure >= action.low else Band.LOW


def treatment(how_sure: Band, action: Action, level: Level) -> Treatment:
    """Return what is done: alone only what is of low risk, at that level, within the action's ceiling, and very sure."""
    if how_sure is Band.LOW:
        return Treatment.BLOCKED
    may = action.risk is Risk.LOW and action.ceiling is Level.ALONE and level is Level.ALONE
    if may and how_sure is Band.HIGH:
        return Treatment.ALONE
    return Treatment.BY_HAND if level is Level.HAND else Treatment.SUGGESTED


def reasons(grounds: Grounds | None, parts: Mapping[str, float]) -> list[str]:
    """Return in words why a value is so sure, without any value."""
    return list(_reasons(grounds, parts)) if grounds else ["nothing that we know is near to it"]


def _reasons(grounds: Grounds, parts: Mapping[str, float]) -> Iterator[str]:
    yield "it is exactly what we know" if grounds.match >= 1 else f"{grounds.match:.0%} like what we know"
    others = grounds.other_faults
    yield "all else of the event fits" if not others else f"{others} other {'field does' if others == 1 else 'fields do'} not fit"
    yield f"{grounds.age_days:.0f} days old" if parts["freshness"] < 0.9 else "fresh"
    for rule, speaks_for in grounds.rules.items():
        yield rule if speaks_for else f"not: {rule}"
