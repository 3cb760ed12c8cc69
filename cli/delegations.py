"""`towline user delegate | delegations | recall`: an approver names who answers decisions for them, for a time and on record."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Annotated, Any

import typer
from sqlalchemy import Row

from cli.books import open_books
from cli.output import AsJson, print_json, print_table
from contracts.catalog import catalog

NEWEST = 100
By = Annotated[str, typer.Option(help="The approver: an owner of contracts/owners.yaml.")]


def delegate(
    by: By,
    to: Annotated[str, typer.Option(help="Who stands in: an owner of contracts/owners.yaml.")],
    until: Annotated[datetime, typer.Option(help="Until when, by UTC.")],
    reason: Annotated[str, typer.Option(help="Why; stands with it for good.")],
    as_json: AsJson = False,
) -> None:
    """Let somebody answer an approver's decisions for a time; each answer says for whom it was given.

    Nobody answers for the owner of the deal, and who stands in hands it on to nobody.
    """
    until = until.replace(tzinfo=until.tzinfo or UTC)
    number = asyncio.run(_name(by, to, until, reason))
    if as_json:
        return print_json({"id": number, "approver": by, "stand_in": to, "until": until})
    return typer.echo(f"{to} stands in for {by}; `towline user recall {number} --by {by}` ends it")


def delegations(as_json: AsJson = False) -> None:
    """List who stands in for whom, until when and why; the newest first, also those that are over."""
    rows = asyncio.run(_all())
    if as_json:
        return print_json([dict(row._mapping) for row in rows])
    lines = [(r.id, "holds" if r.holds else "over", r.approver, r.stand_in, r.until, r.reason) for r in rows]
    return print_table(("id", "state", "approver", "stand-in", "until", "reason"), lines)


def recall(
    number: Annotated[int, typer.Argument(metavar="ID", help="The delegation's number.")], by: By, as_json: AsJson = False
) -> None:
    """End a delegation before its time. What was answered meanwhile stays answered."""
    asyncio.run(_end(number, by))
    if as_json:
        return print_json({"id": number, "ended_by": by})
    return typer.echo(f"nobody stands in for {by} by delegation {number} any more")


async def _name(by: str, to: str, until: datetime, reason: str) -> int:
    async with open_books() as books:
        return await books.delegations.name(catalog().owners, approver=by, stand_in=to, until=until, reason=reason)


async def _all() -> Sequence[Row[Any]]:
    async with open_books() as books:
        return await books.delegations.all(limit=NEWEST)


async def _end(number: int, by: str) -> None:
    async with open_books() as books:
        await books.delegations.end(number, by=by)
