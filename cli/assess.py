"""`towline assess`: what is wrong with a source's contacts, before anything is connected; it changes nothing there."""

from __future__ import annotations

import asyncio
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from cli.output import AsJson, errors, print_fields, print_json, print_links, print_table
from contracts.errors import MisconfiguredError, RetryableError

if TYPE_CHECKING:
    from assessment.assess import Result

app = typer.Typer(add_completion=False)
CRM = "crm"


@app.command()
def assess(
    source: Annotated[
        str,
        typer.Argument(
            metavar="FILE|crm", help="A CSV (also gzip'd) or Parquet file, or `crm` for the connected CRM's contacts."
        ),
    ],
    mapping: Annotated[Path | None, typer.Option("--map", help="A mapping file: which column is which field.")] = None,
    out: Annotated[Path | None, typer.Option(help="Folder for report and work list.", show_default="assessment-DATE")] = None,
    as_json: AsJson = False,
) -> None:
    """Assess a file's or the CRM's contacts: duplicates, defects, and the hours to clean them.

    Writes assessment.html and worklist.csv; the source is only read.
    """
    now = datetime.now().astimezone()
    into = out or Path(f"assessment-{now:%Y-%m-%d-%H%M%S}")
    with errors().status(f"assessing {source}"):
        result = asyncio.run(_crm(into, now)) if source == CRM else _file(Path(source), into, now, mapping)
    if as_json:
        print_json({"report": result.report, "worklist": result.worklist, **result.found.as_json()})
    else:
        _print(result)


def _file(path: Path, into: Path, now: datetime, mapping: Path | None) -> Result:
    from assessment.assess import assess_file

    return assess_file(path, into, now, mapping)


async def _crm(into: Path, now: datetime) -> Result:
    from assessment.assess import assess_pages
    from connectors.budget import at_work
    from contracts.catalog import Criticality
    from ledger.database import Ledger
    from runtime.settings import load_settings
    from runtime.wiring import SharedBudgets, budget_of, hubspot

    settings = load_settings()
    ledger = Ledger(settings.database(), pool=1)
    crm = hubspot(settings, budget_of(settings, CRM, "hubspot", SharedBudgets(ledger)))
    at_work.set(Criticality.LOW)
    try:
        return await assess_pages(f"{settings.crm or 'sandbox'} contacts", crm.read_all_contacts(), into, now)
    except RetryableError as error:
        if settings.crm is None:
            raise MisconfiguredError(f"{error.text}; the sandbox stands for the CRM: start it with `towline up`") from None
        raise
    finally:
        await crm.aclose()
        await ledger.close()


def _print(result: Result) -> None:
    found = result.found
    source = found.source
    rows = f"{found.rows:,}: {found.sound:,} can go as they are, {found.rows - found.sound:,} need work"
    empty = f"{source.empty:,} empty lines passed over" if source.empty else ""
    absent = ", ".join(found.absent)
    print_fields({"source": source.name, "written": source.written, "rows": rows, "lines": empty, "no column for": absent})
    print_table(
        ("cause", "rows", "share", "hours"),
        [
            (one.title, f"{one.rows:,}", f"{100 * one.rows / found.rows:.1f} %", f"{one.hours:,.1f}")
            for one in found.causes
            if one.rows
        ],
    )
    print_fields(
        {
            "duplicates": f"{found.duplicates:,} rows of {found.rows:,}, {found.duplicates_in_conflict:,} in conflict",
            "hours": f"{found.hours:,.1f}, with {found.reserve:.0%} in reserve: {found.hours_with_reserve:,.1f}",
        }
    )
    print_links([("report", str(result.report)), ("work list", str(result.worklist))])
