"""Shows deals side by side on their way: a live table in a terminal, plain lines elsewhere. It must not know who moves them."""

from __future__ import annotations

import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from types import TracebackType
from typing import Self

from rich.live import Live
from rich.markup import escape
from rich.table import Table
from rich.text import Text

from cli.output import console

STAGES = {
    "lead.qualified": "lead",
    "opportunity.created": "discovery",
    "discovery.completed": "proposal",
    "proposal.approved": "delivery",
    "milestone.reached": "milestone",
    "delivery.completed": "invoice",
    "invoice.issued": "owed",
    "payment.confirmed": "paid",
}
"""The events of a whole trip, and what each is called in a lane."""

MARK = {True: "●", False: "○"}
WIDE = 150
"""Columns of a terminal in which the names of all stages have room."""
COLOURS = {"done": "green", "stopped": "yellow", "failed": "red", "under way": "cyan"}


@dataclass
class Lane:
    """One deal as it is shown: how far it is, what happens now, and what that took."""

    title: str
    state: str = "under way"
    now: str = ""
    done: set[str] = field(default_factory=set)
    events: int = 0
    effects: int = 0


class Lanes:
    """What people see of several deals; `plain` forces lines."""

    def __init__(self, lanes: Sequence[Lane], *, plain: bool = False) -> None:
        self._lanes = lanes
        self._begun = time.monotonic()
        self._out = console()
        terminal = sys.stdout.isatty() and not plain
        self._live = Live(console=self._out, refresh_per_second=8, get_renderable=self._table) if terminal else None

    def __enter__(self) -> Self:
        if self._live:
            self._live.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        if self._live:
            self._live.stop()

    @property
    def seconds(self) -> float:
        """How long it has been shown."""
        return time.monotonic() - self._begun

    def say(self, lane: Lane, what: str, *, state: str = "under way", keep: bool = False) -> None:
        """Say what happens to a deal now; with `keep` it stays readable above the live table."""
        lane.now, lane.state = what, state
        if self._live is None or keep:
            colour = COLOURS[state] if state != "under way" else "bold"
            self._out.print(f"{self.seconds:6.2f} s  [{colour}]{escape(lane.title)}[/]: {escape(what)}")

    def passed(self, lane: Lane, event: str) -> None:
        """Say that an event of a deal is done."""
        if event not in lane.done:
            lane.done.add(event)
            if self._live is None:
                self._out.print(f"{self.seconds:6.2f} s  {escape(lane.title)}: [green]{event} done[/]")

    def _table(self) -> Table:
        table = Table(box=None, pad_edge=False, show_header=True, header_style="dim")
        for name in ("deal", "way", "events", "effects", "now"):
            table.add_column(name, justify="right" if name in ("events", "effects") else "left", no_wrap=name == "deal")
        for lane in self._lanes:
            now = Text(lane.now, style=COLOURS[lane.state])
            table.add_row(
                Text(lane.title, style="bold"),
                _way(lane, named=self._out.width >= WIDE),
                str(lane.events),
                str(lane.effects),
                now,
            )
        table.add_row("", "", "", "", Text(f"{self.seconds:.0f} s", style="dim"))
        return table


def _way(lane: Lane, *, named: bool) -> Text:
    """The stages of a lane, each by its name, or where that is too wide only how many, with the last one's name."""
    marks = {name: event in lane.done for event, name in STAGES.items()}
    if named:
        shown = [Text(f"{MARK[done]} {name}", style="green" if done else "dim") for name, done in marks.items()]
        return Text("  ").join(shown)
    last = next((name for name, done in reversed(marks.items()) if done), "")
    return Text.assemble(*((MARK[done], "green" if done else "dim") for done in marks.values()), f" {last}")
