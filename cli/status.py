"""`towline status`: what runs, how much memory it takes, and which work is not finished."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import psutil  # type: ignore[import-untyped]
import typer

from cli.alerts import in_words as alerts_in_words
from cli.books import open_ledger
from cli.money import say_amounts
from cli.output import AsJson, age, console, print_json, print_table
from contracts.errors import TowlineError
from deployments.footprints import Footprints
from ledger.database import Books
from ledger.tables import EventStatus
from lifecycle.switches import said
from runtime.settings import Settings, load_settings
from web.api.shapes import outage, paused

app = typer.Typer(add_completion=False)
EVERY_ONE = 100_000
DECISIONS = "waiting for a person's decision"
EARLY = "events waiting until their deal is far enough"


@dataclass(frozen=True, slots=True)
class Work:
    """What the ledger says is not finished."""

    waiting: Sequence[Any]
    stages: Sequence[Any]
    causes: Sequence[Any]
    decisions: Sequence[Any]
    budgets: Sequence[Any]
    switches: Sequence[Any]
    circuits: Sequence[Any]
    bypass: Sequence[Any]
    alerts: Any
    seen: Sequence[Any]

    @property
    def asked(self) -> dict[str, Any]:
        """How many decisions wait for a person, and since when the oldest does."""
        return {"waiting": len(self.decisions), "oldest": self.decisions[0].asked_at if self.decisions else None}

    @property
    def early(self) -> dict[str, Any]:
        """How many events wait for their case to get to where they fit, and since when the oldest does."""
        rows = [row for row in self.waiting if row.status == EventStatus.WAITING]
        return {"waiting": sum(row.events for row in rows), "oldest": min((row.oldest for row in rows), default=None)}


@app.command()
def status(as_json: AsJson = False) -> None:
    """Show the processes of the stack and the work that is not finished.

    Also what is paused, and which systems are down. Exit code 1 when the stack is down or a process of it is not ready. Memory is
    each process's own share, with its children's.
    """
    settings = load_settings()
    processes = _processes(settings)
    work, fault = asyncio.run(_work(settings))
    is_up = bool(processes) and all(process["state"] in ("ready", "done") for process in processes)
    if as_json:
        print_json({"up": is_up, "home": settings.state, "processes": processes, "ledger": fault or "ready", **_as_json(work)})
    else:
        _show(settings, processes, work, fault)
    raise typer.Exit(0 if is_up and work is not None else 1)


def _processes(settings: Settings) -> list[dict[str, Any]]:
    """What the supervisor last said of each process, with the memory that it takes now; nothing where no supervisor runs."""
    footprints = Footprints(settings.state)
    supervisor, report = footprints.supervisor(), footprints.read_report()
    if supervisor is None or report is None or report["supervisor"] != supervisor:
        return []
    itself = {"name": "supervisor", "state": "ready", "pid": supervisor, "restarts": 0, "seconds": None}
    running = [process for process in report["processes"] if process["state"] != "done"]
    return [{**process, "memory_mb": _memory(process["pid"], alone=process is itself)} for process in (itself, *running)]


def _memory(pid: int | None, *, alone: bool) -> float | None:
    """A process's proportional share of memory in MB, with that of its children."""
    if pid is None:
        return None
    try:
        process = psutil.Process(pid)
        family = [process] if alone else [process, *process.children(recursive=True)]
    except psutil.NoSuchProcess:
        return None
    return round(sum(map(_share, family)) / 1e6, 1)


def _share(process: psutil.Process) -> int:
    with contextlib.suppress(psutil.NoSuchProcess):
        try:
            return int(process.memory_full_info().pss)
        except (psutil.AccessDenied, AttributeError):
            return int(process.memory_info().rss)
    return 0


async def _work(settings: Settings) -> tuple[Work | None, str | None]:
    try:
        async with open_ledger(settings) as ledger, ledger.begin() as books:
            return await _read(books), None
    except TowlineError as error:
        return None, error.text


async def _read(books: Books) -> Work:
    return Work(
        waiting=await books.inbox.open_work(),
        stages=await books.cases.count(),
        causes=await books.exceptions.causes(),
        decisions=await books.decisions.waiting(limit=EVERY_ONE),
        budgets=await books.budgets.standing(),
        switches=await books.switches.open(),
        circuits=await books.circuits.open(),
        bypass=await books.incidents.meter(),
        alerts=await books.alerts.standing(),
        seen=await books.alerts.seen(),
    )


def _as_json(work: Work | None) -> dict[str, Any]:
    if work is None:
        return {}
    return {
        "work": [dict(row._mapping) for row in work.waiting],
        "cases": {row.stage: row.cases for row in work.stages},
        "causes": [dict(row._mapping) for row in work.causes],
        "decisions": work.asked,
        "early": work.early,
        "budgets": [dict(row._mapping) for row in work.budgets],
        "paused": [paused(row) for row in work.switches],
        "outages": [outage(row) for row in work.circuits],
        "bypass": [dict(row._mapping) for row in work.bypass],
        "alerts": {**work.alerts._mapping, "acknowledged": [dict(row._mapping) for row in work.seen]},
    }


def _show(settings: Settings, processes: Sequence[dict[str, Any]], work: Work | None, fault: str | None) -> None:
    out = console()
    if processes:
        columns = ("pid", "state", "restarts", "memory_mb")
        print_table(("process", "pid", "state", "restarts", "MB"), [[p["name"], *(p[c] for c in columns)] for p in processes])
        out.print(f"together {sum(p['memory_mb'] or 0 for p in processes):.0f} MB\n")
    else:
        out.print(f"the stack is down: nothing runs in {settings.state}; start it with `towline up`\n")
    if work is None:
        out.print(f"no ledger: {fault}", markup=False)
        return
    for row in work.switches:
        out.print(f"PAUSED: {said(row.scope, row.name)}, by {row.by} for {age(row.since)}: {row.reason}", markup=False)
    for row in work.circuits:
        out.print(f"DOWN: {row.system} for {age(row.opened_at)} ({row.step}: {row.cause})", markup=False)
    rows = [(row.type, row.status, row.events, age(row.oldest)) for row in work.waiting]
    print_table(("event", "status", "events", "oldest"), rows) if rows else out.print("no event is waiting or stopped")
    print_table(("stage", "cases"), [(row.stage, row.cases) for row in work.stages]) if work.stages else None
    for what, counted, where in ((DECISIONS, work.asked, "decide"), (EARLY, work.early, "events --status waiting")):
        if counted["waiting"]:
            out.print(f"\n{counted['waiting']} {what}, the oldest for {age(counted['oldest'])}: `towline {where}`")
    if line := alerts_in_words(work.alerts, work.seen):
        out.print(f"\n{line}: `towline alerts`")
    if work.budgets:
        out.print()
        held = {row.name: f"{row.held_seconds:.0f} s" if row.held_seconds else "" for row in work.budgets}
        used = [(row.name, f"{row.left:.0f} of {row.size}", held[row.name]) for row in work.budgets]
        print_table(("calls of", "left", "held for"), used)
    for row in work.bypass:
        if row.changed:
            share = f"{row.changed / row.fields:.1%}" if row.fields else ""
            out.print(f"\n{row.changed} of {row.fields} fields of {row.entity} ({share}) were changed past us, by: {row.by}")
    if work.causes:
        out.print()
        print_table(
            ("cause", "deals", "amount", "owner"), [(r.cause, r.deals, say_amounts(r.amounts), r.owner) for r in work.causes]
        )
