"""Judges the figures of all paths by the trigger rules, and says in words which clause fired and why."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from contracts.catalog import Entry
from contracts.rules import Rules, Then

CAUSE = "rules/"


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


@dataclass(frozen=True, slots=True)
class Figures:
    """How a path does.

    `first` is since when the first event waits of those that came after the last one that was done (`done_at`).
    """

    event: str
    ended: Sequence[Ended]
    done_at: datetime | None
    waiting: int
    first: datetime | None


@dataclass(frozen=True, slots=True)
class Fired:
    """A clause that holds now, for whom it is, and from when on a rollback would have to reach."""

    clause: str
    entry: Entry
    why: str
    then: Then
    since: datetime

    @property
    def cause(self) -> str:
        """What the exception is known by: one clause, one path."""
        return f"{CAUSE}{self.clause}/{self.entry.flow}"

    def reason(self, touched: int) -> str:
        """Return what the owner reads, with how many deals a rollback would touch."""
        if touched == 0:
            return self.why
        since = f"{self.since:%Y-%m-%dT%H:%M:%SZ}"
        deals = "1 deal" if touched == 1 else f"{touched} deals"
        return f"{self.why}; a rollback since {self.since:%H:%M} UTC would touch {deals}: `towline rollback --since {since}`"


def judge(rules: Rules, entries: Mapping[str, Entry], figures: Sequence[Figures], now: datetime) -> list[Fired]:
    """Return the clauses that hold now."""
    fired: list[Fired] = []
    for one in figures:
        entry = entries[one.event]
        fired += [clause for clause in (_error_rate(rules, entry, one), _path_down(rules, entry, one, now)) if clause]
    return fired


def _error_rate(rules: Rules, entry: Entry, figures: Figures) -> Fired | None:
    rule = rules.error_rate
    for ended in figures.ended:
        if ended.since and ended.events >= rule.at_least and ended.stopped / ended.events > rule.over:
            rate, time = f"{ended.stopped / ended.events:.1%}".replace("%", " %"), in_words(timedelta(seconds=ended.seconds))
            why = f"error rate of {entry.flow}: {rate} of {ended.events} events in {time}, allowed {rule.over * 100:g} %"
            return Fired("error_rate", entry, why, rule.then, ended.since)
    return None


def _path_down(rules: Rules, entry: Entry, figures: Figures, now: datetime) -> Fired | None:
    rule, limit = rules.path_down, timedelta(minutes=rules.path_down.for_minutes)
    if entry.criticality != rule.criticality or figures.first is None:
        return None
    idle = now - figures.done_at if figures.done_at else None
    if now - figures.first < limit or (idle is not None and idle < limit):
        return None
    last = f"none was done for {in_words(idle)}" if idle is not None else "none was ever done"
    waits = f"{figures.waiting} of {entry.criticality} criticality wait, the first for {in_words(now - figures.first)}"
    why = f"{entry.flow} is down: {waits}, and {last}; allowed {in_words(limit)}"
    return Fired("path_down", entry, why, rule.then, figures.first)


def in_words(time: timedelta) -> str:
    """Return a time as people say it: 45 s, 15 min, 3 h 10 min."""
    seconds = int(time.total_seconds())
    if seconds < 60:
        return f"{seconds} s"
    minutes = seconds // 60
    return f"{minutes} min" if minutes < 60 else f"{minutes // 60} h {minutes % 60} min"
