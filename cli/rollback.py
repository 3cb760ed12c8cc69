"""`towline rollback`: what would be undone, as a dry run first; its release by a second person, and how far it is."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from typing import Annotated, Any
from uuid import UUID

import typer

from cli.books import open_ledger, parse_id
from cli.importing import somebody_works
from cli.output import AsJson, print_json, print_table
from cli.undoing import WHAT, as_json_of, follow, print_items, print_rollback
from contracts.catalog import catalog
from contracts.errors import MisconfiguredError, RefusedError
from ledger.scopes import Scope
from runtime.settings import load_settings

app = typer.Typer(add_completion=False)
Named = Annotated[str, typer.Argument(metavar="ID", help="The rollback's id.")]
By = Annotated[str | None, typer.Option(help="Who: somebody of contracts/owners.yaml.")]
Wait = Annotated[bool, typer.Option(help="Show how far it is until it is over; Ctrl-C ends only the showing.")]


@app.callback(invoke_without_command=True)
def rollback(
    context: typer.Context,
    run: Annotated[str | None, typer.Option(help="The events of a flow run.")] = None,
    event: Annotated[str | None, typer.Option(help="An event, by our id.")] = None,
    since: Annotated[datetime | None, typer.Option(help="All that was done since then, by UTC.")] = None,
    until: Annotated[datetime | None, typer.Option(help="With --since: and before then.")] = None,
    contract: Annotated[str | None, typer.Option(metavar="NAME@V", help="The events of a contract version.")] = None,
    by: By = None,
    reason: Annotated[str, typer.Option(help="Why; stands with the rollback.")] = "",
    as_json: AsJson = False,
) -> None:
    """Plan to undo what was done outside, with all that stands on it. A dry run changes nothing, and is kept as a proposal.

    It shows what will be undone, what cannot be and why, and what people changed since, which is never overwritten.
    """
    if context.invoked_subcommand is not None:
        return
    scope = _scope(run, event, since, until, contract)
    if by is None or not reason.strip():
        raise MisconfiguredError("a rollback says who asks for it and why: --by OWNER --reason TEXT")
    rollback_id = asyncio.run(_plan(scope, by, reason.strip()))
    asyncio.run(_show(rollback_id, as_json=as_json))
    if not as_json:
        typer.echo(f"nothing is undone yet: `towline rollback confirm {rollback_id} --by OWNER` releases it")


@app.command("confirm")
def confirm(rollback_id: Named, by: By = None, wait: Wait = True, as_json: AsJson = False) -> None:
    """Release a proposed rollback; one of more than one deal takes somebody else than who asked for it."""
    if by is None:
        raise MisconfiguredError("say who releases it: --by OWNER")
    from deployments.rolling_back import release

    async def confirmed(wanted: UUID) -> None:
        async with open_ledger() as ledger:
            await release(ledger, catalog().owners, wanted, by=by)

    asyncio.run(confirmed(parse_id(rollback_id, WHAT)))
    _watch(parse_id(rollback_id, WHAT), wait=wait and somebody_works(load_settings()), as_json=as_json)


@app.command("list")
def list_(limit: Annotated[int, typer.Option(min=1, help="At most so many.")] = 20, as_json: AsJson = False) -> None:
    """List the newest rollbacks: proposed, under way and done."""

    async def latest() -> Any:
        async with open_ledger() as ledger, ledger.begin() as books:
            return await books.rollbacks.latest(limit=limit)

    rows = asyncio.run(latest())
    if as_json:
        print_json([as_json_of(row) for row in rows])
        return
    columns = ("id", "state", "scope", "asked by", "released by", "deals", "effects", "undone", "changed", "failed")
    shown = [
        (r.id, r.state, r.scope, r.asked_by, r.confirmed_by, r.cases, r.effects, r.undone, r.changed, r.failed) for r in rows
    ]
    print_table(columns, shown)


@app.command("show")
def show(rollback_id: Named, as_json: AsJson = False) -> None:
    """Show a rollback: how far it is and when it ends, and each effect with what is said of it."""
    asyncio.run(_show(parse_id(rollback_id, WHAT), as_json=as_json))


@app.command("stop")
def stop(rollback_id: Named, as_json: AsJson = False) -> None:
    """Interrupt a rollback after the deals it works on now; their events wait until it is resumed or cancelled."""
    _move(rollback_id, "stop", as_json=as_json)


@app.command("resume")
def resume(rollback_id: Named, wait: Wait = True, as_json: AsJson = False) -> None:
    """Let a stopped rollback go on from where it stopped."""
    _move(rollback_id, "resume", as_json=False, quiet=True)
    _watch(parse_id(rollback_id, WHAT), wait=wait and somebody_works(load_settings()), as_json=as_json)


@app.command("cancel")
def cancel(rollback_id: Named, as_json: AsJson = False) -> None:
    """Give up a proposed or stopped rollback; what is undone stays undone."""
    _move(rollback_id, "cancel", as_json=as_json)


def _scope(run: str | None, event: str | None, since: datetime | None, until: datetime | None, contract: str | None) -> Scope:
    given = [one for one in (run, event, since, contract) if one is not None]
    if len(given) != 1 or (until is not None and since is None):
        raise MisconfiguredError("name one of --run R, --event E, --since T (with or without --until U), --contract NAME@V")
    if run is not None:
        return Scope("run", f"run {run}", {"run": parse_id(run, "a flow run")})
    if event is not None:
        return Scope("event", f"event {event}", {"event": parse_id(event, "an event")})
    if contract is not None:
        return Scope("contract", f"contract {contract}", {"contract": contract.replace("@", "/")})
    begin, end = _utc(since or datetime.now(UTC)), _utc(until or datetime.now(UTC))
    return Scope("time", f"{begin:%F %T} to {end:%F %T} UTC", {"since": begin, "until": end})


def _utc(moment: datetime) -> datetime:
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


async def _plan(scope: Scope, by: str, reason: str) -> UUID:
    from deployments.rolling_back import plan
    from runtime.wiring import assembled

    settings = load_settings()
    async with open_ledger(settings), assembled(settings, worker="towline rollback") as house:
        return await plan(house, scope, by=by, reason=reason)


async def _show(rollback_id: UUID, *, as_json: bool) -> None:
    async with open_ledger() as ledger, ledger.begin() as books:
        row, items = await books.rollbacks.get(rollback_id), await books.rollbacks.items(rollback_id)
    if row is None:
        raise RefusedError("there is no such rollback; `towline rollback list` shows them")
    if as_json:
        print_json(as_json_of(row, items))
    else:
        print_rollback(row)
        print_items(items)


def _move(rollback_id: str, what: str, *, as_json: bool, quiet: bool = False) -> None:
    from deployments.rolling_back import move

    async def moved(wanted: UUID) -> Any:
        async with open_ledger() as ledger:
            await move(ledger, wanted, what)
            async with ledger.begin() as books:
                return await books.rollbacks.get(wanted)

    row = asyncio.run(moved(parse_id(rollback_id, WHAT)))
    if as_json:
        print_json(as_json_of(row))
    elif not quiet:
        typer.echo(f"{row.state}: {row.undone} of {row.effects} effects are undone")


def _watch(rollback_id: UUID, *, wait: bool, as_json: bool) -> None:
    row = asyncio.run(follow(rollback_id, wait=wait))
    if as_json:
        print_json(as_json_of(row))
    else:
        print_rollback(row)
    raise typer.Exit(0 if not wait or (row.state == "done" and not row.failed) else 1)
