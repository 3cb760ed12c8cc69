"""How late an event may be told, by the freshness class that the catalog gives it; in seconds from when it happened."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from contracts.catalog import Freshness
from contracts.thresholds import thresholds
from expectations.named import ExpectColumnValuesToBeBetween, FailureSeverity, Named
from expectations.report import Kind

MINUTE, HOUR, DAY = 60, 3600, 24 * 3600
LINES = thresholds()
CLOCKS_DIFFER = -LINES.clocks_differ_minutes.value * MINUTE


class ToldAtOnce(ExpectColumnValuesToBeBetween, Named):
    """A lead that was told late is still a lead; the sender should know."""

    column: str = "late"
    min_value: Any = CLOCKS_DIFFER
    max_value: Any = LINES.told_at_once_minutes.value * MINUTE
    why: ClassVar = LINES.told_at_once_minutes.reason
    description: str = f"The source tells of it within {LINES.told_at_once_minutes.value} minutes, and not before it happened"
    kind: ClassVar = Kind.FRESHNESS
    fix: ClassVar = "see why the sender was late, or whether its clock is wrong"
    severity: FailureSeverity = FailureSeverity.WARNING


class ToldSoon(ExpectColumnValuesToBeBetween, Named):
    """What people or vendors did is true whenever we hear of it; the way it came should be looked at."""

    column: str = "late"
    min_value: Any = CLOCKS_DIFFER
    max_value: Any = LINES.told_soon_hours.value * HOUR
    why: ClassVar = LINES.told_soon_hours.reason
    description: str = f"The source tells of it within {LINES.told_soon_hours.value} hours, and not before it happened"
    kind: ClassVar = Kind.FRESHNESS
    fix: ClassVar = "see why the source was late, or whether its clock is wrong"
    severity: FailureSeverity = FailureSeverity.WARNING


class ToldInDays(ExpectColumnValuesToBeBetween, Named):
    """A client who is told of a day that was long ago has mostly settled it since."""

    column: str = "late"
    min_value: Any = CLOCKS_DIFFER
    max_value: Any = LINES.told_in_days.value * DAY
    why: ClassVar = LINES.told_in_days.reason
    description: str = f"What was true of one day is told within {LINES.told_in_days.value} days, and not before it happened"
    kind: ClassVar = Kind.FRESHNESS
    fix: ClassVar = "leave it with `towline leave`, and let the daily look at open invoices find what is true today"


FRESH: Mapping[Freshness, type[Named]] = {
    Freshness.SECONDS: ToldAtOnce,
    Freshness.MINUTES: ToldSoon,
    Freshness.DAY: ToldInDays,
}
"""A suite gets the one of its event's class; the first two warn, the last one blocks."""
