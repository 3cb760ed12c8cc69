"""One run: a stack, a stream, faults; then peace, until nothing moves, and the account."""

from __future__ import annotations

import asyncio
import contextlib
import statistics
import time
from collections.abc import AsyncIterator, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

from benchmarks.chaos import clock
from benchmarks.chaos.account import Account, account
from benchmarks.chaos.desk import Desk
from benchmarks.chaos.disk import own_disk
from benchmarks.chaos.hands import Hands
from benchmarks.chaos.plan import Fault
from benchmarks.chaos.stream import GONE, Stream
from benchmarks.house import House, stack, visited
from ledger.database import Ledger
from runtime.settings import Settings

QUIET = 420.0
"""Seconds after the last fault in which everything must have come to its end."""
OPEN = text("SELECT count(*) FROM inbox WHERE status IN ('received', 'running', 'waiting', 'parked')")


@dataclass
class Scene:
    """Everybody who takes part in a run."""

    house: House
    engine: AsyncEngine
    stream: Stream
    desk: Desk
    hands: Hands
    people: list[asyncio.Task[None]] = field(default_factory=list)


async def chaos(seed: int, faults: Sequence[Fault], *, a_second: float, keep: bool = False) -> int:
    """Carry the faults out on a stack under load, print what became of it, and return the exit code."""
    with stack(furnish=furnished, surroundings=clock.environment, keep=keep) as settings:
        async with scene(settings, seed, a_second=a_second) as there:
            begun = time.monotonic()
            await under_load(there, faults)
            print(f"faults over after {time.monotonic() - begun:.0f} s", flush=True)
            quiet = await until_quiet(there)
            found = await account(there.house, there.engine, there.stream.deals, there.stream.accepted)
            report(there, found, seed, quiet)
            return 0 if found.is_clean else 1


@contextlib.contextmanager
def furnished(home: Path) -> Iterator[None]:
    """Prepare a state folder whose disk can be full and whose clock can jump."""
    clock.prepare(home)
    with own_disk(home):
        yield


@contextlib.asynccontextmanager
async def scene(settings: Settings, seed: int, *, a_second: float, at_most: int = 40) -> AsyncIterator[Scene]:
    """Bring everybody together on a running stack."""
    engine = create_async_engine(settings.database(), connect_args={"timeout": 5, "command_timeout": 10}, pool_pre_ping=True)
    ledger = Ledger(settings.database())
    try:
        async with visited(settings) as house:
            stream = Stream(house, ledger, engine, seed=seed, a_second=a_second, at_most=at_most)
            yield Scene(house, engine, stream, Desk(ledger, engine), Hands(house, seed))
    finally:
        await engine.dispose()
        await ledger.close()


async def under_load(there: Scene, faults: Sequence[Fault]) -> None:
    """Let deals begin and be acted on while faults come, then make everything well and let no new deal begin."""
    stop = asyncio.Event()
    beginning = asyncio.create_task(there.stream.run(stop))
    there.people = [asyncio.create_task(work) for work in (there.stream.act(), there.desk.work())]
    try:
        await asyncio.sleep(3)
        await there.hands.carry_out(faults)
    finally:
        stop.set()
        await there.hands.heal()
        await beginning


async def until_quiet(there: Scene) -> float | None:
    """Wait until every deal has come to its end; return the seconds, None where that is not so in time."""
    begun = time.monotonic()
    try:
        while time.monotonic() - begun < QUIET:
            for fault in (*there.stream.faults, *(task.exception() for task in there.people if task.done())):
                if fault:
                    raise fault
            with contextlib.suppress(*GONE):
                if not there.stream.under_way and not await _open(there):
                    return time.monotonic() - begun
            await asyncio.sleep(0.5)
        return None
    finally:
        for task in there.people:
            task.cancel()
        await asyncio.gather(*there.people, return_exceptions=True)


async def _open(there: Scene) -> int:
    async with there.engine.connect() as connection:
        return int((await connection.execute(OPEN)).scalar_one())


def report(there: Scene, found: Account, seed: int, quiet: float | None) -> None:
    """Print what was done to the house, and what it made of it."""
    hands, stream = there.hands, there.stream
    kills = {name: number for name, number in sorted(hands.done.items()) if name.startswith("kill ")}
    print(f"{sum(kills.values())} kills: {', '.join(f'{name[5:]} {number}' for name, number in kills.items())}")
    print("other faults: " + ", ".join(f"{n} {number}" for n, number in sorted(hands.done.items()) if n not in kills))
    if hands.skipped:
        print("skipped (nobody there, or not possible here): " + ", ".join(f"{n} {k}" for n, k in hands.skipped.items()))
    for target, seconds in sorted(hands.recovery.items()):
        print(f"  {target} ready again after {statistics.median(seconds):.1f} s, at worst {max(seconds):.1f} s")
    print(f"{len(stream.deals)} deals, {sum(found.ended.values())} events: {dict(found.ended)}")
    print(f"what senders heard beside a 2xx: {dict(stream.answers)}")
    print(f"a person replayed: {dict(there.desk.replayed)}; started by hand: {sum(deal.starts for deal in stream.deals)}")
    print(f"parked with an owner: {dict(found.parked)}")
    print("all at their end " + (f"{quiet:.0f} s after the last fault" if quiet is not None else f"NOT within {QUIET:.0f} s"))
    for kind in ("missing", "double", "half_done", "forgotten"):
        faults: list[str] = getattr(found, kind)
        print(f"{kind.replace('_', '-')}: {len(faults)}")
        for fault in faults[:30]:
            print(f"    {fault}")
    print(f"seed {seed}: {'nothing missing, double, half-done or forgotten' if found.is_clean else 'FAILED'}", flush=True)
