"""Whether real time or batches fit a path, from what was measured of it, with the figures. Pure; it changes nothing."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from math import ceil

from contracts.advice import AdviceRules
from contracts.catalog import Entry
from contracts.systems import System
from lifecycle.spans import span


class Route(StrEnum):
    """What fits a path."""

    REAL_TIME = "real time"
    BATCH = "batch"
    EITHER = "either"
    NEITHER = "neither"
    UNKNOWN = "too few events to say"


ROUTES = {
    (True, True): Route.EITHER,
    (True, False): Route.REAL_TIME,
    (False, True): Route.BATCH,
    (False, False): Route.NEITHER,
}
"""What fits, by whether real time does and whether batches do."""


@dataclass(frozen=True, slots=True)
class Measured:
    """What was measured of a path: events in so many hours, those of its busiest hour and minute, those that were done, the
    seconds in which half and 95 % of them were, and the calls that changed something, by system."""

    events: int
    hours: float
    peak_hour: int
    peak_minute: int
    done: int
    median: float | None
    slow: float | None
    calls: Mapping[System, int]


@dataclass(frozen=True, slots=True)
class Advice:
    """What fits a path, its figures by name, and the reason for each way in words."""

    event: str
    flow: str
    route: Route
    figures: Mapping[str, float | str]
    reasons: tuple[str, ...]


def advise(entry: Entry, measured: Measured, rules: AdviceRules) -> Advice:
    """Return what fits a path, with the figures that say so."""
    a_day = measured.events / measured.hours * 24
    volume: dict[str, float | str] = {
        "events": measured.events,
        "an hour": round(a_day / 24, 2),
        "busiest hour": measured.peak_hour,
        "busiest minute": measured.peak_minute,
    }
    if measured.done < rules.at_least or measured.slow is None or measured.median is None:
        why = f"{measured.done} were done, {rules.at_least} are needed"
        return Advice(entry.event, entry.flow, Route.UNKNOWN, volume, (why,))
    calls = {system: count / measured.done for system, count in measured.calls.items()}
    shares = {system: measured.peak_minute * each / rules.writes[system].a_minute for system, each in calls.items()}
    fullest, share = max(shares.items(), key=lambda one: one[1], default=("any system", 0.0))
    fresh, longest = rules.freshness[entry.freshness], rules.batch_minutes * 60
    waiting = entry.cost.model_copy(update={"minor": round(a_day * entry.cost.minor * rules.batch_minutes / 2 / 60)})
    figures = volume | {
        "lag p50": round(measured.median, 2),
        "lag p95": round(measured.slow, 2),
        **{f"calls an event, {system}": round(each, 2) for system, each in sorted(calls.items())},
        "share of quota in the busiest minute": round(share, 4),
        "cost of waiting in batches, a day": str(waiting),
        "calls saved by batches, a day": saved_a_day(a_day, calls, rules),
    }
    reasons = (
        f"95 % are done within {span(measured.slow)}, needed {span(fresh)} (“{entry.freshness}”)",
        f"the busiest minute takes {share:.1%} of the limit of {fullest}, allowed {rules.quota_share:.0%}",
        f"in a batch an event waits up to {span(longest)}, needed {span(fresh)}",
        f"that would cost {waiting} a day, allowed {rules.waiting_a_day}",
    )
    in_time = measured.slow <= fresh and share <= rules.quota_share
    in_batches = longest <= fresh and waiting.minor <= rules.waiting_a_day.minor
    return Advice(entry.event, entry.flow, ROUTES[in_time, in_batches], figures, reasons)


def saved_a_day(a_day: float, calls: Mapping[System, float], rules: AdviceRules) -> int:
    """Return how many calls a day are saved by one call for several records, where a system takes them so."""
    batches = 1440 / rules.batch_minutes
    saved = 0.0
    for system, of_event in calls.items():
        if (a_call := rules.writes[system].a_call) > 1:
            saved += of_event * (a_day - batches * ceil(a_day / batches / a_call))
    return max(0, round(saved))
