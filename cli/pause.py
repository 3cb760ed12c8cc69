"""`towline pause`: the kill switch. No new outside change begins until somebody resumes; the gateway goes on accepting."""

from __future__ import annotations

import asyncio
import getpass
from collections.abc import Sequence
from typing import Annotated, Any

import typer
from sqlalchemy import Row

from cli.books import open_ledger
from cli.output import AsJson, age, print_json
from contracts.errors import MisconfiguredError
from contracts.systems import System
from lifecycle.switches import Scope, said

app = typer.Typer(add_completion=False)
PathOption = Annotated[str | None, typer.Option("--path", help="Only this path: its flow or its event.")]
SystemOption = Annotated[System | None, typer.Option("--system", help="Only this outside system, and the paths that need it.")]
ByOption = Annotated[str | None, typer.Option("--by", help="Who does this; without it whoever is logged in.")]


@app.command()
def pause(
    reason: Annotated[str, typer.Option(help="Why, for whoever sees it.")],
    path: PathOption = None,
    system: SystemOption = None,
    by: ByOption = None,
    as_json: AsJson = False,
) -> None:
    """Stop new outside changes: everything, a path or a system; say what waits.

    It counts within five seconds in every process, also in the middle of a run, and until `towline resume`. What is paused
    already stays as it was, which is a success, too.
    """
    scope, name = wanted(path, system)
    if not reason.strip():
        raise MisconfiguredError("say why with --reason; everybody who sees the pause reads it")
    switch, is_new, held = asyncio.run(_pause(scope, name, reason.strip(), who(by)))
    if as_json:
        print_json({**shown(switch), "new": is_new, "held": [dict(row._mapping) for row in held]})
        return
    already = "" if is_new else " already"
    typer.echo(f"{said(switch.scope, switch.name)} is paused{already}, by {switch.by}: {switch.reason}")
    typer.echo(waits(held))
    typer.echo(f"the gateway goes on accepting; go on with `towline resume{option(switch)}`")


def wanted(path: str | None, system: System | None) -> tuple[Scope, str]:
    """Return what is meant: everything, unless a path or a system is named. Raises MisconfiguredError for both."""
    if path is not None and system is not None:
        raise MisconfiguredError("name a path or a system, not both")
    if path is not None:
        return Scope.PATH, path
    return (Scope.SYSTEM, system.value) if system is not None else (Scope.ALL, "")


def who(by: str | None) -> str:
    """Return who does this. Raises MisconfiguredError when nobody is logged in under a name."""
    try:
        return (by or "").strip() or getpass.getuser()
    except (OSError, KeyError):
        raise MisconfiguredError("say who you are with --by") from None


def shown(switch: Row[Any]) -> dict[str, Any]:
    """Return a switch as JSON shows it."""
    return {"scope": switch.scope, "name": switch.name, "reason": switch.reason, "by": switch.by, "since": switch.since}


def option(switch: Row[Any]) -> str:
    """Return what `towline resume` needs to mean this switch."""
    return "" if switch.scope == Scope.ALL else f" --{switch.scope} {switch.name}"


def waits(held: Sequence[Row[Any]]) -> str:
    """Return in words what waits, or would be stopped on its way."""
    if not held:
        return "nothing waits now"
    events = sum(row.events for row in held)
    return f"{events} {'event waits' if events == 1 else 'events wait'}, the oldest for {age(min(row.oldest for row in held))}"


async def _pause(scope: Scope, name: str, reason: str, by: str) -> tuple[Row[Any], bool, Sequence[Row[Any]]]:
    async with open_ledger() as ledger, ledger.begin() as books:
        switch, is_new = await books.switches.pause(scope, name, reason=reason, by=by)
        return switch, is_new, await books.switches.held(switch.scope, switch.name)
