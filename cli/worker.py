"""`towline worker`: a resident worker in the foreground."""

from __future__ import annotations

import asyncio
import os
import sys
from typing import Annotated

import typer

from cli.books import open_ledger
from deployments.programs import environment
from runtime.in_force import put_in_force
from runtime.settings import Settings, load_settings

app = typer.Typer(add_completion=False)


@app.command()
def worker(
    name: Annotated[str | None, typer.Argument(help="The worker's name; of one name one works at a time.")] = None,
) -> None:
    """Run a resident worker in the foreground, until Ctrl-C.

    It takes over this process, with the environment that the local stack gives its own.
    """
    settings = load_settings()
    asyncio.run(_agree(settings))
    sys.stdout.flush()
    command = [sys.executable, "-m", "deployments.worker", *([name] if name else [])]
    os.execve(sys.executable, command, environment(settings))  # noqa: S606  (our own interpreter)


async def _agree(settings: Settings) -> None:
    async with open_ledger(settings) as ledger:
        await put_in_force(settings, ledger)
