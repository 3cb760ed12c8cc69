"""Soak: five events a second on all paths for a long time; memory, tables and logs are watched, and nothing may be lost.

python -m benchmarks.soak [--minutes 30] [--events 5]
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import json
import random
import re
import sys
import time
from collections import Counter
from pathlib import Path
from uuid import UUID

import httpx
import psutil  # type: ignore[import-untyped]
import uvloop
from sqlalchemy import text

from benchmarks.chaos.account import account
from benchmarks.chaos.run import Scene, report, scene, until_quiet
from benchmarks.chaos.scripts import SCRIPTS, events_of
from benchmarks.house import stack
from benchmarks.memory import members, program
from ledger.intake import leave
from lifecycle.paths import OF_ACCOUNTS

KEEP_DAYS = 2 / 24 / 60
"""Deals are retired after two minutes, so that half an hour shows whether the tables stay in bounds."""
GROWTH = 1.15
"""What memory and tables may have grown by between the middle and the end."""
EVENTS_A_DEAL = sum(events_of(script).total() for script in SCRIPTS) / len(SCRIPTS)
BAD = re.compile(rb'"level": "(error|critical)"|Traceback \(most recent|(^|UTC \[\d+\] )(ERROR|FATAL|PANIC)')
USUAL = (b"need a person", b"the database system is starting up")
"""How a run ends in which a deal was refunded; who asks PostgreSQL whether it is there, while it starts."""
SIZES = text(
    """
SELECT (SELECT count(*) FROM inbox) AS inbox, (SELECT count(*) FROM exceptions) AS exceptions,
       (SELECT count(*) FROM gate_results) AS gate_results, (SELECT count(*) FROM retired) AS retired,
       (SELECT count(*) FROM effects WHERE NOT step = ANY(:shared)) AS effects,
       (SELECT count(*) FROM effects WHERE step = ANY(:shared)) AS account_effects, (SELECT count(*) FROM cases) AS cases
"""
)
REFUNDS = text(
    "SELECT event_id FROM exceptions WHERE cause = 'continuity/refunded' AND event_id IS NOT NULL AND closed_at IS NULL"
)
STAYS = ("sandbox MB", "retired rows", "account_effects rows", "cases rows")
"""What grows with deals and clients: the vendors' own, the ids of events so that none is taken twice, and who is who."""


def main() -> int:
    """Watch a stack at work, print a line a minute and the verdict; exit code 1 when something is wrong."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=float, default=30)
    parser.add_argument("--events", type=float, default=5, help="events a second")
    given = parser.parse_args()
    return uvloop.run(soak(given.minutes, given.events))


async def soak(minutes: float, events: float) -> int:
    """Run deals at this pace for so long, and return the exit code."""
    seed = random.SystemRandom().randrange(10_000)
    with stack(TOWLINE_KEEP_DAYS=str(KEEP_DAYS)) as settings:
        async with scene(settings, seed, a_second=events / EVENTS_A_DEAL, at_most=10_000) as there:
            stop = asyncio.Event()
            beginning = asyncio.create_task(there.stream.run(stop))
            there.people = [asyncio.create_task(there.stream.act())]
            lines = await watched(there, minutes)
            stop.set()
            await beginning
            quiet = await until_quiet(there)
            found = await account(there.house, there.engine, there.stream.deals, there.stream.accepted)
            report(there, found, seed, quiet)
            faults = [*grown(lines), *bad_lines(settings.state / "logs")]
            faults += [] if found.is_clean and quiet is not None else ["the account is not clean"]
            print("\n".join(["verdict: " + ("FAILED" if faults else "nothing grows, nothing is lost, no error line"), *faults]))
            return 1 if faults else 0


async def watched(there: Scene, minutes: float) -> list[Counter[str]]:
    """Print and return a line a minute."""
    lines: list[Counter[str]] = []
    end = time.monotonic() + minutes * 60
    while time.monotonic() < end:
        await asyncio.sleep(min(60, max(1, end - time.monotonic())))
        with contextlib.suppress(httpx.HTTPError):
            await there.stream.run_now("retention", "Retire finished deals")
        await explain_refunds(there)
        lines.append(await look(there))
        ended = sum(1 for deal in there.stream.deals if deal.ended)
        shown = ", ".join(f"{name} {number}" for name, number in lines[-1].items())
        print(f"{len(lines)} min: {len(there.stream.deals)} deals begun, {ended} ended; {shown}", flush=True)
    return lines


async def explain_refunds(there: Scene) -> None:
    """Close what finance has to know of every refund, as its people do."""
    async with there.engine.connect() as connection:
        events = [UUID(str(event)) for event in (await connection.execute(REFUNDS)).scalars()]
    await leave(there.desk.ledger, events)


async def look(there: Scene) -> Counter[str]:
    """Return the memory of each program in MB and the rows of the tables."""
    seen: Counter[str] = Counter()
    for process in members(json.loads((there.house.settings.state / "run" / "stack.json").read_text())):
        with contextlib.suppress(psutil.NoSuchProcess):
            seen[f"{program(process)} MB"] += process.memory_full_info().pss
    seen = Counter({name: round(size / 1e6) for name, size in seen.items()})
    async with there.engine.connect() as connection:
        rows = (await connection.execute(SIZES, {"shared": list(OF_ACCOUNTS)})).one()
        seen.update({f"{name} rows": number for name, number in rows._mapping.items()})
    return seen


def grown(lines: list[Counter[str]]) -> list[str]:
    """Return what went on growing from the middle to the end, and must not."""
    if len(lines) < 10:
        return []
    middle, end = lines[len(lines) // 2], lines[-1]
    bounded = [name for name in end if name not in STAYS]
    return [
        f"{name}: {middle[name]} in the middle, {end[name]} at the end"
        for name in bounded
        if end[name] > middle[name] * GROWTH + 20
    ]


def bad_lines(logs: Path) -> list[str]:
    """Return the error lines of all logs, each once."""
    return [
        f"{log.name}: {line[:200].decode(errors='replace')}"
        for log in sorted(logs.glob("*.log*"))
        for line in dict.fromkeys(log.read_bytes().splitlines())
        if BAD.search(line) and not any(words in line for words in USUAL)
    ][:20]


if __name__ == "__main__":
    sys.exit(main())
