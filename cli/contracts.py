"""`towline contracts`: what is agreed, for those who send events, and for those who ask what happens when a step fails."""

from __future__ import annotations

from typing import Annotated

import typer

from cli.mapping import mapping
from cli.output import AsJson, print_json, print_table
from cli.suggest import suggest
from contracts.catalog import catalog
from contracts.errors import RefusedError
from contracts.event import CONTRACTS, newest
from lifecycle import matrix as failures

app = typer.Typer(help="List the released contracts, print their JSON Schemas and the failure matrix.", no_args_is_help=True)
app.command()(mapping)
app.command()(suggest)


@app.command("list")
def list_contracts(as_json: AsJson = False) -> None:
    """List every event with its released contract versions and its owner."""
    entries = catalog().entries
    rows = [
        {"event": event, "versions": sorted(versions), "title": entries[event].title, "owner": entries[event].process_owner}
        for event, versions in CONTRACTS.items()
        if event in entries
    ]
    if as_json:
        print_json(rows)
    else:
        columns = ("event", "versions", "title", "owner")
        print_table(columns, [(r["event"], ", ".join(map(str, r["versions"])), r["title"], r["owner"]) for r in rows])


@app.command()
def schema(
    event: Annotated[str, typer.Argument(help="The event's type, such as lead.qualified.")],
    version: Annotated[int | None, typer.Option(help="The contract's version; the newest otherwise.")] = None,
) -> None:
    """Print the JSON Schema of an event's data."""
    versions = CONTRACTS.get(event)
    if versions is None:
        raise RefusedError(f"there is no such event; known are {', '.join(CONTRACTS)}")
    number = version or newest(event)
    if number not in versions:
        raise RefusedError(f"{event} has no version {number}; released are {', '.join(map(str, sorted(versions)))}")
    found = versions[number].model_json_schema()
    print_json({"$schema": "https://json-schema.org/draft/2020-12/schema", "$id": f"{event}/{number}", **found})


@app.command()
def matrix(as_json: AsJson = False) -> None:
    """Print the failure matrix: what becomes of each step of each path when it, or a later one, fails."""
    if as_json:
        print_json(failures.rows())
    else:
        typer.echo(f"# The failure matrix\n\n{failures.page()}")
