"""`towline leave`: a person has looked at what stopped, and it shall not happen."""

from __future__ import annotations

import asyncio
from typing import Annotated
from uuid import UUID

import typer

from cli.books import open_ledger, parse_id
from cli.output import AsJson, print_json
from ledger.intake import leave as leave_events
from lifecycle.causes import Closing

app = typer.Typer(add_completion=False)


@app.command()
def leave(
    events: Annotated[list[str], typer.Argument(metavar="EVENT...", help="Our ids of events.")],
    because: Annotated[Closing, typer.Option(help="Why, from the list.")],
    as_json: AsJson = False,
) -> None:
    """Leave events undone that have stopped: their exceptions close, and what comes after them in their deals goes on.

    What they have done already stays done. Of an event that is done without a step, what is open closes. Exit code 1 when
    nothing of an event is open.
    """
    ids = list(dict.fromkeys(parse_id(event, "an event") for event in events))
    left = asyncio.run(_leave(ids, because))
    if as_json:
        print_json({"asked": len(ids), "left": sorted(left, key=str)})
    else:
        others = "" if len(left) == len(ids) else "; nothing of the others is open"
        typer.echo(f"{len(left)} of {len(ids)} left as they are{others}")
    raise typer.Exit(0 if len(left) == len(ids) else 1)


async def _leave(ids: list[UUID], because: Closing) -> set[UUID]:
    async with open_ledger() as ledger:
        return await leave_events(ledger, ids, because=because)
