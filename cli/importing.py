"""`towline import`: the rows of a CSV file as events, and an account of what became of each."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Collection
from pathlib import Path
from typing import Annotated
from uuid import UUID

import typer
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn, TimeElapsedColumn

from cli.account import Account, Stop, print_account
from cli.books import open_ledger
from cli.follow import UNDER_WAY, tallies, tally_of
from cli.imports import ImportPlan, read_events
from cli.output import AsJson, errors, print_json
from contracts.catalog import catalog
from contracts.event import Envelope
from deployments.footprints import Footprints
from ledger.database import Ledger
from ledger.intake import Receipt, receive
from runtime.settings import Settings, load_settings

app = typer.Typer(add_completion=False)
CHUNK = 500
PATIENCE = 60.0
"""Seconds without any event moving on after which nobody seems to work on them."""
EVERY_ROW = 1_000_000


@app.command("import")
def import_csv(
    file: Annotated[Path, typer.Argument(help="The CSV file.")],
    event: Annotated[str, typer.Option("--as", help="The event that each row becomes, such as opportunity.created.")],
    mapping: Annotated[Path, typer.Option("--map", help="The mapping file: which column becomes which field.")],
    wait: Annotated[bool, typer.Option(help="Wait until every event is done or needs a person.")] = True,
    as_json: AsJson = False,
) -> None:
    """Import the rows of a CSV file as events; account for every row.

    Importing a file again changes nothing: its events are known by their ids. Exit code 1 when the sums do not agree.
    """
    plan = read_events(file, event, mapping)
    account = asyncio.run(_import(load_settings(), plan, wait=wait))
    if as_json:
        print_json(account.as_json())
    else:
        print_account(account)
    raise typer.Exit(0 if account.agrees else 1)


async def _import(settings: Settings, plan: ImportPlan, *, wait: bool) -> Account:
    columns = (TextColumn("{task.description:8}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    async with open_ledger(settings) as ledger:
        with Progress(*columns, console=errors()) as progress:
            receipts = await _store(ledger, plan, progress)
            ids = {receipt.id for receipt in receipts}
            if wait and somebody_works(settings):
                await _until_over(ledger, ids, progress)
        return Account(plan, receipts, await tally_of(ledger, ids), await _stops(ledger, ids))


async def _store(ledger: Ledger, plan: ImportPlan, progress: Progress) -> list[Receipt]:
    bar = progress.add_task("stored", total=len(plan.events))
    receipts: list[Receipt] = []
    for start in range(0, len(plan.events), CHUNK):
        chunk = [(Envelope.model_validate(event), event) for event in plan.events[start : start + CHUNK]]
        receipts += await receive(ledger, catalog(), chunk)
        progress.update(bar, completed=len(receipts))
    return receipts


def somebody_works(settings: Settings) -> bool:
    """Say whether a worker may take the events up; one on another machine cannot be seen, so an external database says yes."""
    if Footprints(settings.state).supervisor() is not None or not settings.embedded:
        return True
    errors().print("no worker is running here: the events wait in the inbox until one does (`towline up`, `towline worker`)")
    return False


async def _until_over(ledger: Ledger, ids: Collection[UUID], progress: Progress) -> None:
    bar: TaskID = progress.add_task("finished", total=len(ids))
    left, moved = len(ids), time.monotonic()
    async for tally in tallies(ledger, ids):
        now_left = sum(tally.get(status, 0) for status in UNDER_WAY)
        progress.update(bar, completed=len(ids) - now_left)
        if now_left != left:
            left, moved = now_left, time.monotonic()
        elif time.monotonic() - moved > PATIENCE:
            errors().print(f"no event has moved on for {PATIENCE:.0f} s: they wait for a worker or an outside system")
            return


async def _stops(ledger: Ledger, ids: Collection[UUID]) -> list[Stop]:
    """Why events of this file stand still, each event counted once, by its newest open exception."""
    async with ledger.begin() as books:
        rows = await books.exceptions.latest(limit=EVERY_ROW)
    newest = {row.event_id: row for row in reversed(rows) if row.event_id in ids}
    return Stop.grouped(newest.values())
