"""How late an event may be told, by the freshness class that the catalog gives it; in seconds from when it happened."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from contracts.catalog import Freshness
from expectations.named import ExpectColumnValuesToBeBetween, FailureSeverity, Named
from expectations.report import Kind

MINUTE, HOUR, DAY = 60, 3600, 24 * 3600
CLOCKS_DIFFER = -5 * MINUTE


class ToldAtOnce(ExpectColumnValuesToBeBetween, Named):
    """A lead that was told late is still a lead; the sender should know."""

    column: str = "late"
    min_value: Any = CLOCKS_DIFFER
    max_value: Any = 15 * MINUTE
    description: str = "The source tells of it within a quarter of an hour, and not before it happened"
    kind: ClassVar = Kind.FRESHNESS
    fix: ClassVar = "see why the sender was late, or whether its clock is wrong"
    severity: FailureSeverity = FailureSeverity.WARNING


class ToldSoon(ExpectColumnValuesToBeBetween, Named):
    """What people or vendors did is true whenever we hear of it; the way it came should be looked at."""

    column: str = "late"
    min_value: Any = CLOCKS_DIFFER
    max_value: Any = 4 * HOUR
    description: str = "The source tells of it within four hours, and not before it happened"
    kind: ClassVar = Kind.FRESHNESS
    fix: ClassVar = "see why the source was late, or whether its clock is wrong"
    severity: FailureSeverity = FailureSeverity.WARNING


class ToldInDays(ExpectColumnValuesToBeBetween, Named):
    """A client who is told of a day that was long ago has mostly settled it since."""

    column: str = "late"
    min_value: Any = CLOCKS_DIFFER
    max_value: Any = 3 * DAY
    description: str = "What was true of one day is told within three days, and not before it happened"
    kind: ClassVar = Kind.FRESHNESS
    fix: ClassVar = "leave it with `towline leave`, and let the daily look at open invoices find what is true today"


FRESH: Mapping[Freshness, type[Named]] = {
    Freshness.SECONDS: ToldAtOnce,
    Freshness.MINUTES: ToldSoon,
    Freshness.DAY: ToldInDays,
}
"""A suite gets the one of its event's class; the first two warn, the last one blocks."""
