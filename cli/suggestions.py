"""`towline suggestions`: what is suggested for events that stopped, and the answer to it; needs no vendor and no Prefect."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from enum import StrEnum
from typing import Annotated, Any

import typer
from sqlalchemy import Row

from cli.books import open_books, open_ledger
from cli.importing import somebody_works
from cli.output import AsJson, age, console, print_json, print_table
from cli.pause import ByOption, who
from contracts.catalog import catalog
from contracts.errors import MisconfiguredError
from ledger.correcting import accept, reject, shown
from ledger.replaying import Prospect, Replay
from lifecycle.autonomy import Outcome
from runtime.settings import load_settings

app = typer.Typer(add_completion=False)
SHORT = 8


class Answer(StrEnum):
    """What a person says to a suggestion."""

    ACCEPT = "accept"
    REJECT = "reject"


@app.command()
def suggestions(
    event: Annotated[str | None, typer.Argument(metavar="[ID]", help="The event's id, or how it begins.")] = None,
    answer: Annotated[Answer | None, typer.Argument(metavar="[accept|reject]", help="The answer.")] = None,
    value: Annotated[str | None, typer.Option(help="Another value, in the place of the one that is suggested.")] = None,
    by: ByOption = None,
    limit: Annotated[int, typer.Option(min=1, max=100_000, help="At most so many rows.")] = 100,
    as_json: AsJson = False,
) -> None:
    """Show what is suggested for events that stopped, or answer it: accepted, the event is corrected and goes on.

    What was done alone can be rejected, too: it then counts as wrong, and stays as it is. Exit code 1 when the answer is not
    taken, or something else of the event does not fit.
    """
    if event is None:
        return _list(limit, as_json=as_json)
    if answer is None or (answer is Answer.REJECT and value is not None):
        raise MisconfiguredError("an answer is `towline suggestions ID accept`, with --value for another value, or reject")
    if answer is Answer.REJECT:
        return _reject(event, who(by), as_json=as_json)
    return _accept(event, who(by), value, as_json=as_json)


def _accept(event: str, by: str, value: str | None, *, as_json: bool) -> None:
    asked, prospect = asyncio.run(_accepted(event, by, value))
    goes_on = prospect.becomes is Replay.GOES_ON
    if as_json:
        print_json({"event": asked.event_id, "action": asked.action, "field": asked.field, "by": by, "becomes": prospect.becomes})
    else:
        follows = "the event goes on" if goes_on else f"the event still {prospect.becomes}: {prospect.why}"
        typer.echo(f"{asked.field} is corrected, by {by}; {follows}")
        if goes_on:
            somebody_works(load_settings())
    raise typer.Exit(0 if goes_on else 1)


def _reject(event: str, by: str, *, as_json: bool) -> None:
    asked = asyncio.run(_rejected(event, by))
    was_done = asked.outcome == Outcome.ALONE
    if as_json:
        return print_json({"event": asked.event_id, "action": asked.action, "field": asked.field, "by": by, "was_done": was_done})
    event = f"take back what it did with `towline rollback --event {asked.event_id}`" if was_done else "the event stays stopped"
    return typer.echo(f"{asked.field}: noted as wrong, by {by}; {event}")


def _list(limit: int, *, as_json: bool) -> None:
    rows = asyncio.run(_waiting(limit))
    if as_json:
        print_json([_as_json(row) for row in rows])
    elif not rows:
        console().print("nothing is suggested")
    else:
        columns = ("event", "field", "was", "suggested", "confidence", "why", "owner", "since")
        print_table(columns, [_line(row) for row in rows])


def _as_json(row: Row[Any]) -> dict[str, Any]:
    names = (
        "event_id",
        "case_id",
        "action",
        "field",
        "was",
        "confidence",
        "parts",
        "reasons",
        "level",
        "treatment",
        "cause",
        "owner",
    )
    return {name: getattr(row, name) for name in names} | {"suggested": shown(row), "since": row.made_at}


def _line(row: Row[Any]) -> tuple[object, ...]:
    why = "; ".join(row.reasons)
    return row.event_id.hex[:SHORT], row.field, row.was, shown(row), f"{row.confidence:.2f}", why, row.owner, age(row.made_at)


async def _waiting(limit: int) -> Sequence[Row[Any]]:
    async with open_books() as books:
        return await books.suggestions.waiting(limit=limit)


async def _accepted(event: str, by: str, value: str | None) -> tuple[Row[Any], Prospect]:
    async with open_ledger() as ledger:
        return await accept(ledger, catalog(), event, by=by, value=value)


async def _rejected(event: str, by: str) -> Row[Any]:
    async with open_ledger() as ledger:
        return await reject(ledger, event, by=by)
