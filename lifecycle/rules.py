"""Judges the figures of all paths by the trigger rules, and says in words which clause fired and why."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from contracts.catalog import Entry
from contracts.rules import CostRate, ErrorRate, PathDown, Rules, Then
from lifecycle.circuits import needs
from lifecycle.switches import Scope

CAUSE = "rules/"
FILE = "rules.yaml"
SHOWN = 3


def is_rule(cause: str) -> bool:
    """Say whether an exception's cause is that a rule has fired."""
    return cause.startswith(CAUSE)


@dataclass(frozen=True, slots=True)
class Ended:
    """What ended on a path within so many seconds: events, those that stopped, and since when they do."""

    seconds: float
    events: int
    stopped: int
    since: datetime | None


@dataclass(frozen=True, slots=True, eq=False)
class Figures:
    """How a path does.

    `waiting` are those for which that has begun to cost something; `first` is since when the first event waits of those that
    came, or stopped, after the last one that was done (`done_at`).
    """

    event: str
    ended: Sequence[Ended]
    done_at: datetime | None
    waiting: int
    first: datetime | None


@dataclass(frozen=True, slots=True)
class Fired:
    """A clause that holds now: for which path or all, whose it is, since when, and why its limit is as it is."""

    clause: str
    scope: str
    event: str
    owner: str
    why: str
    then: Then = Then.PROPOSE
    since: datetime | None = None
    because: str = ""

    @property
    def cause(self) -> str:
        """What the exception is known by: one clause, one path."""
        return f"{CAUSE}{self.clause}/{self.scope}"

    def reason(self, touched: int, *, is_paused: bool) -> str:
        """Return what the owner reads, with how many deals a rollback would touch, and whether the path stands still."""
        said = self.why
        if touched and self.since:
            deals = "1 deal" if touched == 1 else f"{touched} deals"
            command = f"`towline rollback --since {self.since:%Y-%m-%dT%H:%M:%SZ}`"
            said += f"; a rollback since {self.since:%H:%M} UTC would touch {deals}: {command}"
        if is_paused:
            said += f"; the path is paused until a person lets it go on: `towline resume --path {self.scope}`"
        return f"{said}. The limit: {self.because}"


def judge(
    rules: Rules, entries: Mapping[str, Entry], figures: Sequence[Figures], now: datetime, *, paused: Collection[str] = ()
) -> list[Fired]:
    """Return the clauses that hold now; a path that somebody has paused is not down."""
    fired = [_error_rate(rules.error_rate, entries[one.event], one) for one in figures]
    fired += [_path_down(rules.path_down, entries[one.event], one, now) for one in figures if one.event not in paused]
    return [clause for clause in (*fired, _cost_rate(rules.cost_rate, entries, figures)) if clause]


def paused(events: Iterable[str], switches: Iterable[tuple[str, str]]) -> set[str]:
    """Return those events whose path is stopped by a switch, named by scope and name."""
    return {
        event
        for event in events
        for scope, name in switches
        if scope == Scope.ALL or (scope == Scope.PATH and name == event) or (scope == Scope.SYSTEM and name in needs(event)[0])
    }


def _error_rate(rule: ErrorRate, entry: Entry, figures: Figures) -> Fired | None:
    for ended in figures.ended:
        if ended.since and ended.events >= rule.at_least and ended.stopped / ended.events > rule.over:
            rate, time = f"{ended.stopped / ended.events * 100:.1f} %", in_words(timedelta(seconds=ended.seconds))
            why = f"error rate of {entry.flow}: {rate} of {ended.events} events in {time}, allowed {rule.over * 100:g} %"
            return Fired(
                "error_rate",
                entry.flow,
                entry.event,
                entry.process_owner,
                why,
                rule.then,
                ended.since,
                because=rule.because(FILE),
            )
    return None


def _path_down(rule: PathDown, entry: Entry, figures: Figures, now: datetime) -> Fired | None:
    limit = timedelta(minutes=rule.for_minutes)
    if entry.criticality != rule.criticality or figures.first is None:
        return None
    idle = now - figures.done_at if figures.done_at else None
    if now - figures.first < limit or (idle is not None and idle < limit):
        return None
    last = f"none was done for {in_words(idle)}" if idle is not None else "none was ever done"
    waits = f"{figures.waiting} of {entry.criticality} criticality wait, the first for {in_words(now - figures.first)}"
    why = f"{entry.flow} is down: {waits}, and {last}; allowed {in_words(limit)}"
    return Fired(
        "path_down", entry.flow, entry.event, entry.process_owner, why, rule.then, figures.first, because=rule.because(FILE)
    )


def _cost_rate(rule: CostRate, entries: Mapping[str, Entry], figures: Sequence[Figures]) -> Fired | None:
    costs = {one: entries[one.event].cost.minor * one.waiting for one in figures}
    if sum(costs.values()) <= rule.over_an_hour.minor:
        return None
    dearest = sorted(costs, key=lambda one: costs[one], reverse=True)
    parts = [f"{one.waiting} of {entries[one.event].flow}" for one in dearest[:SHOWN] if costs[one]]
    total = rule.over_an_hour.model_copy(update={"minor": sum(costs.values())})  # may be larger than any one amount
    why = f"what waits costs {total} an hour, allowed {rule.over_an_hour}: {', '.join(parts)}"
    return Fired("cost_rate", "all", dearest[0].event, rule.owner, why, because=rule.because(FILE))


def in_words(time: timedelta) -> str:
    """Return a time to the minute, so that not every look gives a reason anew: 45 s, 15 min, 3 h 10 min."""
    seconds = int(time.total_seconds())
    if seconds < 60:
        return f"{seconds} s"
    minutes = seconds // 60
    return f"{minutes} min" if minutes < 60 else f"{minutes // 60} h {minutes % 60} min"
