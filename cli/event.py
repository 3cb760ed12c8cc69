"""`towline event`: one event, what it changed outside, and what stopped it; its payload stays in the ledger."""

from __future__ import annotations

import asyncio
from typing import Annotated, Any
from uuid import UUID

import typer

from cli.books import find_event, open_books
from cli.output import AsJson, console, print_fields, print_json, print_table
from contracts.errors import RefusedError
from ledger.trace import effects_of

app = typer.Typer(add_completion=False)
FIELDS = (
    "id", "type", "status", "source", "external_id", "case_id", "contract", "flow_run_id", "attempts", "deaths",
    "occurred_at", "received_at", "finished_at",
)  # fmt: skip
EFFECT = ("step", "system", "state", "contract", "vendor_id", "vendor_url", "attempts", "started_at", "finished_at")
EXCEPTION = ("cause", "contract", "reason", "route", "owner", "opened_at", "closed_at", "closed_as")

CORRECTION = ("field", "action", "outcome", "confidence", "by", "settled_at")


@app.command()
def event(
    event_id: Annotated[str, typer.Argument(metavar="ID", help="Our id, or with --source the sender's.")],
    source: Annotated[str | None, typer.Option(help="The sender, when ID is the sender's own.")] = None,
    as_json: AsJson = False,
) -> None:
    """Show one event, its outside changes in order, and what stopped it; where a value of it was corrected, by whom."""
    found = asyncio.run(_find(find_event(event_id, source)))
    if as_json:
        return print_json(found)
    print_fields({name: found[name] for name in FIELDS})
    if found["effects"]:
        console().print()
        print_table(EFFECT, [[effect[name] for name in EFFECT] for effect in found["effects"]])
    if found["exceptions"]:
        console().print()
        print_table(EXCEPTION, [[stop[name] for name in EXCEPTION] for stop in found["exceptions"]])
    if found["corrections"]:
        console().print()
        print_table(CORRECTION, [[one[name] for name in CORRECTION] for one in found["corrections"]])
    return None


async def _find(wanted: UUID) -> dict[str, Any]:
    async with open_books() as books:
        row = next(iter(await books.inbox.get([wanted])), None)
        if row is None:
            raise RefusedError("there is no such event")
        return {
            **{name: getattr(row, name) for name in FIELDS},
            "effects": [{name: getattr(effect, name) for name in EFFECT} for effect in await effects_of(books, row)],
            "exceptions": [{name: getattr(stop, name) for name in EXCEPTION} for stop in await books.exceptions.of_event(row.id)],
            "corrections": [
                {name: getattr(one, name) for name in CORRECTION} for one in await books.suggestions.of_event(row.id)
            ],
        }
