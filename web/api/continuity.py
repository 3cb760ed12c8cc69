"""The continuity line of a case as it is shown: what each step of its money adds up to, and where two of them differ."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Row

from contracts.values import Money
from ledger.continuity import line
from lifecycle.continuity import EXPECTED, Kind, Line


def shown(entries: Sequence[Row[Any]]) -> dict[str, Any] | None:
    """Return the sums of a case's entries in minor units with the differences in words, None before anything was approved."""
    if not entries:
        return None
    sums = line(entries)
    return {
        "currency": sums.currency,
        "approved": sums.approved,
        "changed": sums.changed,
        "agreed": sums.agreed,
        "delivered": sums.delivered,
        "invoiced": sums.invoiced,
        "paid": sums.paid,
        "differences": differences(sums, {Kind(row.kind) for row in entries}),
    }


def differences(sums: Line, told: set[Kind]) -> list[str]:
    """Say what does not continue the line: each kind that was told and is not what stands before it."""
    pairs = [(kind.value, before) for kind, before in EXPECTED.items() if kind in told]
    return [_difference(sums, kind, before) for kind, before in pairs if getattr(sums, kind) != getattr(sums, before)]


def _difference(sums: Line, kind: str, before: str) -> str:
    off = getattr(sums, kind) - getattr(sums, before)
    by = Money.model_construct(minor=abs(off), currency=sums.currency or "")
    return f"what is {kind} is {by} {'more' if off > 0 else 'less'} than what is {before}"
