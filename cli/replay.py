"""`towline replay`: let parked or quarantined events go on from where they stopped, and do undone ones again."""

from __future__ import annotations

import asyncio
from typing import Annotated
from uuid import UUID

import typer

from cli.books import open_ledger, parse_id
from cli.output import AsJson, print_json
from contracts.catalog import catalog
from contracts.errors import MisconfiguredError, RefusedError
from ledger.database import Ledger
from ledger.intake import reopen

app = typer.Typer(add_completion=False)
CHUNK = 500
EVERY_ROW = 1_000_000


@app.command()
def replay(
    events: Annotated[list[str] | None, typer.Argument(metavar="[EVENT]...", help="Our ids of events.")] = None,
    cause: Annotated[str | None, typer.Option(help="All events that stopped for this cause.")] = None,
    as_json: AsJson = False,
) -> None:
    """Make parked, quarantined or undone events ready again, judged by today's contracts; what is done is not repeated.

    Exit code 1 when an event does not fit its contract still, or was not stopped at all.
    """
    if bool(events) == (cause is not None):
        raise MisconfiguredError("name events, or a cause with --cause (`towline exceptions` shows them)")
    ids = [parse_id(event, "an event") for event in events or ()]
    asked, ready = asyncio.run(_replay(ids, cause))
    if as_json:
        print_json({"asked": asked, "ready": sorted(ready, key=str)})
    else:
        others = "" if len(ready) == asked else "; the others were not stopped, or do not fit their contract still"
        typer.echo(f"{len(ready)} of {asked} go on{others}")
    raise typer.Exit(0 if len(ready) == asked else 1)


async def _replay(ids: list[UUID], cause: str | None) -> tuple[int, set[UUID]]:
    async with open_ledger() as ledger:
        wanted = await _of_cause(ledger, cause) if cause is not None else list(dict.fromkeys(ids))
        ready: set[UUID] = set()
        for start in range(0, len(wanted), CHUNK):
            ready |= await reopen(ledger, catalog(), wanted[start : start + CHUNK])
        return len(wanted), ready


async def _of_cause(ledger: Ledger, cause: str) -> list[UUID]:
    async with ledger.begin() as books:
        rows = await books.exceptions.latest(limit=EVERY_ROW, cause=cause)
    if not rows:
        raise RefusedError("nothing stopped for this cause; `towline exceptions` lists the causes")
    return list(dict.fromkeys(row.event_id for row in reversed(rows)))
