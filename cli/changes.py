"""`towline contracts propose | approve | changes`: what is agreed is changed by two people, with a reason, from a stated time."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from typing import Annotated, Any

import typer
from sqlalchemy import Row

from cli.output import AsJson, print_json, print_table
from contracts.changes import Difference, check, differences, texts
from contracts.errors import MisconfiguredError
from contracts.files import OWN
from ledger.changes import state_of

By = Annotated[str, typer.Option(help="Who: somebody of contracts/owners.yaml.")]
LONGEST = 80


def propose(
    by: By,
    reason: Annotated[str, typer.Option(help="Why; stands with the change for good.")],
    at: Annotated[datetime | None, typer.Option(help="From when it counts, by UTC; otherwise with its approval.")] = None,
    as_json: AsJson = False,
) -> None:
    """Propose the files of contracts/ as they stand here: nothing changes before another person approves it.

    A proposal that still waits is replaced. Exit code 1 when a file is wrong, nothing differs, or nobody knows the author.
    """
    check(OWN)
    change, before = asyncio.run(_propose(by, reason, at and at.replace(tzinfo=at.tzinfo or UTC)))
    _show(change, differences(before, change.texts), as_json=as_json)
    if not as_json:
        typer.echo(f"nothing is changed yet: another person makes it count by `towline contracts approve {change.id} --by OWNER`")


def approve(
    change_id: Annotated[int, typer.Argument(metavar="ID", help="The change's number.")],
    by: By,
    as_json: AsJson = False,
) -> None:
    """Approve a proposed change: it counts from its time, everywhere, and gateway and workers read it by themselves.

    Exit code 1 when the author approves, somebody who is no approver, or when another change was approved meanwhile.
    """
    change, before = asyncio.run(_approve(change_id, by))
    _show(change, differences(before, change.texts), as_json=as_json)


def changes(
    change_id: Annotated[int | None, typer.Argument(metavar="[ID]", help="Show this one, value by value.")] = None,
    limit: Annotated[int, typer.Option(min=1, help="At most so many.")] = 20,
    as_json: AsJson = False,
) -> None:
    """List the changes of what is agreed: who proposed and who approved each, why, and since when it counts."""
    if change_id is not None:
        change, before = asyncio.run(_one(change_id))
        return _show(change, differences(before, change.texts), as_json=as_json)
    rows = asyncio.run(_history(limit))
    if as_json:
        return print_json([_as_json_of(row) for row in rows])
    columns = ("id", "state", "author", "approved by", "counts from", "reason")
    lines = [(r.id, state_of(r), r.author, r.approved_by or "", _moment(r.takes_effect_at), r.reason) for r in rows]
    return print_table(columns, lines)


def _show(change: Row[Any], found: list[Difference], *, as_json: bool) -> None:
    if as_json:
        values = [{"file": d.file, "field": d.field, "before": d.before, "after": d.after} for d in found]
        return print_json({**_as_json_of(change), "differences": values})
    typer.echo(f"change {change.id}, {state_of(change)}: {change.reason}")
    approved = f"approved by {change.approved_by}, " if change.approved_by else ""
    typer.echo(f"proposed by {change.author}, {approved}counts from {_moment(change.takes_effect_at) or 'its approval'}")
    lines = [(d.file, d.field, _short(d.before), _short(d.after)) for d in found]
    return print_table(("file", "field", "before", "after"), lines)


def _as_json_of(change: Row[Any]) -> dict[str, Any]:
    names = ("id", "author", "reason", "fingerprint", "proposed_at", "takes_effect_at", "approved_by", "approved_at")
    return {"state": state_of(change), **{name: getattr(change, name) for name in names}}


def _moment(moment: datetime | None) -> str:
    return f"{moment.astimezone(UTC):%F %T} UTC" if moment else ""


def _short(value: Any) -> str:
    text = "" if value is None else str(value)
    return text if len(text) <= LONGEST else f"{text[: LONGEST - 1]}…"


async def _propose(by: str, reason: str, at: datetime | None) -> tuple[Row[Any], Any]:
    from cli.books import open_books

    if at is not None and at < datetime.now(UTC):
        raise MisconfiguredError("--at: that time is over; without it the change counts with its approval")
    async with open_books() as books:
        change = await books.changes.propose(texts(OWN), by=by, reason=reason, takes_effect_at=at)
        return change, await books.changes.before(change)


async def _approve(change_id: int, by: str) -> tuple[Row[Any], Any]:
    from cli.books import open_books

    async with open_books() as books:
        change = await books.changes.approve(change_id, by=by)
        return change, await books.changes.before(change)


async def _one(change_id: int) -> tuple[Row[Any], Any]:
    from cli.books import open_books

    async with open_books() as books:
        change = await books.changes.get(change_id)
        return change, await books.changes.before(change)


async def _history(limit: int) -> Any:
    from cli.books import open_books

    async with open_books() as books:
        return await books.changes.history(limit=limit)
