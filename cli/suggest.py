"""`towline contracts suggest`: a proposal of a mapping file for a new source, with its evidence."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path
from typing import Annotated, Any

import typer

from cli.output import AsJson, print_json, print_table
from contracts.errors import MisconfiguredError, RefusedError


def suggest(
    file: Annotated[Path, typer.Argument(help="The CSV file; tables beside it that fit are joined.")],
    event: Annotated[str | None, typer.Option("--for", help="The event of each row; otherwise the one that fits.")] = None,
    out: Annotated[Path | None, typer.Option(help="Write the draft of the mapping file here.")] = None,
    as_json: AsJson = False,
) -> None:
    """Propose which column makes which field of an event, from names, types and overlap of values."""
    from cli.drafts import EVENTS, draft, yaml_of

    if event is not None and event not in EVENTS:
        raise RefusedError(f"rows of a table can become {' or '.join(EVENTS)}")
    if out is not None and out.exists():
        raise RefusedError(f"{out}: is there already, and may hold what somebody settled")
    plan = draft(file, event)
    text = yaml_of(plan)
    rows = [_row(path, one, "open: currency" if path in plan.unfinished else "proposed") for path, one in plan.chosen.items()]
    rows += [_row(path, one, "open") for path, some in plan.open.items() for one in some[:3] if path not in plan.unfinished]
    if as_json:
        print_json({"event": plan.event, "joins": plan.joins, "mends": plan.mends, "candidates": rows, "draft": text})
    else:
        print_table(("field", "column", "file", "score", "verdict", "evidence"), [tuple(row.values()) for row in rows])
        typer.echo(f"\n{text}" if out is None else "")
    if out is not None:
        _write(out, text, plan.event)
        typer.echo(f"written to {out}", err=True)


def _row(path: str, one: Any, verdict: str) -> dict[str, Any]:
    place = {"field": path, "column": one.column.name, "file": one.column.file}
    return place | {"score": one.score, "verdict": verdict, "evidence": one.evidence}


def _write(out: Path, text: str, event: str) -> None:
    """Write the file whole or not at all, and only one that the import takes."""
    from contracts.mapping import load_map

    try:
        number, name = tempfile.mkstemp(dir=out.parent, prefix=f".{out.name}")
        with os.fdopen(number, "w", encoding="utf-8") as file:
            file.write(text)
        try:
            load_map(Path(name), event)
            Path(name).chmod(0o644)
            Path(name).replace(out)
        finally:
            Path(name).unlink(missing_ok=True)
    except OSError as error:
        raise MisconfiguredError(f"{out}: cannot be written: {error.strerror}") from None
