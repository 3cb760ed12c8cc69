"""Carries faults out on a running stack, and makes everything well again."""

from __future__ import annotations

import asyncio
import contextlib
import random
import signal
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace
from functools import partial
from typing import Any

import httpx
import psutil  # type: ignore[import-untyped]

from benchmarks.chaos import clock, disk
from benchmarks.chaos.plan import Fault, Kind
from benchmarks.chaos.processes import find, is_ready
from benchmarks.house import House

ALWAYS_THERE = "gateway"
REACH = 60.0
"""Seconds for which a target that is just not there is waited for."""


class Hands:
    """What a plan's faults do to one stack; counts what was done to whom."""

    def __init__(self, house: House, seed: int) -> None:
        self._house, self._home = house, house.settings.state
        self._dice = random.Random(seed)  # noqa: S311  (chooses among equals)
        self._stopped: dict[int, psutil.Process] = {}
        self._ends: set[asyncio.Task[None]] = set()
        self.done: Counter[str] = Counter()
        self.skipped: Counter[str] = Counter()
        self.recovery: dict[str, list[float]] = {}
        """Seconds from a program's death until another one was ready in its place."""

    async def carry_out(self, faults: Sequence[Fault]) -> None:
        """Carry faults out one after the other."""
        for fault in faults:
            await asyncio.sleep(fault.after)
            if not await self._carried_out(fault):
                self.skipped[_name(fault)] += 1
                if fault.kind is Kind.KILL:  # as many are killed as were asked for
                    await self._kill(replace(fault, target=ALWAYS_THERE))

    async def heal(self) -> None:
        """End every fault that still lasts."""
        for task in list(self._ends):
            task.cancel()
        await asyncio.gather(*self._ends, return_exceptions=True)
        for process in list(self._stopped.values()):
            self._wake(process)
        disk.roomy(self._home)
        clock.set_to(self._home, 0)
        for path in ("faults", "webhooks"):
            await self._control("DELETE", path, patiently=True)

    async def _carried_out(self, fault: Fault) -> bool:
        match fault.kind:
            case Kind.KILL:
                return await self._kill(fault)
            case Kind.PAUSE:
                return await self._pause(fault)
            case Kind.VENDOR:
                carried = await self._control("POST", "faults", _vendor_fault(fault))
            case Kind.WEBHOOKS:
                carried = await self._control("POST", "webhooks", _manner(fault))
                self._later(fault.seconds, self._plain_webhooks)
            case Kind.DISK:
                if carried := disk.full(self._home):
                    self._later(fault.seconds, partial(asyncio.to_thread, disk.roomy, self._home))
            case Kind.CLOCK:
                if carried := clock.set_to(self._home, fault.number):
                    self._later(15, partial(asyncio.to_thread, clock.set_to, self._home, 0))
        self.done[_name(fault)] += carried
        return carried

    async def _kill(self, fault: Fault) -> bool:
        process = await self._reached(fault.target)
        if process is None:
            return False
        with contextlib.suppress(psutil.NoSuchProcess):
            process.send_signal(signal.SIGKILL)
            self.done[_name(fault)] += 1
            self._later(0, partial(self._watch, fault.target, process.pid))
            return True
        return False

    async def _pause(self, fault: Fault) -> bool:
        process = await self._reached(fault.target)
        if process is None:
            return False
        with contextlib.suppress(psutil.NoSuchProcess):
            process.send_signal(signal.SIGSTOP)
            self._stopped[process.pid] = process
            self._later(fault.seconds, partial(asyncio.to_thread, self._wake, process))
            self.done[_name(fault)] += 1
            return True
        return False

    async def _reached(self, target: str) -> psutil.Process | None:
        """Wait for a target that is being started; None where it does not come."""
        deadline = time.monotonic() + REACH
        while not (found := await asyncio.to_thread(find, self._home, target)):
            if time.monotonic() > deadline:
                return None
            await asyncio.sleep(0.1)
        return self._dice.choice(found)

    async def _watch(self, target: str, pid: int) -> None:
        """Note how long it took until another process is ready in the place of one that was killed."""
        begun = time.monotonic()
        while not await asyncio.to_thread(is_ready, self._home, target, but=pid):  # noqa: ASYNC110
            await asyncio.sleep(0.1)
        self.recovery.setdefault(target, []).append(time.monotonic() - begun)

    def _wake(self, process: psutil.Process) -> None:
        with contextlib.suppress(psutil.NoSuchProcess):
            process.send_signal(signal.SIGCONT)
        self._stopped.pop(process.pid, None)

    async def _plain_webhooks(self) -> None:
        await self._control("DELETE", "webhooks", patiently=True)

    async def _control(self, method: str, path: str, body: Any = None, *, patiently: bool = False) -> bool:
        while True:
            with contextlib.suppress(httpx.HTTPError):
                address = f"{self._house.settings.sandbox_url}/_sandbox/{path}"
                (await self._house.client.request(method, address, json=body, timeout=5)).raise_for_status()
                return True
            if not patiently:
                return False
            await asyncio.sleep(0.3)

    def _later(self, seconds: float, work: Callable[[], Awaitable[object]]) -> None:
        async def after() -> None:
            await asyncio.sleep(seconds)
            await work()

        task = asyncio.create_task(after())
        self._ends.add(task)
        task.add_done_callback(self._ends.discard)


def _name(fault: Fault) -> str:
    return f"{fault.kind} {fault.target} {fault.how}".strip()


def _vendor_fault(fault: Fault) -> dict[str, Any]:
    wanted: dict[str, Any] = {"system": fault.target, "count": fault.number}
    match fault.how:
        case "429":
            return wanted | {"status": 429, "retry_after": max(1, round(fault.seconds))}
        case "lost answer":
            return wanted | {"lose_answer": True}
        case "latency":
            return wanted | {"latency_ms": fault.seconds * 1000}
        case "silence":
            return wanted | {"status": 0, "latency_ms": fault.seconds * 1000}
    return wanted | {"status": int(fault.how)}


def _manner(fault: Fault) -> dict[str, Any]:
    wanted: dict[str, Any] = {"system": fault.target}
    return wanted | {"late": {"delay_ms": fault.seconds * 1000}, "doubled": {"copies": 2}, "lost": {"lose": 1}}[fault.how]
