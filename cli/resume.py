"""`towline resume`: what was paused goes on, oldest first, in order per deal."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any

import typer
from sqlalchemy import Row

from cli.books import open_ledger
from cli.output import AsJson, age, print_json
from cli.pause import ByOption, PathOption, SystemOption, option, shown, waits, wanted, who
from contracts.errors import RefusedError
from lifecycle.switches import Scope, said

app = typer.Typer(add_completion=False)


@app.command()
def resume(path: PathOption = None, system: SystemOption = None, by: ByOption = None, as_json: AsJson = False) -> None:
    """Let go on what was paused: everything, unless a path or a system was paused alone.

    Exit code 1 when that is not paused.
    """
    scope, name = wanted(path, system)
    switch, others, held = asyncio.run(_resume(scope, name, who(by)))
    if as_json:
        print_json({**shown(switch), "held": [dict(row._mapping) for row in held], "paused": [shown(row) for row in others]})
        return
    typer.echo(f"{said(switch.scope, switch.name)} goes on after {age(switch.since)}: {waits(held)}")
    for row in others:
        typer.echo(f"{said(row.scope, row.name)} is still paused, by {row.by}: {row.reason} (`towline resume{option(row)}`)")


async def _resume(scope: Scope, name: str, by: str) -> tuple[Row[Any], Sequence[Row[Any]], Sequence[Row[Any]]]:
    async with open_ledger() as ledger, ledger.begin(wake=True) as books:
        switch, others = await books.switches.resume(scope, name, by=by), await books.switches.open()
        if switch is None:
            paused = [f"{said(row.scope, row.name)} (`towline resume{option(row)}`)" for row in others]
            raise RefusedError(f"that is not paused; {'paused: ' + ', '.join(paused) if paused else 'nothing is'}")
        return switch, others, await books.switches.held(switch.scope, switch.name)
