"""`towline contracts mapping`: the mapping matrix, and how well what came in fits it."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any

import typer

from cli.output import AsJson, console, print_json, print_table
from contracts.errors import MisconfiguredError, RefusedError
from contracts.files import FileError
from contracts.measure import TARGET, Measured

DAYS = 30
FIELDS = ("source", "event", "field", "values", "mapped", "rate", "misses")


def mapping(
    vendor: Annotated[str | None, typer.Option(help="Only this vendor.")] = None,
    file: Annotated[Path | None, typer.Option(help="Measure a CSV file instead of what came in; needs --map.")] = None,
    map_: Annotated[Path | None, typer.Option("--map", help="The mapping file of --file.")] = None,
    as_json: AsJson = False,
) -> None:
    """Print which field of ours is which of a vendor's, and the share of values that fit, of the last 30 days or of a file.

    Exit code 1 when the share is below 99.5 %.
    """
    if (file is None) != (map_ is None):
        raise RefusedError("--file and --map stand together")
    if file is not None and map_ is not None:
        measured, why = _of_file(file, map_), ""
        _print([], measured, why, f"in {file.name}", as_json=as_json)
    else:
        from contracts.mapped import rows as matrix_rows

        rows = list(matrix_rows(vendor))
        measured, why = _of_ledger(vendor)
        _print(rows, measured, why, f"in the last {DAYS} days", as_json=as_json)
    raise typer.Exit(1 if measured.rate is not None and measured.rate < TARGET else 0)


def _of_ledger(vendor: str | None) -> tuple[Measured, str]:
    """What came in lately; without a ledger nothing, and why."""
    try:
        return asyncio.run(_received(vendor)), ""
    except FileError:
        raise
    except MisconfiguredError as error:
        return Measured(), error.text


async def _received(vendor: str | None) -> Measured:
    from cli.books import received_lately

    measured = Measured()
    async for row in received_lately(DAYS):
        source = row.source.partition("/")[0]
        if vendor in (None, source):
            measured.add(source, row.type, row.contract, row.payload.get("data"))
    return measured


def _of_file(file: Path, map_: Path) -> Measured:
    from cli.imports import read_events
    from contracts.files import load
    from contracts.mapping import ImportMap

    found = load(map_, ImportMap)
    measured = Measured()
    for event in read_events(file, found.event, map_).events:
        measured.add(file.name, event["type"], event["dataschema"], event["data"])
    return measured


def _print(rows: Sequence[Mapping[str, str]], measured: Measured, why: str, of_what: str, *, as_json: bool) -> None:
    fields: list[dict[str, Any]] = [
        {
            "source": source,
            "event": event,
            "field": path,
            "values": tally.values,
            "mapped": tally.mapped,
            "rate": tally.mapped / tally.values,
            "misses": dict(tally.misses.most_common()),
        }
        for (source, event, path), tally in sorted(measured.fields.items())
    ]
    if as_json:
        said = {"target": TARGET, "events": measured.events, "values": measured.values, "mapped": measured.mapped}
        print_json({"matrix": rows, "measured": said | {"rate": measured.rate, "why_not": why or None, "fields": fields}})
        return
    if rows:
        print_table(list(rows[0]), [tuple(row.values()) for row in rows])
        typer.echo()
    if measured.rate is None:
        console().print(f"nothing measured yet: {why or f'no event came in {of_what}'}", markup=False, soft_wrap=True)
        return
    print_table(FIELDS, [(*list(one.values())[:5], _percent(one["rate"]), _misses(one["misses"])) for one in fields])
    verdict = "reached" if measured.rate >= TARGET else "missed"
    figures = f"{measured.mapped:,} of {measured.values:,} values in {measured.events:,} events {of_what}"
    typer.echo(f"\n{_percent(measured.rate)} mapped: {figures}; target {_percent(TARGET)} {verdict}")


def _percent(rate: float) -> str:
    """A share that is rounded down: what is not all is never shown as all."""
    return f"{int(rate * 10_000) / 100:.2f} %"


def _misses(misses: dict[str, int]) -> str:
    return ", ".join(f"{rule} {count}" for rule, count in misses.items())
