"""`towline down`: stop the local stack."""

from __future__ import annotations

import typer

from cli.output import AsJson, print_json
from deployments.stack import stop_stack
from runtime.settings import load_settings

app = typer.Typer(add_completion=False)


@app.command()
def down(as_json: AsJson = False) -> None:
    """Stop the local stack.

    The worker stops first and gives back what it holds, PostgreSQL last. It is no error when nothing runs.
    """
    settings = load_settings()
    stopped = stop_stack(settings)
    if as_json:
        print_json({"home": settings.state, "stopped": stopped})
    else:
        typer.echo("stopped" if stopped else f"no stack is running in {settings.state}")
