"""How well what came in fits: of the values in events' data, how many their contracts took, by field. Pure; keeps no value."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from contracts.event import misfits

TARGET = 0.995
"""The share of values that must fit."""
MONEY = {"minor", "currency"}


@dataclass(slots=True)
class Tally:
    """The values of one field of one source's events, and those that did not fit, by the rule that they broke."""

    values: int = 0
    misses: Counter[str] = field(default_factory=Counter)

    @property
    def mapped(self) -> int:
        """How many fit."""
        return self.values - sum(self.misses.values())


Place = tuple[str, str, str]
"""Source, event, field."""


@dataclass(slots=True)
class Measured:
    """All that was looked at, by source, event and field."""

    events: int = 0
    fields: dict[Place, Tally] = field(default_factory=dict)

    def add(self, source: str, event: str, contract: str, data: Any) -> None:
        """Look at one event's data. A required value that did not come counts as one that did not fit."""
        self.events += 1
        faults = {_whole(path): rule for path, rule in reversed(misfits(contract, data, event_type=event))}
        is_known = not any(rule == "unknown" for rule in faults.values())  # of what no contract is about nothing fits
        for path in dict.fromkeys([*(map(_whole, _leaves(data)) if is_known else ()), *faults]):
            tally = self.fields.setdefault((source, event, path), Tally())
            tally.values += 1
            if path in faults:
                tally.misses[faults[path]] += 1

    @property
    def values(self) -> int:
        """How many values there were."""
        return sum(tally.values for tally in self.fields.values())

    @property
    def mapped(self) -> int:
        """How many of them fit."""
        return sum(tally.mapped for tally in self.fields.values())

    @property
    def rate(self) -> float | None:
        """The share that fits; None where nothing was measured."""
        return self.mapped / self.values if self.values else None


def _leaves(data: Any, path: str = "") -> Iterator[str]:
    """The places of all values; those of a list's items are one place, so is an amount with its currency."""
    if isinstance(data, Mapping) and data and not set(data) <= MONEY:
        for name, value in data.items():
            yield from _leaves(value, f"{path}.{name}" if path else str(name))
    elif isinstance(data, list) and any(isinstance(one, Mapping) for one in data):
        for one in data:
            yield from _leaves(one, path)
    elif path:
        yield path


def _whole(path: str) -> str:
    """A field's place without the numbers of list items, and an amount's as one."""
    parts = [part for part in path.split(".") if not part.isdecimal()]
    return ".".join(parts[:-1] if parts[-1:] and parts[-1] in MONEY and len(parts) > 1 else parts)
