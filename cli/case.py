"""`towline case`: one deal's trip, and how it is given up; a case is named by our id or by its deal's in the CRM."""

from __future__ import annotations

import asyncio
from typing import Annotated, Any

import typer
from typer.core import TyperGroup

from cli.cancelling import cancel_case
from cli.output import AsJson, print_json
from cli.trip import print_trip, trip_of
from runtime.settings import load_settings

Named = Annotated[str, typer.Argument(metavar="ID", help="The case's id, or its deal's in the CRM.")]


class ShowOrCancel(TyperGroup):
    """`towline case ID` is short for `towline case show ID`."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Put `show` before an id."""
        named = bool(args) and args[0] not in self.commands and args[0] not in ctx.help_option_names
        return super().parse_args(ctx, ["show", *args] if named else args)


app = typer.Typer(cls=ShowOrCancel, add_completion=False, no_args_is_help=True)


@app.callback()
def case() -> None:
    """Show one deal's trip, or cancel it.

    `towline case ID` shows it: where it stands, its money, decisions, events in order and documents.
    """


@app.command("show")
def show(case_id: Named, as_json: AsJson = False) -> None:
    """Show one deal's trip: where it stands, its money, decisions, events in order and documents."""
    found = asyncio.run(trip_of(case_id))
    print_json(found) if as_json else print_trip(found)


@app.command("cancel")
def cancel(
    case_id: Named,
    reason: Annotated[str, typer.Option(help="Why it is given up; stands in the CRM afterwards.")],
    as_json: AsJson = False,
) -> None:
    """Give a deal up: what binds is taken back, what was said and made stays and is written down.

    Exit code 1 when the case is paid, cancelled or unknown. Giving it up twice is once.
    """
    done = asyncio.run(cancel_case(load_settings(), case_id, reason))
    if as_json:
        print_json(done)
        return
    typer.echo("was cancelled before, and is carried out once" if done["status"] == "duplicate" else f"cancelled: {done['case']}")
    typer.echo(f"taken back: {', '.join(done['taken_back']) or 'nothing, for nothing binds anybody yet'}")
    typer.echo(f"stays: {done['stays']}")
