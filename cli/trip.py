"""One deal's trip as the ledger knows it, and as a page of tables; it must not change anything."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from cli.books import open_books
from cli.money import say_amounts
from cli.output import console, print_fields, print_links, print_table
from contracts.errors import RefusedError
from ledger.database import Books
from lifecycle.references import reference
from web.api.continuity import shown as line_of
from web.api.shapes import waits_for

FIELDS = ("id", "title", "stage", "owner", "amount_minor", "currency", "account_id", "crm_deal_id", "opened_at", "changed_at")
EVENT = ("id", "type", "status", "occurred_at", "finished_at")
DECISION = (
    "id", "state", "asked_at", "decided_at", "decided_by", "door", "reason", "content_hash", "minor", "currency", "url",
)  # fmt: skip
DOCUMENT = (
    "artefact", "version", "name", "vendor_id", "url", "is_current", "approved_by", "content_hash", "delivery_item", "created_at",
)  # fmt: skip
RECORD = ("kind", "words", "author", "said_at", "link", "by", "at")
WARNING = ("event_id", "suite", "rule", "field", "reason", "at")
LINE = ("approved", "changed", "agreed", "delivered", "invoiced", "paid")
SHOWN = {
    "decisions": ("id", "state", "amount", "decided_by", "decided_at", "door", "content_hash"),
    "events": ("id", "type", "status", "waits_for", "occurred_at", "finished_at"),
    "documents": ("artefact", "version", "name", "is_current", "approved_by", "content_hash", "delivery_item"),
    "records": ("said_at", "kind", "words", "author", "by"),
    "warnings": ("event_id", "reason", "field", "at"),
}
HASH = 12


async def trip_of(named: str) -> dict[str, Any]:
    """Return everything that the ledger knows of a case, named by our id or by its deal's in the CRM.

    Raises:
        RefusedError: there is no such case.
    """
    async with open_books() as books:
        case_id = await find_case(books, named)
        row = (await books.cases.get([case_id])).get(case_id)
        documents = await books.documents.of_case(case_id, row.account_id if row else None)
        entries = await books.continuity.of_cases([case_id])
        return {
            **(_fields(row, FIELDS) if row else {**dict.fromkeys(FIELDS), "id": case_id, "stage": "new"}),
            "references": list(await books.cases.references_of(case_id)),
            "line": line_of(entries.get(case_id, ())),
            "decisions": [_fields(one, DECISION) for one in await books.decisions.of_case(case_id)],
            "events": [{**_fields(one, EVENT), "waits_for": waits_for(one)} for one in await books.inbox.of_case(case_id)],
            "documents": [_fields(one, DOCUMENT) for one in documents],
            "records": [_fields(one, RECORD) for one in await books.records.of_case(case_id)],
            "warnings": [_fields(one, WARNING) for one in await books.gates.warnings_of(case_id)],
        }


async def find_case(books: Books, named: str) -> UUID:
    """Return the id of a case that has begun. Raises RefusedError when there is none."""
    try:
        case_id = UUID(named)
    except ValueError:
        deal = reference("deal", named)
        found = (await books.cases.of_references([deal])).get(deal)
        if found is None:
            raise RefusedError("there is no such case, and no case of such a deal in the CRM") from None
        return found
    if not await books.cases.get([case_id]) and not await books.inbox.of_case(case_id):
        raise RefusedError("there is no such case")
    return case_id


def print_trip(found: Mapping[str, Any]) -> None:
    """Print a trip for people."""
    fields = {name: found[name] for name in FIELDS if name not in ("amount_minor", "currency")}
    amounts = {found["currency"]: found["amount_minor"]} if found["currency"] else None
    print_fields(fields | {"amount": say_amounts(amounts), "known as": ", ".join(found["references"])})
    if found["line"]:
        _print_line(found["line"])
    for name, columns in SHOWN.items():
        if found[name]:
            console().print()
            print_table(columns, [[_cell(row, column) for column in columns] for row in found[name]], title=name)
    if current := [(f"{one['artefact']:16}", one["url"]) for one in found["documents"] if one["is_current"]]:
        print_links(current)


def _print_line(line: Mapping[str, Any]) -> None:
    console().print()
    print_table(LINE, [[_signed(line["currency"], line[kind]) for kind in LINE]], title="money")
    for difference in line["differences"]:
        console().print(f"differs: {difference}", style="yellow")


def _signed(currency: str, minor: int) -> str:
    return f"{'-' if minor < 0 else ''}{say_amounts({currency: abs(minor)})}"


def _cell(row: Mapping[str, Any], column: str) -> object:
    if column == "amount":
        return say_amounts({row["currency"]: row["minor"]})
    value = row[column]
    if column == "content_hash" and value:
        return value[:HASH]
    if column == "waits_for":
        return f"until the deal is at {' or '.join(value)}" if value else None
    return ("yes" if value else "no") if column == "is_current" else value


def _fields(row: Any, names: Sequence[str]) -> dict[str, Any]:
    return {name: getattr(row, name) for name in names}
