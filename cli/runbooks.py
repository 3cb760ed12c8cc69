"""`towline runbooks`: what people do about a failure, and whether the rules that a runbook explains have changed since."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Sequence
from typing import Annotated, Any

import typer

from cli.books import open_books
from cli.output import AsJson, print_fields, print_json, print_table
from contracts.errors import MisconfiguredError, RefusedError
from contracts.runbooks import Runbook, Runbooks, runbooks
from runtime.in_force import follow
from runtime.settings import load_settings

app = typer.Typer(add_completion=False)


@app.command()
def show(
    name: Annotated[str | None, typer.Argument(metavar="[NAME]", help="Print this one, such as lead.")] = None,
    as_json: AsJson = False,
) -> None:
    """List the runbooks, or print one.

    The list says whose each is, how much is open that leads to it, and which is older than a rule that it explains. Exit code
    1 when one of those shown is.
    """
    follow(load_settings())
    known = runbooks()
    chosen = list(known.found.values()) if name is None else [_called(known, name)]
    if as_json:
        waiting, _ = _open(known)
        print_json([_shown(known, one, waiting) for one in chosen])
    elif name is None:
        _list(known, chosen)
    else:
        _print(known, chosen[0])
    raise typer.Exit(1 if any(known.outdated(one) for one in chosen) else 0)


def _called(known: Runbooks, name: str) -> Runbook:
    found = known.found.get(name.removesuffix(".md"))
    if found is None:
        raise RefusedError(f"there is no such runbook; known are {', '.join(known.found)}")
    return found


def _list(known: Runbooks, chosen: Sequence[Runbook]) -> None:
    waiting, why = _open(known)
    rows = [
        (one.name, one.version, one.owner, None if waiting is None else waiting[one.name], _flag(known, one), one.title)
        for one in chosen
    ]
    print_table(("runbook", "version", "owner", "open", "fits its rules", "what it is about"), rows)
    if why:
        typer.echo(f"what is open is not known: {why}", err=True)


def _print(known: Runbooks, one: Runbook) -> None:
    """Facts before the text; a rule that has changed is named with what to write when the text fits it again."""
    about = ", ".join(known.failures(one))
    print_fields({"version": one.version, "owner": one.owner, "for": about, "fits its rules": _flag(known, one)})
    for rule in known.outdated(one):
        typer.echo(f'when version {one.version + 1} fits it, its front matter says  {rule}: "{known.rules[rule]}"')
    typer.echo(f"\n{one.body}")


def _flag(known: Runbooks, one: Runbook) -> str:
    return f"older than {', '.join(known.outdated(one))}" if known.outdated(one) else "yes"


def _shown(known: Runbooks, one: Runbook, waiting: Counter[str] | None) -> dict[str, Any]:
    facts = {field: getattr(one, field) for field in ("name", "title", "version", "owner")}
    told = {"for": known.failures(one), "outdated": {rule: known.rules[rule] for rule in known.outdated(one)}}
    return facts | told | {"open": None if waiting is None else waiting[one.name], "text": one.body}


def _open(known: Runbooks) -> tuple[Counter[str] | None, str]:
    """How many open exceptions lead to each; without a ledger, which is when runbooks are needed, nothing, and why."""
    try:
        causes = asyncio.run(_causes())
    except MisconfiguredError as error:
        return None, error.text
    return known.count(causes), ""


async def _causes() -> Sequence[Any]:
    async with open_books() as books:
        return await books.exceptions.causes()
