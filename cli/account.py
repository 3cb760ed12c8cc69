"""The closing summary of an import: what became of every row, with sums that can be checked. It must not ask anybody."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from cli.imports import ImportPlan
from cli.output import console, print_fields, print_table
from ledger.intake import Answer, Receipt


@dataclass(frozen=True, slots=True)
class Stop:
    """Events that stand still for one cause, and whose they are."""

    cause: str
    reason: str
    owner: str
    events: int

    @classmethod
    def grouped(cls, rows: Iterable[Any]) -> list[Stop]:
        """Return exceptions by cause, the largest first."""
        counted = Counter((row.cause, row.reason, row.owner) for row in rows)
        return [cls(*key, events) for key, events in counted.most_common()]


@dataclass(frozen=True, slots=True)
class Account:
    """An import as it ended: what the file held, how it was answered, and where its events stand now."""

    plan: ImportPlan
    receipts: Sequence[Receipt]
    standing: Mapping[str, int]
    stops: Sequence[Stop]

    def answered(self, answer: Answer) -> int:
        """Return how many events were answered so."""
        return sum(receipt.status is answer for receipt in self.receipts)

    @property
    def stopped(self) -> int:
        """How many events stand still."""
        return self.standing.get("quarantined", 0) + self.standing.get("parked", 0)

    @property
    def sums(self) -> dict[str, bool]:
        """What must come out the same, counted in two ways."""
        events = len(self.plan.events)
        return {
            "rows read = filtered + events": self.plan.read == self.plan.filtered + events,
            "events = received + quarantined + duplicates": events == len(self.receipts),
            "events = where they stand now": events == sum(self.standing.values()),
            "quarantined + parked = causes": self.stopped == sum(stop.events for stop in self.stops),
        }

    @property
    def agrees(self) -> bool:
        """Whether every row is accounted for."""
        return all(self.sums.values())

    def as_json(self) -> dict[str, Any]:
        """Return it for machines."""
        return {
            "rows": self.plan.read,
            "filtered": self.plan.filtered,
            "events": len(self.plan.events),
            "mended": dict(self.plan.mended),
            "unmatched": dict(self.plan.unmatched),
            "received": self.answered(Answer.RECEIVED),
            "quarantined": self.answered(Answer.QUARANTINED),
            "duplicates": self.answered(Answer.DUPLICATE),
            "standing": dict(self.standing),
            "causes": [asdict(stop) for stop in self.stops],
            "sums": self.sums,
            "agrees": self.agrees,
        }


def print_account(account: Account) -> None:
    """Print it for people."""
    out = console()
    found = account.as_json()
    print_fields(
        {
            "rows read": found["rows"],
            "left out by the mapping": found["filtered"],
            "events": found["events"],
            "  received now": found["received"],
            "  quarantined now": found["quarantined"],
            "  known already": found["duplicates"],
            **{f"spellings mended in {column}": count for column, count in found["mended"].items()},
            **{f"rows without a match in {file}": count for file, count in found["unmatched"].items()},
            **{f"{status} at the end": count for status, count in sorted(found["standing"].items())},
        }
    )
    if account.stops:
        out.print()
        columns = ("stopped for", "events", "owner", "reason")
        print_table(columns, [(stop.cause, stop.events, stop.owner, stop.reason) for stop in account.stops])
    wrong = [name for name, agrees in account.sums.items() if not agrees]
    out.print(
        f"\n[red]does not add up:[/] {'; '.join(wrong)}" if wrong else "\nevery row is accounted for: " + "; ".join(account.sums)
    )
