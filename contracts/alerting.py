"""When alerts are seen, quiet, escalated and sent by mail: the limits of alerting, read from `alerting.yaml`."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, time
from functools import cache
from pathlib import Path
from typing import Annotated
from zoneinfo import ZoneInfo

from pydantic import Field

from contracts.catalog import Criticality
from contracts.files import FileError, agreed, at, load, read
from contracts.values import Contract, Reasoned

Minutes = Annotated[float, Field(gt=0, le=7 * 24 * 60)]
RANK = {Criticality.LOW: 0, Criticality.NORMAL: 1, Criticality.HIGH: 2}


class Quiet(Contract):
    """The hours in which nobody is told of what is less critical than that."""

    below: Criticality
    begins: Annotated[time, Field(alias="from")]
    ends: Annotated[time, Field(alias="until")]

    def holds(self, criticality: Criticality, zone: str, now: datetime) -> bool:
        """Say whether it is night for somebody in this time zone, and this can wait until morning."""
        clock = now.astimezone(ZoneInfo(zone)).time()
        later, earlier = clock >= self.begins, clock < self.ends
        is_night = (later or earlier) if self.begins > self.ends else (later and earlier)
        return is_night and RANK[criticality] < RANK[self.below]


class Alerting(Reasoned):
    """How alerts are delivered."""

    acknowledge_within_minutes: Mapping[Criticality, Minutes]
    quiet: Quiet
    mail_after_minutes: Minutes


@cache
def alerting() -> Alerting:
    """Return how alerts of this house are delivered, read once. Raises FileError."""
    return load_alerting(agreed() / "alerting.yaml")


def load_alerting(path: Path) -> Alerting:
    """Read the limits of alerting.

    Raises:
        FileError: the file is wrong; the text names file, line and field.
    """
    found = load(path, Alerting)
    if missing := set(Criticality) - set(found.acknowledge_within_minutes):
        why = f"lacks {', '.join(sorted(missing))}, which the catalog has"
        raise FileError(at(path, read(path), ("acknowledge_within_minutes",), why))
    return found
