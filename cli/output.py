"""How results are said: JSON for machines, tables for people. It must not know what it prints."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

from lifecycle.spans import span

AsJson = Annotated[bool, typer.Option("--json", help="Print JSON for machines.")]


def console() -> Console:
    """Return the terminal, or a stream of plain lines that are never cut where there is none."""
    return Console(highlight=False, width=None if sys.stdout.isatty() else 1000)


def errors() -> Console:
    """Return the terminal behind stderr, for progress beside results."""
    return Console(stderr=True, highlight=False, width=None if sys.stderr.isatty() else 1000)


def print_json(value: Any) -> None:
    """Print a value as JSON; ids, times and paths become text."""
    typer.echo(json.dumps(value, indent=2, default=_text, ensure_ascii=False))


def print_table(columns: Sequence[str], rows: Iterable[Sequence[object]], *, title: str | None = None) -> None:
    """Print rows as a table; None is an empty cell."""
    table = Table(*columns, title=title, title_justify="left", box=None, pad_edge=False, header_style="bold")
    for row in rows:
        table.add_row(*(Text("" if cell is None else str(_text(cell))) for cell in row))
    console().print(table)


def print_fields(fields: Mapping[str, object]) -> None:
    """Print names and values under each other, without those that are empty."""
    table = Table(box=None, show_header=False, pad_edge=False)
    for name, value in fields.items():
        if value not in (None, ""):
            table.add_row(Text(name, style="bold"), Text(str(_text(value))))
    console().print(table)


def print_links(links: Iterable[tuple[str, str]]) -> None:
    """Print where things are, each address whole on a line that a terminal may wrap but never cuts."""
    console().print()
    for what, url in links:
        console().print(f"{what}  {url}", markup=False, soft_wrap=True)


def age(moment: datetime | None) -> str:
    """Return how long ago something was: `12 s`, `3 h 10 min`, `2 d 4 h`."""
    return "" if moment is None else span((datetime.now(UTC) - moment).total_seconds())


def _text(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    return value if isinstance(value, (int, float)) else str(value)
