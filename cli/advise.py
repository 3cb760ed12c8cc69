"""`towline advise`: whether real time or batches fit each path, by what was measured of it."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import asdict
from typing import Annotated

import typer

from cli.books import open_books
from cli.output import AsJson, print_fields, print_json, print_table
from contracts.advice import advice_rules
from contracts.catalog import catalog
from contracts.errors import MisconfiguredError
from lifecycle.advice import Advice, Measured
from lifecycle.advice import advise as judge

app = typer.Typer(add_completion=False)
NOTHING = Measured(0, 1.0, 0, 0, 0, None, None, {})


@app.command()
def advise(
    path: Annotated[str | None, typer.Argument(metavar="[PATH]", help="Only this path: its flow or its event.")] = None,
    days: Annotated[int, typer.Option(min=1, max=90, help="Measured over so many days.")] = 7,
    as_json: AsJson = False,
) -> None:
    """Say whether real time or batches fit each path, with the figures: volume, lag, quota, cost of waiting.

    It changes nothing. Where both fit it says either; of fewer than thirty events it says nothing.
    """
    chosen = [entry for entry in catalog().entries.values() if path in (None, entry.flow, entry.event)]
    if not chosen:
        raise MisconfiguredError(f"there is no path {path}; choose one of {', '.join(sorted(catalog().entries))}")
    measured = asyncio.run(_measured(days))
    found = [judge(entry, measured.get(entry.event, NOTHING), advice_rules()) for entry in chosen]
    if as_json:
        print_json([asdict(one) for one in found])
    elif path is None:
        columns = ("path", "events", "an hour", "busiest minute", "fits", "why")
        print_table(columns, [_line(one) for one in found])
    else:
        print_fields({"path": found[0].flow, "fits": found[0].route, **found[0].figures, "why": "; ".join(found[0].reasons)})


def _line(one: Advice) -> tuple[object, ...]:
    figures = one.figures
    return one.flow, figures["events"], figures["an hour"], figures["busiest minute"], one.route, "; ".join(one.reasons)


async def _measured(days: int) -> Mapping[str, Measured]:
    async with open_books() as books:
        return await books.measures.paths(days)
