"""What a change of the contracts would do: how it grades, and which events that came in would be refused. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from contracts.errors import ContractError
from contracts.event import CONTRACTS, newest, parse
from contracts.grading import Change, Grade, Schema, compare

SHOWN = 5
"""So many events are named for each reason."""
REASONS: Mapping[str, str] = {
    "missing": "a missing {field}",
    "extra_forbidden": "the unknown field {field}",
    "enum": "an unknown {field}",
    "literal_error": "an unknown {field}",
    "unknown": "an unknown {field}",
}


@dataclass(frozen=True, slots=True)
class Graded:
    """One difference between two sets of contracts. `is_edit`: of a version that both have, which no sender has agreed to."""

    contract: str
    change: Change
    is_edit: bool


def grade(before: Mapping[str, Schema], after: Mapping[str, Schema]) -> list[Graded]:
    """Return the differences between two sets of schemas by name, `event/version`, field by field.

    A version that is new is compared with the one before it: that is what its senders change.
    """
    found: list[Graded] = []
    for name in sorted(before.keys() | after.keys()):
        event, _, version = name.rpartition("/")
        if name not in after:
            found.append(Graded(name, Change("data", Grade.BREAKING, "removed: its senders are refused"), True))
        elif name in before:
            found += [Graded(name, change, True) for change in compare(before[name], after[name])]
        elif (older := f"{event}/{int(version) - 1}") in after:
            found += [Graded(name, change, False) for change in compare(after[older], after[name])]
        else:
            found.append(Graded(name, Change("data", Grade.COMPATIBLE, "new event"), False))
    return found


@dataclass(slots=True)
class Replayed:
    """Events that came in, and those of them that the newest contracts refuse, by contract and reason; without any value."""

    events: int = 0
    reasons: Counter[tuple[str, str]] = field(default_factory=Counter)
    named: dict[tuple[str, str], list[str]] = field(default_factory=dict)

    def add(self, event_id: str, event_type: str, data: Any) -> None:
        """Judge one event as if its sender wrote the newest version."""
        if event_type not in CONTRACTS:
            return
        self.events += 1
        name = f"{event_type}/{newest(event_type)}"
        try:
            parse(name, data, event_type=event_type)
        except ContractError as error:
            reason = name, REASONS.get(error.rule, "{field}: {rule}").format(field=error.field, rule=error.rule)
            self.reasons[reason] += 1
            self.named.setdefault(reason, [])
            if len(self.named[reason]) < SHOWN:
                self.named[reason].append(event_id)

    @property
    def refused(self) -> int:
        """How many would be refused."""
        return self.reasons.total()

    def text(self) -> str:
        """Return the sentence: `3.1 % would be refused: 12 for an unknown stage, 4 for a missing owner`."""
        if not self.events:
            return "no event came in"
        share = f"{100 * self.refused / self.events:.1f} % of {self.events:,} events would be refused"
        parts = [f"{number:,} for {reason} ({name})" for (name, reason), number in self.reasons.most_common()]
        return f"{share}: {', '.join(parts)}" if parts else share
