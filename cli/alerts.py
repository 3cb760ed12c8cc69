"""`towline alerts`: what owners were told, who has seen it and how soon; and an acknowledgement, where chat cannot take it."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Annotated, Any

import typer

from cli.books import open_books
from cli.output import AsJson, age, console, print_json, print_table
from contracts.catalog import catalog
from contracts.errors import RefusedError
from ledger.alerts import DAYS
from lifecycle.spans import span

app = typer.Typer(add_completion=False)
ALERT = (
    "id", "cause", "channel", "owner", "said", "opened_at", "posted_at",
    "acknowledged_at", "acknowledged_by", "escalated_at", "mailed_at",
)  # fmt: skip


@app.callback(invoke_without_command=True)
def alerts(context: typer.Context, as_json: AsJson = False) -> None:
    """Show what owners were told and who has seen it, or say that somebody has.

    Of the open alerts: how many deals, where it was said, who has seen it; and how soon alerts were acknowledged.
    """
    if context.invoked_subcommand:
        return
    rows, standing, seen = asyncio.run(_read())
    if as_json:
        found = [{name: getattr(row, name) for name in ALERT} for row in rows]
        print_json({"alerts": found, **standing._mapping, "acknowledged": [dict(row._mapping) for row in seen]})
        return
    if rows:
        print_table(("id", "cause", "deals", "in", "for", "seen by", "went on"), [_line(row) for row in rows])
    console().print(in_words(standing, seen) or "no alert is open, and none was acknowledged yet")
    console().print(
        f"the last test alert arrived {age(standing.drilled)} ago" if standing.drilled else "no test alert arrived yet"
    )


@app.command("acknowledge")
def acknowledge(
    alert_id: Annotated[int, typer.Argument(metavar="ID", help="The alert's id.")],
    by: Annotated[str, typer.Option(help="Who has seen it: an owner of contracts/owners.yaml.")],
    as_json: AsJson = False,
) -> None:
    """Say that somebody has seen an alert, so that it goes no further.

    Exit code 1 when there is no such alert, it is over, or somebody has seen it already.
    """
    asyncio.run(_acknowledge(alert_id, by))
    print_json({"id": alert_id, "acknowledged_by": by}) if as_json else typer.echo(f"acknowledged by {by}")


def in_words(standing: Any, seen: Sequence[Any]) -> str:
    """Return how many alerts are open and unseen, and how soon they were seen so far; nothing where there is nothing to say."""
    parts = []
    if standing.open:
        unseen = (
            f"{standing.unseen} not seen by anybody, the oldest for {age(standing.oldest)}"
            if standing.unseen
            else "all of them seen"
        )
        parts.append(f"{standing.open} alerts open, {unseen}")
    if standing.unsaid:
        parts.append(f"{standing.unsaid} not taken by chat")
    parts += [
        f"half of {row.alerts} acknowledged within {span(row.median)}"
        + (" after they went on" if row.level == "escalated" else "")
        for row in seen
    ]
    return "; ".join(parts)


def _line(row: Any) -> tuple[object, ...]:
    went = "by mail" if row.mailed_at else age(row.escalated_at) + " ago" if row.escalated_at else ""
    return row.id, row.cause, row.said, row.channel, age(row.opened_at), row.acknowledged_by or "", went


async def _read() -> tuple[Sequence[Any], Any, Sequence[Any]]:
    async with open_books() as books:
        return await books.alerts.open(), await books.alerts.standing(), await books.alerts.seen(DAYS)


async def _acknowledge(alert_id: int, by: str) -> None:
    if by not in catalog().owners.owners:
        raise RefusedError(f"{by} is nobody in contracts/owners.yaml", cause="alert.nobody")
    async with open_books() as books:
        alert = await books.alerts.get(alert_id)
        if alert is None or alert.closed_at:
            raise RefusedError("there is no such open alert; `towline alerts` shows them", cause="alert.unknown")
        if not await books.alerts.acknowledge(alert_id, by=by):
            raise RefusedError(f"{alert.acknowledged_by} has acknowledged it already", cause="alert.acknowledged")
