"""`towline decide`: what waits for a person's decision, and the answer to it; needs the ledger, no vendor and no Prefect."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from typing import Annotated, Any
from uuid import UUID

import typer
from sqlalchemy import Row

from cli.books import open_books, open_ledger
from cli.importing import somebody_works
from cli.money import say_amounts
from cli.output import AsJson, age, console, print_json, print_links, print_table
from contracts.catalog import catalog
from contracts.errors import MisconfiguredError, RefusedError
from ledger.deciding import DRAFT_AGAIN, Taken, rules_of
from ledger.deciding import decide as answer
from lifecycle.decisions import Decision, StandIn, Verdict
from runtime.settings import load_settings
from web.api.shapes import decision as as_json_of

app = typer.Typer(add_completion=False)
DOOR = "command line"
SHORT = 8
EVERY_ONE = 100_000


@app.command()
def decide(
    decision_id: Annotated[str | None, typer.Argument(metavar="[ID]", help="The decision's id, or how it begins.")] = None,
    verdict: Annotated[Verdict | None, typer.Argument(metavar="[approve|reject]", help="The answer.")] = None,
    by: Annotated[str | None, typer.Option(help="Who decides: an approver of contracts/owners.yaml.")] = None,
    reason: Annotated[str, typer.Option(help="Why; a rejection needs it.")] = "",
    as_json: AsJson = False,
) -> None:
    """Show what waits for a decision, or answer it: the first answers count, and an id is of one content.

    Exit code 1 when the answer is not taken: no such decision, answered already, not an approver, or the approver's own deal.
    """
    if decision_id is None:
        return _list(as_json=as_json)
    if verdict is None or by is None:
        raise MisconfiguredError("an answer is `towline decide ID approve --by OWNER`, or reject with --reason")
    taken = asyncio.run(_answer(decision_id, verdict, by, reason))
    asked = taken.asked
    if as_json:
        answer = {"decided_by": by, "for": taken.approver, "door": DOOR, "missing": taken.missing}
        print_json({"id": asked.id, "case": asked.case_id, "state": taken.state, **answer})
        return None
    typer.echo(f"{taken.text}: {asked.title}, {say_amounts({asked.currency: asked.minor})}")
    typer.echo(_what_follows(taken))
    if taken.state is Decision.APPROVED:
        somebody_works(load_settings())
    return None


def _list(*, as_json: bool) -> None:
    rows, answers, stand_ins = asyncio.run(_waiting())
    shown = [as_json_of(row, answers[row.id], rules_of(catalog(), row)) for row in rows]
    if as_json:
        print_json(shown)
    elif not rows:
        console().print("nothing waits for a decision")
    else:
        columns = ("id", "deal", "amount", "since", "approvers", "approvals", "content")
        print_table(columns, [_line(row, one, stand_ins) for row, one in zip(rows, shown, strict=True)])
        print_links((row.id.hex[:SHORT], row.url) for row in rows)


def _line(row: Row[Any], one: Mapping[str, Any], stand_ins: Sequence[StandIn]) -> tuple[object, ...]:
    amount = say_amounts({row.currency: row.minor})
    turn = [f"{two.stand_in} for {two.approver}" for two in stand_ins if two.approver in one["approvers"]]
    whose = ", ".join([*one["approvers"], *turn]) or "nobody"
    quorum = f"{one['quorum'] - one['missing']} of {one['quorum']}"
    return row.id.hex[:SHORT], row.title, amount, age(row.asked_at), whose, quorum, row.content_hash[:SHORT]


async def _waiting() -> tuple[Sequence[Row[Any]], Mapping[UUID, Sequence[Row[Any]]], Sequence[StandIn]]:
    async with open_books() as books:
        rows = await books.decisions.waiting()
        return rows, await books.decisions.answers([row.id for row in rows]), await books.delegations.stand_ins()


async def _answer(text: str, verdict: Verdict, by: str, reason: str) -> Taken:
    async with open_ledger() as ledger:
        async with ledger.begin() as books:
            wanted = _meant(text, [row.id for row in await books.decisions.waiting(limit=EVERY_ONE)])
        return await answer(ledger, catalog(), wanted, verdict, by=by, door=DOOR, reason=reason)


def _meant(text: str, waiting: Sequence[UUID]) -> UUID:
    """Return the decision with this id, or the one waiting decision whose id begins so."""
    begin = text.lower().replace("-", "")
    if len(begin) == len(UUID(int=0).hex) and not set(begin) - set("0123456789abcdef"):
        return UUID(begin)
    found = [one for one in waiting if begin and one.hex.startswith(begin)]
    if not found:
        raise RefusedError("no waiting decision has an id that begins so; `towline decide` lists what waits")
    if len(found) > 1:
        raise RefusedError(f"{len(found)} waiting decisions have ids that begin so; give more of it")
    return found[0]


def _what_follows(taken: Taken) -> str:
    if taken.state is Decision.WAITING:
        return f"next: {taken.missing} more of its approvers must approve; `towline decide` shows who may"
    if taken.state is Decision.REJECTED:
        return f"next: {DRAFT_AGAIN}; `towline case {taken.asked.case_id}` shows the deal"
    return f"next: the proposal is locked and delivery begins; `towline case {taken.asked.case_id}` shows how far it is"
