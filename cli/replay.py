"""`towline replay`: let events go on that stopped, or look again for what done ones have made."""

from __future__ import annotations

import asyncio
import re
from collections import Counter
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any

import typer

from cli.books import open_ledger, parse_id
from cli.output import AsJson, print_json, print_table
from contracts.catalog import catalog
from contracts.errors import MisconfiguredError
from ledger.replaying import Choice, Prospect, Replay, foresee, steps_of
from ledger.replaying import replay as replay_events

app = typer.Typer(add_completion=False)
AGO = re.compile(r"(\d{1,4}) ?(min|h|d)")
UNITS = {"min": "minutes", "h": "hours", "d": "days"}
SUCCESS = (Replay.GOES_ON, Replay.IS_DONE)
TIME = "A time with its zone (2026-11-21T09:30:00Z), or how long ago (30min, 2h, 3d)."


@app.command()
def replay(
    events: Annotated[list[str] | None, typer.Argument(metavar="[EVENT]...", help="Our ids of events.")] = None,
    cause: Annotated[str | None, typer.Option(help="All events that stopped for this cause.")] = None,
    event_type: Annotated[str | None, typer.Option("--type", help="All events of this type that stopped.")] = None,
    since: Annotated[str | None, typer.Option(help=f"All that stopped and came in since then. {TIME}")] = None,
    until: Annotated[str | None, typer.Option(help="And before then.")] = None,
    from_start: Annotated[
        bool, typer.Option("--from-start", help="Also done events: look for all they made, and make anew what was removed.")
    ] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say what would become of each.")] = False,
    as_json: AsJson = False,
) -> None:
    """Make stopped or undone events ready again. They are judged by today's contracts; what is done already is not repeated.

    Exit code 1 when an event is neither done nor goes on: it does not fit its contract still, has not stopped, or its deal has
    moved on.
    """
    ids = list(dict.fromkeys(parse_id(event, "an event") for event in events or ()))
    choice = Choice(ids, cause, event_type, _moment(since), _moment(until))
    if dry_run:
        return _show(asyncio.run(_foreseen(choice, from_start)), as_json)
    prospects = asyncio.run(_replayed(choice, from_start))
    ready = [one.event.id for one in prospects if one.becomes is Replay.GOES_ON]
    if as_json:
        others = {str(one.event.id): one.becomes for one in prospects if one.becomes is not Replay.GOES_ON}
        print_json({"asked": len(prospects), "ready": sorted(ready, key=str), "others": others})
    else:
        said = Counter(f"{one.becomes}{f' ({one.why})' if one.why else ''}" for one in prospects)
        said.pop(Replay.GOES_ON, None)
        typer.echo("; ".join([f"{len(ready)} of {len(prospects)} go on", *(f"{n}: {what}" for what, n in said.items())]))
    raise typer.Exit(0 if all(one.becomes in SUCCESS for one in prospects) else 1)


async def _replayed(choice: Choice, from_start: bool) -> list[Prospect]:
    async with open_ledger() as ledger:
        return await replay_events(ledger, catalog(), choice, from_start=from_start)


async def _foreseen(choice: Choice, from_start: bool) -> list[dict[str, Any]]:
    async with open_ledger() as ledger, ledger.begin() as books:
        found = []
        for one in await foresee(books, catalog(), choice, from_start=from_start):
            done, to_do = await steps_of(books, one.event)
            row = one.event
            found.append(
                {"id": row.id, "type": row.type, "status": row.status, "would": one.becomes, "why": one.why}
                | {"done": done, "to_do": to_do if one.becomes is Replay.GOES_ON else []}
            )
        return found


def _show(found: Sequence[dict[str, Any]], as_json: bool) -> None:
    if as_json:
        return print_json(found)
    columns = ("event", "type", "status", "would", "why", "done", "to do")
    lists = [(one["id"], one["type"], one["status"], one["would"], one["why"], one["done"], one["to_do"]) for one in found]
    return print_table(columns, [(*row[:5], ", ".join(row[5]), ", ".join(row[6])) for row in lists])


def _moment(text: str | None) -> datetime | None:
    """Return the moment that a person means."""
    if text is None:
        return None
    if ago := AGO.fullmatch(text.strip()):
        return datetime.now(UTC) - timedelta(**{UNITS[ago[2]]: int(ago[1])})
    try:
        return datetime.fromisoformat(text.strip())
    except ValueError:
        raise MisconfiguredError(f"that is no time: {TIME[0].lower()}{TIME[1:]}") from None
