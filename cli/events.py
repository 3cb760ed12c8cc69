"""`towline events`: the newest events."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Annotated, Any

import typer

from cli.books import open_books
from cli.output import AsJson, print_json, print_table
from ledger.tables import EventStatus

app = typer.Typer(add_completion=False)
SHOWN = ("id", "type", "status", "source", "external_id", "case_id", "contract", "attempts", "received_at", "finished_at")


@app.command()
def events(
    status: Annotated[EventStatus | None, typer.Option(help="Only events that stand here.")] = None,
    event_type: Annotated[str | None, typer.Option("--type", help="Only events of this type.")] = None,
    limit: Annotated[int, typer.Option(min=1, max=10_000, help="At most so many.")] = 20,
    as_json: AsJson = False,
) -> None:
    """List the newest events."""
    rows = asyncio.run(_latest(status, event_type, limit))
    if as_json:
        print_json([{name: getattr(row, name) for name in SHOWN} for row in rows])
    else:
        columns = ("received", "event", "status", "source", "sender's id", "id")
        print_table(columns, [(r.received_at, r.type, r.status, r.source, r.external_id, r.id) for r in rows])


async def _latest(status: EventStatus | None, event_type: str | None, limit: int) -> Sequence[Any]:
    async with open_books() as books:
        return await books.inbox.latest(limit=limit, status=status, event_type=event_type)
