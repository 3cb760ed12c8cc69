"""The line of a case adds up to the cent, and says in words where it does not go on."""

from __future__ import annotations

import pytest

from contracts.values import Money
from lifecycle.continuity import Kind, Line, Movement, difference, line_of

APPROVED = Line("EUR", approved=100_00)


def test_movements_add_up_and_what_is_taken_back_counts_below_zero() -> None:
    line = line_of(
        [
            Movement(Kind.APPROVED, 100_00, "EUR"),
            Movement(Kind.CHANGED, -10_01, "EUR"),
            Movement(Kind.DELIVERED, 89_99, "EUR"),
            Movement(Kind.INVOICED, 89_99, "EUR", "in_1"),
            Movement(Kind.INVOICED, -89_99, "EUR", "in_1"),
        ]
    )
    assert line == Line("EUR", approved=100_00, changed=-10_01, delivered=89_99)
    assert line.agreed == 89_99


def test_a_case_has_one_currency() -> None:
    with pytest.raises(ValueError, match="one currency"):
        APPROVED.with_movement(Movement(Kind.CHANGED, 1, "USD"))


@pytest.mark.parametrize(
    ("line", "kind", "minor", "currency", "why"),
    [
        (APPROVED, Kind.DELIVERED, 100_00, "EUR", None),
        (APPROVED, Kind.DELIVERED, 100_01, "EUR", "what is delivered is more than what is agreed"),
        (APPROVED, Kind.DELIVERED, 99_99, "EUR", "what is delivered is less than what is agreed"),
        (APPROVED, Kind.DELIVERED, 100_00, "USD", "what is delivered is in another currency than what is agreed"),
        (Line(), Kind.DELIVERED, 100_00, "EUR", "nothing is agreed yet"),
        (Line("EUR", 5, 0, 5, 5), Kind.PAID, 5, "EUR", None),
        (Line("EUR", 5, 0, 5, 5, 5), Kind.PAID, 5, "EUR", "what is paid is more than what is invoiced"),
    ],
)
def test_an_amount_goes_on_where_the_line_is_or_says_why_not(
    line: Line, kind: Kind, minor: int, currency: str, why: str | None
) -> None:
    assert difference(line, kind, Money(minor=minor, currency=currency)) == why
