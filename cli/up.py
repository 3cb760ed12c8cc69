"""`towline up`: start the local stack, show how it comes up, and stay with it or leave it in the background."""

from __future__ import annotations

import asyncio
import contextlib
import sys
from typing import Annotated

import typer

from cli.background import start_in_background
from cli.output import AsJson, print_json
from cli.progress import Progress, say_where
from deployments.stack import Report, Stack
from runtime.settings import Settings, load_settings

app = typer.Typer(add_completion=False)


@app.command()
def up(
    detach: Annotated[bool, typer.Option("--detach", help="Leave it in the background and return when it is ready.")] = False,
    demo: Annotated[bool, typer.Option("--demo", help="Carry three sample deals when it is ready, and show them.")] = False,
    as_json: AsJson = False,
) -> None:
    """Start the local stack and stay with it.

    PostgreSQL, Prefect, gateway with console, sandbox and worker are started together, watched, and restarted when they die.
    Ctrl-C or `towline down` stops them all. State, logs and generated secrets lie in TOWLINE_HOME.
    """
    settings = load_settings()
    if detach:
        report = start_in_background(settings, Progress(plain=as_json))
        print_json(report) if as_json else say_where(report)
    else:
        asyncio.run(_stay(settings, demo=demo, as_json=as_json))


async def _stay(settings: Settings, *, demo: bool, as_json: bool) -> None:
    progress, said = Progress(plain=as_json), False

    def changed(report: Report) -> None:
        nonlocal said
        progress.show(report)
        if report["ready"] and not said:
            said = True
            progress.close()
            print_json(report) if as_json else say_where(report)

    async def show(fresh: Settings) -> None:
        from cli.demo import run_demo

        with contextlib.redirect_stdout(sys.stderr) if as_json else contextlib.nullcontext():
            await run_demo(fresh)

    try:
        await Stack(settings, changed=changed).run(when_ready=show if demo else None)
    finally:
        progress.close()
