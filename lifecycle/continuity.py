"""The money of a case from what was approved to what was paid, to the cent; a difference is somebody's work."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from contracts.values import Money


class Kind(StrEnum):
    """What an entry of the line is about, in the order of a deal. What is taken back is an entry below zero."""

    APPROVED = "approved"
    CHANGED = "changed"
    DELIVERED = "delivered"
    INVOICED = "invoiced"
    PAID = "paid"


@dataclass(frozen=True, slots=True)
class Movement:
    """One movement of a case's line, in minor units; `reference` is the vendor's id of what it stands on."""

    kind: Kind
    minor: int
    currency: str
    reference: str | None = None


@dataclass(frozen=True, slots=True)
class Line:
    """The continuity line of a case: what each kind adds up to, in minor units of one currency."""

    currency: str | None = None
    approved: int = 0
    changed: int = 0
    delivered: int = 0
    invoiced: int = 0
    paid: int = 0

    @property
    def agreed(self) -> int:
        """What the client has to pay for in all."""
        return self.approved + self.changed

    def with_movement(self, movement: Movement) -> Line:
        """Return the line after one more movement. Raises ValueError for another currency."""
        if self.currency not in (None, movement.currency):
            raise ValueError("a case has one currency")
        sums = {kind.value: getattr(self, kind.value) for kind in Kind}
        return Line(movement.currency, **{**sums, movement.kind.value: sums[movement.kind.value] + movement.minor})


def line_of(movements: Iterable[Movement]) -> Line:
    """Add up entries that are in one currency."""
    line = Line()
    for movement in movements:
        line = line.with_movement(movement)
    return line


EXPECTED = {Kind.DELIVERED: "agreed", Kind.INVOICED: "delivered", Kind.PAID: "invoiced"}
"""What each kind must add up to once it is told."""


def difference(line: Line, kind: Kind, amount: Money) -> str | None:
    """Say why an amount of this kind does not continue the line, without its figures; None when it agrees to the cent."""
    before = EXPECTED[kind]
    if line.currency is None:
        return f"nothing is {before} yet"
    if amount.currency != line.currency:
        return f"what is {kind} is in another currency than what is {before}"
    if (told := getattr(line, kind) + amount.minor) != (expected := getattr(line, before)):
        return f"what is {kind} is {'more' if told > expected else 'less'} than what is {before}"
    return None
