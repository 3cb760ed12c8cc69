"""`towline gates`: what the quality gates refuse and warn of, so that the worst is mended first; and the nights of the audit."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any

import typer

from cli.books import open_books
from cli.output import AsJson, age, errors, print_json, print_links, print_table
from ledger.audits import DAYS
from runtime.settings import load_settings

app = typer.Typer(add_completion=False)
SEVERITIES = {"critical": "block", "warning": "warn"}
RULE = ("suite", "rule", "kind", "severity", "reason", "judged", "refused", "last_refused", "open", "closed_at")
NIGHT = ("night", "suite", "records", "faults", "errors", "duplicates")


@app.callback(invoke_without_command=True)
def gates(
    context: typer.Context,
    days: Annotated[int, typer.Option(min=1, max=3650, help="Of so many days.")] = DAYS,
    show_all: Annotated[bool, typer.Option("--all", help="Also rules that have refused nothing.")] = False,
    as_json: AsJson = False,
) -> None:
    """Show what the quality gates refuse and warn of, the worst first.

    Of each path's rules: the rows judged and refused, what is open, and since when nothing is.
    """
    if context.invoked_subcommand:
        return
    found = [_rule(row) for row in asyncio.run(_tallies(days)) if show_all or row.refused]
    if as_json:
        print_json(found)
        return
    columns = ("", "path", "rule", "kind", "severity", "judged", "refused", "share", "open", "closed")
    print_table(columns, [_line(place, one) for place, one in enumerate(found, 1)])


@app.command()
def nights(
    number: Annotated[int, typer.Option("--nights", min=1, max=3650, help="So many nights.")] = 14, as_json: AsJson = False
) -> None:
    """Show what the nightly audit found in the CRM: records, and the share of them with errors and of duplicates."""
    found = [{name: getattr(row, name) for name in NIGHT} for row in asyncio.run(_nights(number))]
    if as_json:
        print_json(found)
        return
    columns = ("night", "records of", "records", "faults", "errors", "error rate", "duplicates", "duplicate rate")
    print_table(columns, [_night(one) for one in found])


@app.command()
def docs(as_json: AsJson = False) -> None:
    """Build the Data Docs now, as every night does; the gateway shows them at /data-docs/."""
    settings = load_settings()
    with errors().status("building the Data Docs"):
        asyncio.run(_build(settings.data_docs))
    address = f"{settings.gateway_url}/data-docs/"
    print_json({"folder": settings.data_docs, "address": address}) if as_json else print_links([("Data Docs", address)])


def _rule(row: Any) -> dict[str, Any]:
    return {name: getattr(row, name) for name in RULE} | {"severity": SEVERITIES[row.severity]}


def _line(place: int, one: dict[str, Any]) -> tuple[object, ...]:
    shown = [one[name] for name in ("suite", "rule", "kind", "severity", "judged", "refused")]
    closed = f"{age(one['closed_at'])} ago" if one["closed_at"] else None
    return place, *shown, _share(one["refused"], one["judged"]), one["open"] or None, closed


def _night(one: dict[str, Any]) -> tuple[object, ...]:
    records, errors, duplicates = one["records"], one["errors"] or 0, one["duplicates"] or 0
    return (
        *(one[name] for name in ("night", "suite", "records", "faults")),
        *(errors, _share(errors, records), duplicates, _share(duplicates, records)),
    )


def _share(part: int, whole: int) -> str | None:
    return f"{100 * part / whole:.2f} %" if whole else None


async def _build(folder: Path) -> None:
    from expectations.data_docs import Result, build

    async with open_books() as books:
        counted = await books.audits.counted()
    build(folder, [Result(*row) for row in counted], at=datetime.now(UTC), days=DAYS)


async def _tallies(days: int) -> Sequence[Any]:
    async with open_books() as books:
        return await books.gates.tallies(days=days)


async def _nights(number: int) -> Sequence[Any]:
    async with open_books() as books:
        return await books.audits.nights(nights=number)
