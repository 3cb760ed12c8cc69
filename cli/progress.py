"""Shows how the stack comes up and goes down: a live table in a terminal, plain lines elsewhere."""

from __future__ import annotations

import sys
import time

from rich.live import Live
from rich.table import Table
from rich.text import Text

from cli.output import console, errors
from deployments.stack import Report

COLOURS = {"ready": "green", "done": "green", "starting": "yellow", "stopping": "yellow", "waiting": "dim", "stopped": "dim"}
WHAT = {
    "postgres": "PostgreSQL",
    "ledger": "databases and tables",
    "prefect": "Prefect server",
    "sandbox": "sandbox",
    "gateway": "gateway and console",
    "worker": "resident worker",
}


class Progress:
    """What people see of a stack that starts; `plain` forces lines."""

    def __init__(self, *, plain: bool = False) -> None:
        self._report: Report | None = None
        self._states: dict[str, str] = {}
        self._begun: dict[str, float] = {}
        terminal = sys.stderr.isatty() and not plain
        self._live = Live(console=errors(), refresh_per_second=8, get_renderable=self._table) if terminal else None

    def show(self, report: Report) -> None:
        """Show a new report."""
        fresh = {
            process["name"]: process for process in report["processes"] if self._states.get(process["name"]) != process["state"]
        }
        self._report = report
        for name, process in fresh.items():
            self._states[name] = process["state"]
            self._begun[name] = time.monotonic()
            if self._live is None and process["state"] not in ("waiting", "starting"):
                took = f" after {process['seconds']:.1f} s" if process["seconds"] is not None else ""
                errors().print(f"{WHAT.get(name, name)}: {process['state']}{took}")
        if self._live and not self._live.is_started and not report["ready"]:
            self._live.start()

    def close(self) -> None:
        """Leave the last picture standing."""
        if self._live and self._live.is_started:
            self._live.stop()

    def _table(self) -> Table:
        table = Table(box=None, show_header=False, pad_edge=False)
        for process in self._report["processes"] if self._report else ():
            name, state = process["name"], process["state"]
            since = time.monotonic() - self._begun.get(name, 0)
            seconds = process["seconds"] if process["seconds"] is not None else since if state == "starting" else None
            table.add_row(
                WHAT.get(name, name), Text(state, style=COLOURS.get(state, "")), "" if seconds is None else f"{seconds:.1f} s"
            )
        return table


def say_where(report: Report) -> None:
    """Say that the stack is ready, and where to look."""
    console().print(f"[bold green]ready[/] after {report['seconds']:.1f} s; stop it with Ctrl-C or `towline down`")
    for what, url in (("console", report["gateway"]), ("Prefect", report["prefect"]), ("sandbox", report["sandbox"])):
        if url:
            console().print(f"  {what:8} {url}")
