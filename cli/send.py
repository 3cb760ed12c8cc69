"""`towline send`: sign an event and post it to the gateway, as any sender would."""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any
from uuid import UUID, uuid4

import typer

from cli.books import open_ledger
from cli.follow import tallies
from cli.output import AsJson, print_json
from cli.posting import post
from contracts.errors import MisconfiguredError
from contracts.event import newest
from runtime.settings import Settings, load_settings

app = typer.Typer(add_completion=False)
NOT_SENT = {"quarantined", "parked"}


@app.command()
def send(
    file: Annotated[Path, typer.Argument(help="A CloudEvents JSON event, or with --type its bare data; - reads standard input.")],
    event_type: Annotated[str | None, typer.Option("--type", help="The event's type, for a file that holds bare data.")] = None,
    source: Annotated[str, typer.Option(help="The sender, for a file that holds bare data.")] = "towline/cli",
    event_id: Annotated[str | None, typer.Option("--id", help="The sender's id, for bare data; a random one otherwise.")] = None,
    wait: Annotated[bool, typer.Option("--wait", help="Wait until it is done or needs a person.")] = False,
    as_json: AsJson = False,
) -> None:
    """Sign an event and post it to the gateway; print its id and status.

    Exit code 1 when the event is quarantined, or with --wait not done in the end.
    """
    settings = load_settings()
    event = _event(file, event_type, source, event_id)
    answer = post(settings, event)
    if wait and answer["status"] != "quarantined":
        answer["status"] = asyncio.run(_finished(settings, UUID(answer["id"])))
    if as_json:
        print_json(answer)
    else:
        typer.echo("  ".join(str(answer[part]) for part in ("id", "status", "field", "reason") if answer.get(part)))
    raise typer.Exit(1 if answer["status"] in NOT_SENT else 0)


def _event(file: Path, event_type: str | None, source: str, event_id: str | None) -> Mapping[str, Any]:
    content = _read(file)
    if event_type is None:
        if "specversion" not in content:
            raise MisconfiguredError(f"{file}: is not a CloudEvents event; give --type if it holds bare data")
        return content
    return {
        "specversion": "1.0",
        "id": event_id or str(uuid4()),
        "source": source,
        "type": event_type,
        "time": datetime.now(UTC).isoformat(),
        "dataschema": f"{event_type}/{newest(event_type)}",
        "datacontenttype": "application/json",
        "data": content,
    }


def _read(file: Path) -> Mapping[str, Any]:
    try:
        content = json.loads(sys.stdin.buffer.read() if str(file) == "-" else file.read_bytes())
    except OSError as error:
        raise MisconfiguredError(f"{file}: cannot be read: {error.strerror}") from None
    except json.JSONDecodeError as error:
        raise MisconfiguredError(f"{file}:{error.lineno}: is not JSON: {error.msg}") from None
    except (UnicodeDecodeError, RecursionError):
        raise MisconfiguredError(f"{file}: is not JSON text") from None
    if not isinstance(content, dict):
        raise MisconfiguredError(f"{file}: is not a JSON object")
    return content


async def _finished(settings: Settings, event: UUID) -> str:
    """Wait for an event's end and return its status."""
    async with open_ledger(settings) as ledger:
        async for tally in tallies(ledger, [event], pause=0.1):
            last = tally
    return next(iter(last))
