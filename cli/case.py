"""`towline case`: one deal's trip, its events in order and its documents."""

from __future__ import annotations

import asyncio
from typing import Annotated, Any
from uuid import UUID

import typer

from cli.books import open_books, parse_id
from cli.money import say_amounts
from cli.output import AsJson, console, print_fields, print_json, print_table
from contracts.errors import RefusedError

app = typer.Typer(add_completion=False)
FIELDS = ("id", "stage", "owner", "amount_minor", "currency", "account_id", "crm_deal_id", "opened_at", "changed_at")
EVENT = ("id", "type", "status", "occurred_at", "finished_at")
DOCUMENT = ("artefact", "version", "name", "vendor_id", "url", "is_current", "created_at")


@app.command()
def case(case_id: Annotated[str, typer.Argument(metavar="ID", help="The case's id.")], as_json: AsJson = False) -> None:
    """Show one deal's trip: its events in order and its documents."""
    found = asyncio.run(_find(parse_id(case_id, "a case")))
    if as_json:
        return print_json(found)
    fields = {name: found[name] for name in FIELDS if name not in ("amount_minor", "currency")}
    amounts = {found["currency"]: found["amount_minor"]} if found["currency"] else None
    print_fields(fields | {"amount": say_amounts(amounts)})
    for columns, name in ((EVENT, "events"), (DOCUMENT, "documents")):
        if found[name]:
            console().print()
            print_table(columns, [[row[column] for column in columns] for row in found[name]])
    return None


async def _find(wanted: UUID) -> dict[str, Any]:
    async with open_books() as books:
        row = (await books.cases.get([wanted])).get(wanted)
        if row is None:
            raise RefusedError("there is no such case")
        documents = await books.documents.of_case(wanted, row.account_id)
        return {
            **{name: getattr(row, name) for name in FIELDS},
            "events": [{name: getattr(event, name) for name in EVENT} for event in await books.inbox.of_case(wanted)],
            "documents": [{name: getattr(document, name) for name in DOCUMENT} for document in documents],
        }
