"""`towline owners`: who answers for what in three layers, what about that is not clear, and how much of a budget is used."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from typing import Annotated, Any

import typer

from cli.books import open_books
from cli.output import AsJson, age, print_json, print_table
from contracts.catalog import catalog
from lifecycle.ownership import Layer, conflicts, places

app = typer.Typer(add_completion=False)
By = Annotated[str, typer.Option(help="Who: somebody of contracts/owners.yaml.")]
Reason = Annotated[str, typer.Option(help="Why; stands in the register for good.")]


@app.callback(invoke_without_command=True)
def owners(context: typer.Context, as_json: AsJson = False) -> None:
    """Show who answers for what, and what is not clear.

    Also how much of its budget of exceptions each owner has used within a week. Exit code 1 when something is to be cleared up.
    """
    if context.invoked_subcommand is not None:
        return
    users, claims, burn = asyncio.run(_known())
    agreed = catalog()
    found = conflicts(agreed, users, claims)
    if as_json:
        things, told = [_thing(one) for one in places(agreed)], [_told(one) for one in found]
        print_json({"owners": _budgets(burn), "things": things, "conflicts": told})
    else:
        rows = [(one.name, *one.owners.values()) for one in places(agreed)]
        print_table(("thing", *(f"{layer} owner" for layer in Layer)), rows)
        typer.echo()
        columns = ("owner", "open", "in seven days", "budget")
        print_table(columns, [(one["owner"], one["open"], one["week"], one["budget"]) for one in _budgets(burn)])
        if found:
            typer.echo()
            lines = [(one.number, one.trouble, age(one.since), one.says) for one in found]
            print_table(("claim", "to be cleared up", "since", "what"), lines)
    raise typer.Exit(1 if found else 0)


@app.command()
def claim(
    subject: Annotated[str, typer.Argument(help="An event, an operation's flow or a system of the catalog.")],
    layer: Annotated[Layer, typer.Argument(help="In which way it is theirs.")],
    by: By,
    reason: Reason,
    as_json: AsJson = False,
) -> None:
    """Say that a thing is another owner's than the catalog names; it waits until the catalog follows, or it is settled."""
    number = asyncio.run(_claim(subject, layer, by, reason))
    print_json({"claim": number}) if as_json else typer.echo(f"claim {number} waits; a change of the catalog follows it")


@app.command()
def settle(
    number: Annotated[int, typer.Argument(min=1, metavar="ID", help="The claim's number.")],
    by: By,
    reason: Reason,
    as_json: AsJson = False,
) -> None:
    """Close a claim: who made it gives it up, or who approves changes of the contracts says how it is."""
    asyncio.run(_settle(number, by, reason))
    print_json({"claim": number, "settled_by": by}) if as_json else typer.echo(f"claim {number} is settled")


def _budgets(burn: Mapping[str, Any]) -> list[dict[str, Any]]:
    owners = catalog().owners.owners
    used = {key: burn.get(key) for key in owners}
    return [
        {"owner": key, "open": one.open if one else 0, "week": one.week if one else 0, "budget": owners[key].budget}
        for key, one in used.items()
    ]


def _thing(one: Any) -> dict[str, Any]:
    return {"kind": one.kind, "name": one.name, "title": one.title} | {layer.value: owner for layer, owner in one.owners.items()}


def _told(one: Any) -> dict[str, Any]:
    return {"trouble": one.trouble, "owner": one.owner, "says": one.says, "since": one.since, "claim": one.number}


async def _known() -> tuple[Sequence[Any], Sequence[Any], Mapping[str, Any]]:
    async with open_books() as books:
        return await books.users.everybody(), await books.claims.open(), await books.exceptions.burn()


async def _claim(subject: str, layer: Layer, by: str, reason: str) -> int:
    async with open_books() as books:
        return await books.claims.add(catalog(), subject, layer, by=by, reason=reason)


async def _settle(number: int, by: str, reason: str) -> None:
    async with open_books() as books:
        await books.claims.settle(catalog(), number, by=by, reason=reason)
