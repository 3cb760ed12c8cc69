"""`towline contracts`: what is agreed, for those who send events, and for those who ask what happens when a step fails."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer

from cli.changes import approve, changes, propose
from cli.diff import diff
from cli.mapping import mapping
from cli.output import AsJson, print_json, print_table
from cli.suggest import suggest
from contracts.catalog import catalog
from contracts.errors import MisconfiguredError, RefusedError
from contracts.event import CONTRACTS, newest
from contracts.exports import Standard
from contracts.exports import export as exported
from contracts.released import release as freeze
from contracts.released import schema_of
from lifecycle import matrix as failures

EXPORTED = Path("contracts-export")
STYLE = (
    ":root{color-scheme:light dark}body{font:15px/1.5 system-ui,sans-serif;max-width:75rem;margin:2rem auto;padding:0 1rem}"
    "table{border-collapse:collapse;width:100%}th,td{border-bottom:1px solid #8886;padding:.4rem .6rem;text-align:left}"
)
app = typer.Typer(
    help="List the released contracts; print schemas, mappings, the system contract and the failure matrix.",
    no_args_is_help=True,
)
app.command()(propose)
app.command()(approve)
app.command()(changes)
app.command()(diff)
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
    print_json(schema_of(f"{event}/{number}", versions[number]))


@app.command()
def release(as_json: AsJson = False) -> None:
    """Freeze the contract versions that are not released yet; what is released is never touched."""
    released = freeze()
    if as_json:
        print_json({"released": released})
    else:
        typer.echo("\n".join(f"released {name}" for name in released) or "nothing to release: every version is frozen already")


@app.command("page")
def system_page(as_html: Annotated[bool, typer.Option("--html", help="As a page for a browser.")] = False) -> None:
    """Print the system contract: where the truth of each entity is, who decides about each field, and why."""
    from contracts.page import page

    text = page(catalog())
    typer.echo(_html(text) if as_html else text)


def _html(text: str) -> str:
    from markdown_it import MarkdownIt

    title, body = text.splitlines()[0].removeprefix("# "), MarkdownIt("commonmark").enable("table").render(text)
    head = f'<meta charset="utf-8">\n<title>{title}</title>\n<style>{STYLE}</style>'
    return f'<!doctype html>\n<html lang="en">\n{head}\n{body}</html>'


@app.command()
def export(
    standard: Annotated[Standard, typer.Argument(help="In whose words.")],
    out: Annotated[Path, typer.Option(help="The folder to write to; what is called the same there is replaced.")] = EXPORTED,
) -> None:
    """Write what is agreed for other tools: JSON Schemas, an AsyncAPI 3 document of the catalog, or ODCS 3 data contracts."""
    documents = exported(standard, catalog())
    try:
        out.mkdir(parents=True, exist_ok=True)
        for name, document in documents.items():
            (out / name).write_text(json.dumps(document, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
    except OSError as error:
        raise MisconfiguredError(f"{out}: cannot be written to: {error.strerror}") from None
    typer.echo(f"{len(documents)} {'document' if len(documents) == 1 else 'documents'} in {out}")


@app.command()
def matrix(as_json: AsJson = False) -> None:
    """Print the failure matrix: what becomes of each step of each path when it, or a later one, fails."""
    if as_json:
        print_json(failures.rows())
    else:
        typer.echo(f"# The failure matrix\n\n{failures.page()}")
