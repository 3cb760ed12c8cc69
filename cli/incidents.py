"""`towline incidents`: what somebody changed past us in the outside systems, and which value counts."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Annotated, Any

import typer

from cli.books import open_books, open_ledger
from cli.output import AsJson, age, print_json, print_table
from contracts.catalog import catalog
from contracts.errors import MisconfiguredError
from lifecycle.reconciling import IncidentState
from lifecycle.spans import span
from runtime.settings import load_settings

app = typer.Typer(add_completion=False)
Number = Annotated[int, typer.Argument(min=1, metavar="ID", help="The incident's number.")]
By = Annotated[str | None, typer.Option(help="Who: somebody of contracts/owners.yaml.")]
FIELDS = (
    "id", "state", "route", "system", "kind", "vendor_id", "entity", "field", "case_id", "owner", "our_hash", "found_hash", "by",
    "who", "changed_at", "seen_at", "decided_by", "closed_at",
)  # fmt: skip


@app.callback(invoke_without_command=True)
def incidents(
    context: typer.Context,
    show_all: Annotated[bool, typer.Option("--all", help="Closed ones, too.")] = False,
    limit: Annotated[int, typer.Option(min=1, max=100_000, help="At most so many.")] = 100,
    as_json: AsJson = False,
) -> None:
    """Show what somebody changed past us outside, and say which value counts.

    Values are not shown, only hashes of what should stand there and what does, under a salt of the incident's own.
    """
    if context.invoked_subcommand is not None:
        return
    rows = asyncio.run(_latest(limit, closed=show_all))
    if as_json:
        print_json([_shown(row) | {"title": row.title} for row in rows])
    elif not rows:
        typer.echo("nothing was changed past us")
    else:
        columns = ("id", "deal", "field", "record", "by", "who", "seen", "found after", "owner", "way", "state")
        print_table(columns, [_line(row) for row in rows])


@app.command("put-back")
def put_back(number: Number, by: By = None, as_json: AsJson = False) -> None:
    """Write back what belongs into the field. What was changed once more since is left alone: the next look tells of it anew.

    A document is locked again once a person has brought its approved text back; until then it stays open.
    """
    row = asyncio.run(_put_back(number, _who(by)))
    if as_json:
        print_json(_shown(row))
    elif row.state == IncidentState.OPEN:
        typer.echo(f"incident {number} stays open: the approved text is not back, it was changed once more, or the deal is busy")
    else:
        typer.echo(f"incident {number} is {row.state}")
    raise typer.Exit(0 if row.state != IncidentState.OPEN else 1)


@app.command("take-over")
def take_over(number: Number, by: By = None, as_json: AsJson = False) -> None:
    """Let what stands there count; an approved document that was changed becomes a new version with its own approval."""
    row = asyncio.run(_take_over(number, _who(by)))
    print_json(_shown(row)) if as_json else typer.echo(f"incident {number} is {row.state}")


def _who(by: str | None) -> str:
    if by is None:
        raise MisconfiguredError("say who decides: --by OWNER")
    return by


def _shown(row: Any) -> dict[str, Any]:
    return {name: getattr(row, name) for name in FIELDS}


def _line(row: Any) -> tuple[object, ...]:
    field, record = f"{row.entity}.{row.field}", f"{row.kind} {row.vendor_id}"
    after = span((row.seen_at - row.changed_at).total_seconds()) if row.changed_at else ""
    return row.id, row.title, field, record, row.by, row.who, age(row.seen_at), after, row.owner, row.route, row.state


async def _latest(limit: int, *, closed: bool) -> Sequence[Any]:
    async with open_books() as books:
        return await books.incidents.latest(limit=limit, closed=closed)


async def _put_back(number: int, by: str) -> Any:
    from deployments.reconciling import put_back as put_it_back
    from runtime.wiring import assembled

    settings = load_settings()
    async with open_ledger(settings), assembled(settings, worker="towline incidents") as house:
        return await put_it_back(house, number, by=by)


async def _take_over(number: int, by: str) -> Any:
    from deployments.reconciling import take_over as take_it_over

    async with open_ledger() as ledger:
        return await take_it_over(ledger, catalog(), number, by=by)
