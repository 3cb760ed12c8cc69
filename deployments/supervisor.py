"""Keeps a set of programs running: starts each when what it needs is ready, restarts what dies, stops all in reverse order.

It must not know what the programs are.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Any

from contracts.errors import MisconfiguredError
from deployments.death import die_with_parent
from deployments.footprints import Footprints

FIRST_PAUSE, LONGEST_PAUSE = 0.2, 10.0
TRIES = 3
"""How often a program may end before it was ready once, until starting is given up."""
LARGEST_LOG = 10 * 1024 * 1024


class State(StrEnum):
    """Where a program stands."""

    WAITING = "waiting"
    STARTING = "starting"
    READY = "ready"
    DONE = "done"
    STOPPING = "stopping"
    STOPPED = "stopped"


@dataclass(frozen=True)
class Program:
    """One program of the stack; without `is_ready` it is a preparation that runs once to its end.

    `removes` is a file of an earlier run that must be gone before it starts.
    """

    name: str
    command: Sequence[str]
    environment: Mapping[str, str]
    is_ready: Callable[[], Awaitable[bool]] | None
    after: tuple[str, ...] = ()
    stop_with: signal.Signals = signal.SIGTERM
    grace: float = 15
    removes: Path | None = None
    as_user: Mapping[str, Any] = field(default_factory=dict)


@dataclass
class Running:
    """A program as it runs: its state, how long it took to get ready, and how often it was restarted."""

    program: Program
    state: State = State.WAITING
    pid: int | None = None
    restarts: int = 0
    begun: float = 0.0
    seconds: float | None = None
    reached: asyncio.Event = field(default_factory=asyncio.Event)

    def report(self) -> dict[str, Any]:
        """Return what others may know of it."""
        return {
            "name": self.program.name,
            "state": self.state.value,
            "pid": self.pid,
            "restarts": self.restarts,
            "seconds": None if self.seconds is None else round(self.seconds, 2),
        }


class Supervisor:
    """Runs programs until it is stopped."""

    def __init__(self, programs: Sequence[Program], *, footprints: Footprints, logs: Path, changed: Callable[[], None]) -> None:
        self.running = {program.name: Running(program) for program in programs}
        self._footprints = footprints
        self._logs = logs
        self._changed = changed
        self._processes: dict[str, asyncio.subprocess.Process] = {}
        self._keepers: dict[str, asyncio.Task[None]] = {}

    async def start(self) -> None:
        """Start everything and return when all of it is ready.

        Raises:
            MisconfiguredError: a program does not start; names it, its last words and its log.
        """
        self._keepers = {name: asyncio.create_task(self._keep(running)) for name, running in self.running.items()}
        ready = asyncio.gather(*(running.reached.wait() for running in self.running.values()))
        for keeper in self._keepers.values():
            keeper.add_done_callback(lambda done: ready.cancel() if _fault(done) else None)
        try:
            await ready
        except asyncio.CancelledError:
            for fault in filter(None, map(_fault, self._keepers.values())):
                raise fault from None
            raise

    async def stop(self) -> None:
        """Stop everything, what came last first, and return when no process is left."""
        for keeper in self._keepers.values():
            keeper.cancel()
        await asyncio.gather(*self._keepers.values(), return_exceptions=True)
        for layer in self._layers_from_the_top():
            await asyncio.gather(*(self._end(self.running[name]) for name in layer))

    def _layers_from_the_top(self) -> list[list[str]]:
        left, layers = dict(self.running), []
        while left:
            needed = {name for running in left.values() for name in running.program.after}
            layers.append([name for name in left if name not in needed])
            left = {name: running for name, running in left.items() if name in needed}
        return layers

    async def _keep(self, running: Running) -> None:
        for name in running.program.after:
            await self.running[name].reached.wait()
        pause, faults = FIRST_PAUSE, 0
        while True:
            code = await self._run_once(running)
            if running.program.is_ready is None and code == 0:
                return self._enter(running, State.DONE)
            if running.state is State.READY and time.monotonic() - running.begun > 2 * LONGEST_PAUSE:
                pause = FIRST_PAUSE
            faults += 1
            if not running.reached.is_set() and faults >= TRIES:
                raise MisconfiguredError(f"{running.program.name} does not start{self._last_words(running)}")
            running.restarts += 1
            self._enter(running, State.WAITING)
            await asyncio.sleep(pause)
            pause = min(pause * 2, LONGEST_PAUSE)

    async def _run_once(self, running: Running) -> int:
        """Start a program, wait until it is ready and then until it ends; return its exit code."""
        process = await self._spawn(running)
        end = asyncio.create_task(process.wait())
        ready = asyncio.create_task(self._until_ready(running))
        try:
            return await end
        finally:
            for task in (ready, end):
                task.cancel()
            await asyncio.gather(ready, end, return_exceptions=True)
            if process.returncode is not None:
                self._sweep(running, process.pid)

    async def _spawn(self, running: Running) -> asyncio.subprocess.Process:
        program = running.program
        running.begun, running.seconds = time.monotonic(), None
        if program.removes:
            program.removes.unlink(missing_ok=True)
        with self._log(program.name).open("ab") as log:
            process = await asyncio.create_subprocess_exec(
                *program.command,
                stdin=asyncio.subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                env=dict(program.environment),
                start_new_session=True,
                preexec_fn=die_with_parent(program.stop_with),
                **program.as_user,
            )
        self._processes[program.name] = process
        self._footprints.record(program.name, process.pid)
        running.pid = process.pid
        self._enter(running, State.STARTING)
        return process

    async def _until_ready(self, running: Running) -> None:
        if running.program.is_ready is not None:
            while not await running.program.is_ready():  # noqa: ASYNC110  (another process gets ready: it must be asked)
                await asyncio.sleep(0.05)
            self._enter(running, State.READY)

    def _enter(self, running: Running, state: State) -> None:
        running.state = state
        if state in (State.READY, State.DONE):
            running.seconds = time.monotonic() - running.begun
            running.reached.set()
        self._changed()

    async def _end(self, running: Running) -> None:
        process = self._processes.get(running.program.name)
        if process is not None and process.returncode is None:
            self._enter(running, State.STOPPING)
            with contextlib.suppress(ProcessLookupError):
                process.send_signal(running.program.stop_with)
            try:
                await asyncio.wait_for(process.wait(), running.program.grace)
            except TimeoutError:
                _kill_group(process.pid)
                await process.wait()
        if process is not None:
            self._sweep(running, process.pid)
        if running.state is not State.DONE:
            self._enter(running, State.STOPPED)

    def _sweep(self, running: Running, pid: int) -> None:
        """End what a process that is gone left behind in its group."""
        _kill_group(pid)
        self._footprints.forget(running.program.name)
        running.pid = None

    def _log(self, name: str) -> Path:
        log = self._logs / f"{name}.log"
        if log.exists() and log.stat().st_size > LARGEST_LOG:
            log.replace(log.with_suffix(".log.1"))
        return log

    def _last_words(self, running: Running) -> str:
        log = self._log(running.program.name)
        with log.open("rb") as text:
            text.seek(max(0, log.stat().st_size - 2000))
            lines = text.read().decode(errors="replace").strip().splitlines()
        return f": {lines[-1][:300]} (see {log})" if lines else f"; see {log}"


def _fault(keeper: asyncio.Task[None]) -> BaseException | None:
    return keeper.exception() if keeper.done() and not keeper.cancelled() else None


def _kill_group(pid: int) -> None:
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(pid, signal.SIGKILL)
