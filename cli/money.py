"""Says sums of money; knows only integers in minor units and their currency."""

from __future__ import annotations

from collections.abc import Mapping

from contracts.values import Money


def say_amounts(amounts: Mapping[str, int] | None) -> str:
    """Return sums by currency for people: `EUR 15,000.00, USD 1,200.00`."""
    return ", ".join(str(Money.model_construct(minor=int(minor), currency=code)) for code, minor in (amounts or {}).items())
