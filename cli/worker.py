"""`towline worker`: a resident worker in the foreground."""

from __future__ import annotations

import os
import sys
from typing import Annotated

import typer

from deployments.programs import environment
from runtime.settings import load_settings

app = typer.Typer(add_completion=False)


@app.command()
def worker(
    name: Annotated[str | None, typer.Argument(help="The worker's name; of one name one works at a time.")] = None,
) -> None:
    """Run a resident worker in the foreground, until Ctrl-C.

    It takes over this process, with the environment that the local stack gives its own.
    """
    sys.stdout.flush()
    command = [sys.executable, "-m", "deployments.worker", *([name] if name else [])]
    os.execve(sys.executable, command, environment(load_settings()))  # noqa: S606  (our own interpreter)
