"""What memory the whole stack takes: at rest, and after each of four waves of leads, 10,000 events in all.

Half of the events are the leads, half the opportunities that follow them. The sandbox's rate limits are off here, or Docs'
600 writes a minute would make it a quarter of an hour.

python -m benchmarks.memory [--events 10000]
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
from collections import Counter
from typing import Any

import psutil  # type: ignore[import-untyped]
import uvloop

from benchmarks.house import lead, stack, visited


def main() -> None:
    """Start, measure, print, stop."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--events", type=int, default=10_000)
    arguments = parser.parse_args()
    with stack(TOWLINE_SANDBOX_LIMITS="off") as settings:
        uvloop.run(measure(settings, arguments.events))


async def measure(settings: Any, events: int) -> None:
    """Measure at rest, then after each wave."""
    waves = 4
    async with visited(settings) as house:
        await asyncio.sleep(10)
        show("at rest", settings)
        for wave in range(waves):
            todo = iter([lead(f"wave{wave}-{n}") for n in range(events // waves // 2)])

            async def connection(todo: Any = todo) -> None:
                for event in todo:
                    await house.post(event)

            await asyncio.gather(*(connection() for _ in range(8)))
            await house.until_done(seconds=600)
            await asyncio.sleep(5)
            show(f"after {(wave + 1) * events // waves} events", settings)
        await asyncio.sleep(60)
        show("a minute later", settings)


def show(title: str, settings: Any) -> None:
    """Print the memory of each process, shared pages divided among those who share them, and the sums."""
    processes = members(json.loads((settings.state / "run" / "stack.json").read_text()))
    sizes = [(process, process.memory_full_info()) for process in processes]
    shared_once = sum(size.pss for _, size in sizes) / 1e6
    each_whole = sum(size.rss for _, size in sizes) / 1e6
    print(f"{title}: {shared_once:.0f} MB (shared pages counted once; {each_whole:.0f} MB if counted in every process)")
    programs: Counter[str] = Counter()
    for process, size in sizes:
        programs[program(process)] += size.pss
    print("      " + ", ".join(f"{name} {size / 1e6:.0f}" for name, size in programs.most_common()))


def program(process: psutil.Process) -> str:
    """Return what a process is part of."""
    words = " ".join(process.cmdline())
    known = {"postgres": "postgres", "prefect.server": "Prefect", "deployments.worker": "worker", "multiprocessing": "children"}
    known |= {"-m web": "gateway", "-m sandbox": "sandbox"}
    return next((name for part, name in known.items() if part in words), "supervisor")


def members(stack_file: Any) -> list[psutil.Process]:
    """Return the supervisor and everything below it."""
    supervisor = psutil.Process(int(stack_file["supervisor"]))
    return [supervisor, *supervisor.children(recursive=True)]


if __name__ == "__main__":
    os.environ.setdefault("PYTHONUNBUFFERED", "1")
    main()
