"""How a rollback is shown: its counts, its effects by what is said of them, and a bar while it is under way."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from cli.books import open_ledger
from cli.output import console, errors, print_fields, print_table
from contracts.errors import RefusedError
from lifecycle.undo import RollbackState

WHAT = "a rollback"
PAUSE = 0.5
OVER = (RollbackState.DONE, RollbackState.CANCELLED, RollbackState.STOPPED)
FIELDS = (
    "id", "state", "scope", "reason", "asked_by", "confirmed_by", "asked_at", "released_at", "started_at", "finished_at",
    "ends_at", "flow_run_id", "cases", "effects", "to_undo", "undone", "kept", "changed", "failed",
)  # fmt: skip
ITEM = ("event_id", "case_id", "event_type", "step", "system", "undo", "vendor_id", "owner", "verdict", "outcome", "reason")
MOST_ROWS = 50


def as_json_of(row: Any, items: Sequence[Any] | None = None) -> Mapping[str, Any]:
    """Return a rollback for machines, with its effects where they are given."""
    shown = {name: getattr(row, name) for name in FIELDS}
    return shown if items is None else shown | {"items": [{name: getattr(one, name) for name in ITEM} for one in items]}


def print_rollback(row: Any) -> None:
    """Print a rollback's fields."""
    print_fields({name: getattr(row, name) for name in FIELDS})


def print_items(items: Sequence[Any]) -> None:
    """Print effects counted by step and by what is said of them, then those that are not simply undone."""
    counted = Counter((one.system, one.step, one.outcome or one.verdict, one.reason) for one in items)
    console().print()
    print_table(("system", "step", "what", "effects", "why"), [(*key[:3], count, key[3]) for key, count in counted.items()])
    others = [one for one in items if (one.outcome or one.verdict) not in ("undo", "undone")]
    if others:
        console().print()
        rows = [(one.step, one.vendor_id, one.owner, one.outcome or one.verdict, one.reason) for one in others[:MOST_ROWS]]
        print_table(("step", "record", "owner", "what", "why"), rows)
        if len(others) > MOST_ROWS:
            console().print(f"and {len(others) - MOST_ROWS} more: --json shows all")


async def follow(rollback_id: UUID, *, wait: bool) -> Any:
    """Return a rollback, after showing how far it is until it is over; whoever stops looking stops nothing."""
    columns = (TextColumn("undone"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    async with open_ledger() as ledger:
        with Progress(*columns, console=errors(), disable=not wait) as progress:
            bar = progress.add_task("undone", total=None)
            while True:
                async with ledger.begin() as books:
                    row = await books.rollbacks.get(rollback_id)
                if row is None:
                    raise RefusedError("there is no such rollback; `towline rollback list` shows them")
                progress.update(bar, total=row.effects, completed=row.settled)
                if not wait or row.state in OVER:
                    return row
                await asyncio.sleep(PAUSE)
