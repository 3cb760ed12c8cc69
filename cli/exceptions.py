"""`towline exceptions`: what stopped and waits for a person, by cause."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from typing import Annotated, Any
from uuid import UUID

import typer

from cli.books import open_books
from cli.money import say_amounts
from cli.output import AsJson, age, print_json, print_table

Deals = Mapping[UUID, str | None]
COLUMNS = ("event", "cause", "reason", "owner", "since", "deal", "what to do")
app = typer.Typer(add_completion=False)
ROW = ("event_id", "case_id", "event_type", "contract", "cause", "field", "reason", "route", "owner", "opened_at")


@app.command()
def exceptions(
    cause: Annotated[str | None, typer.Option(help="Only rows of this cause.")] = None,
    show_all: Annotated[bool, typer.Option("--all", help="Show every row, not the causes.")] = False,
    limit: Annotated[int, typer.Option(min=1, max=100_000, help="At most so many rows.")] = 100,
    as_json: AsJson = False,
) -> None:
    """Show what stopped and waits for a person, by cause; `towline replay --cause C` takes one up again."""
    if show_all or cause is not None:
        rows, deals = asyncio.run(_rows(cause, limit))
        if as_json:
            print_json([_shown(row, deals) for row in rows])
        else:
            print_table(COLUMNS, [_line(row, deals) for row in rows])
        return
    causes = asyncio.run(_causes())
    if as_json:
        print_json([{**row._mapping, "runbook": _runbook(row)} for row in causes])
    else:
        columns = ("cause", "deals", "amount", "oldest", "owner", "runbook", "reason")
        cells = [(r.cause, r.deals, say_amounts(r.amounts), age(r.oldest), r.owner, _runbook(r), r.reason) for r in causes]
        print_table(columns, cells)


def _line(row: Any, deals: Deals) -> tuple[object, ...]:
    return row.event_id, row.cause, row.reason, row.owner, age(row.opened_at), deals.get(row.case_id), row.route


def _shown(row: Any, deals: Deals) -> dict[str, Any]:
    retry = f"towline replay {row.event_id}" if row.event_id else None
    return {name: getattr(row, name) for name in ROW} | {"deal": deals.get(row.case_id), "retry": retry, "runbook": _runbook(row)}


def _runbook(row: Any) -> str:
    """What `towline runbooks` calls the runbook for it."""
    from contracts.runbooks import runbooks

    return runbooks().of(row.cause, row.event_type).name


async def _rows(cause: str | None, limit: int) -> tuple[Sequence[Any], Deals]:
    """Return rows, and where each case's deal is in the CRM: its link where the CRM has told one, else its id."""
    async with open_books() as books:
        rows = await books.exceptions.latest(limit=limit, cause=cause)
        cases = {row.case_id for row in rows if row.case_id}
        made = await books.effects.latest(cases, ("open_deal",))
        found = await books.cases.get(cases)
    links = {case: row.vendor_url for (case, _), row in made.items() if row.vendor_url}
    return rows, {case: row.crm_deal_id for case, row in found.items()} | links


async def _causes() -> Sequence[Any]:
    async with open_books() as books:
        return await books.exceptions.causes()
