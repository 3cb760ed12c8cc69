"""What is measured, for Prometheus. No label may hold personal data or a value that senders choose."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest

SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)

MOST_CAUSES = 50
"""A cause names a field that senders can make up, so only so many become labels."""


@dataclass(frozen=True, slots=True)
class Work:
    """How many events of a type stand at a status, and the age of the oldest in seconds."""

    event_type: str
    status: str
    events: int
    age: float


class Metrics:
    """One set of measurements; each app has its own."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self.events = Counter("towline_events", "Events answered, by type and answer", ("type", "answer"), registry=self.registry)
        self.answers = Counter(
            "towline_http_answers", "HTTP answers, by route and status", ("route", "status"), registry=self.registry
        )
        self.seconds = Histogram(
            "towline_http_seconds", "Time to the answer, by route", ("route",), buckets=SECONDS, registry=self.registry
        )
        self.depth = Gauge("towline_inbox_events", "Events not finished", ("type", "status"), registry=self.registry)
        self.oldest = Gauge(
            "towline_inbox_oldest_seconds", "Age of the oldest event not finished", ("type", "status"), registry=self.registry
        )
        self.exceptions = Gauge("towline_open_exceptions", "Open exceptions", ("cause",), registry=self.registry)
        self.paused = Gauge("towline_paused", "1 for what a person has paused", ("scope", "name"), registry=self.registry)
        self.outage = Gauge(
            "towline_outage_seconds", "How long a system that is down has not answered", ("system",), registry=self.registry
        )
        self.warnings = Gauge(
            "towline_gate_warnings", "Events of the last day that a gate warns of", ("path", "rule"), registry=self.registry
        )
        self.budget = Gauge("towline_budget_left", "Calls left of a vendor's limit", ("budget",), registry=self.registry)
        self.budget_size = Gauge("towline_budget_size", "Calls that may go at once", ("budget",), registry=self.registry)
        self.watched = Gauge("towline_fields_compared", "Fields of ours compared lately", ("entity",), registry=self.registry)
        self.changed = Gauge(
            "towline_fields_changed", "Of those, changed past us, by what did it", ("entity", "by"), registry=self.registry
        )
        self.alerts = Gauge("towline_alerts", "Open alerts, by where they stand", ("standing",), registry=self.registry)
        self.seen = Gauge(
            "towline_alert_acknowledge_seconds",
            "Time until somebody has seen an alert, of 30 days, by how far it went",
            ("level", "quantile"),
            registry=self.registry,
        )
        self.drilled = Gauge(
            "towline_alert_drill_age_seconds",
            "Since a test alert went to chat; none before the first",
            ("flow",),
            registry=self.registry,
        )
        self.letters = Gauge(
            "towline_letters", "Letters that came within 30 days, by what became of them", ("became",), registry=self.registry
        )
        self.noise = Gauge(
            "towline_capture_noise_ratio",
            "Share of letters of 30 days that nobody put on record",
            ("source",),
            registry=self.registry,
        )
        self.ledger_up = Gauge("towline_ledger_up", "1 when the ledger answers", registry=self.registry)

    def count_event(self, event_type: str, answer: str) -> None:
        """Count an event that was answered."""
        self.events.labels(event_type, answer).inc()

    def count_answer(self, route: str, status: int, seconds: float) -> None:
        """Count an HTTP answer and how long it took."""
        self.answers.labels(route, status).inc()
        self.seconds.labels(route).observe(seconds)

    def show_work(self, work: Iterable[Work], causes: Iterable[tuple[str, int]]) -> None:
        """Set the gauges from the ledger: what is open, and the causes of exceptions, those with most deals first."""
        self._clear(up=1)
        oldest: dict[tuple[str, str], float] = {}
        for one in work:
            labels = one.event_type, one.status
            self.depth.labels(*labels).inc(one.events)
            oldest[labels] = max(oldest.get(labels, 0.0), one.age)
        for labels, age in oldest.items():
            self.oldest.labels(*labels).set(age)
        for place, (cause, deals) in enumerate(causes):
            self.exceptions.labels(cause if place < MOST_CAUSES else "other").inc(deals)

    def show_stops(self, paused: Iterable[tuple[str, str]], outages: Iterable[tuple[str, float]]) -> None:
        """Set the gauges of what does not go on: what is paused, and for how long systems have been down, the oldest first."""
        for scope, name in paused:
            self.paused.labels(scope, name).set(1)
        for system, age in reversed(list(outages)):
            self.outage.labels(system).set(age)

    def show_budgets(self, budgets: Iterable[tuple[str, float, int]]) -> None:
        """Set what is left of each vendor's limit, and of how much."""
        for name, left, size in budgets:
            self.budget.labels(name).set(left)
            self.budget_size.labels(name).set(size)

    def show_bypass(self, meter: Iterable[tuple[str, int, str, int]]) -> None:
        """Set how many fields of each entity were compared lately, and how many of them were changed past us, and by what."""
        for entity, fields, by, changed in meter:
            self.watched.labels(entity).set(fields)
            self.changed.labels(entity, by).set(changed)

    def show_warnings(self, warnings: Iterable[tuple[str, str, int]]) -> None:
        """Set how many events the gates warn of, by path and rule."""
        for path, rule, events in warnings:
            self.warnings.labels(path, rule).set(events)

    def show_alerts(self, standing: Mapping[str, int], seen: Iterable[tuple[str, float, float]], drill_age: float | None) -> None:
        """Set how many alerts stand where, how long people took to acknowledge them, by level, and how old the last drill is."""
        for where, alerts in standing.items():
            self.alerts.labels(where).set(alerts)
        for level, median, p95 in seen:
            self.seen.labels(level, "0.5").set(median)
            self.seen.labels(level, "0.95").set(p95)
        if drill_age is not None:
            self.drilled.labels("drill").set(drill_age)

    def show_capture(self, seen: int, kept: int, unplaced: int) -> None:
        """Set how many letters came, and how large a share of them was noise; nothing where none came."""
        for became, letters in (("kept", kept), ("unplaced", unplaced), ("noise", seen - kept - unplaced)):
            self.letters.labels(became).set(letters)
        if seen:
            self.noise.labels("mail").set((seen - kept) / seen)

    def show_nothing(self) -> None:
        """Show that the ledger does not answer, rather than what it said last."""
        self._clear(up=0)

    def text(self) -> bytes:
        """Return all measurements in Prometheus' text format."""
        return generate_latest(self.registry)

    def _clear(self, *, up: int) -> None:
        stops, budgets, bypass = (self.paused, self.outage), (self.budget, self.budget_size), (self.watched, self.changed)
        alerts = (self.alerts, self.seen, self.drilled, self.letters, self.noise)
        for gauge in (self.depth, self.oldest, self.exceptions, self.warnings, *stops, *budgets, *bypass, *alerts):
            gauge.clear()
        self.ledger_up.set(up)
