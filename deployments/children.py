"""The warm processes of a resident worker: who runs what, and what happens when one of them dies."""

from __future__ import annotations

import asyncio
import contextlib
import multiprocessing
from dataclasses import dataclass
from multiprocessing.connection import Connection
from multiprocessing.context import ForkServerProcess
from multiprocessing.forkserver import ensure_running
from uuid import UUID, uuid4

from deployments.child import Cancel, Ended, Prolonged, Run
from runtime.logs import get_logger

RESPAWN_DELAY = 1.0
RUNS_AT_ONCE = 3
"""Flow runs that one child works on at once: while one waits for a vendor, the other one goes on."""

log = get_logger("children")


@dataclass(frozen=True, slots=True)
class Death:
    """The process under a run has died: which one, and whether the run was alone in it."""

    process: UUID
    alone: bool


class Child:
    """One warm process and the runs it works on."""

    def __init__(self, process: ForkServerProcess, pipe: Connection) -> None:
        self.id = uuid4()
        self.process = process
        self.pipe = pipe
        self.ready = False
        self.kept_for_one = False
        self.runs: dict[UUID, asyncio.Future[str | Death]] = {}

    @property
    def free(self) -> int:
        """How many runs it can take on now."""
        return RUNS_AT_ONCE - len(self.runs) if self.ready and not self.kept_for_one else 0


class Children:
    """A fixed number of warm processes, each replaced when it dies."""

    def __init__(self, number: int, worker: str) -> None:
        self.became_free = asyncio.Event()
        self.died_idle: list[UUID] = []
        """Processes that died while they worked on nothing."""
        self._worker = worker
        self._number = number
        self._children: list[Child] = []
        self._context = multiprocessing.get_context("forkserver")
        self._context.set_forkserver_preload(["deployments.preload"])
        self._closing = False
        self._starting: set[asyncio.Task[None]] = set()

    def warm_up(self) -> None:
        """Begin to import what children need, in the process that they are forked from."""
        ensure_running()

    async def start(self) -> None:
        """Start all processes and wait until they are warm."""
        for _ in range(self._number):
            self._spawn()
        while sum(child.ready for child in self._children) < self._number:
            await self.became_free.wait()
            self.became_free.clear()

    @property
    def places(self) -> int:
        """How many runs can be worked on at once."""
        return self._number * RUNS_AT_ONCE

    @property
    def free(self) -> int:
        """How many runs can be taken on now."""
        return sum(child.free for child in self._children)

    async def run(self, order: Run, *, alone: bool = False) -> str | Death:
        """Run a flow run in the least busy process, or `alone` in one; return its state's name, or the death of its process."""
        child = await (self._emptied() if alone else self._least_busy())
        future: asyncio.Future[str | Death] = asyncio.get_running_loop().create_future()
        child.runs[order.flow_run.id] = future
        try:
            child.pipe.send(order)
        except OSError:
            self._end(child, order.flow_run.id, Death(child.id, alone=len(child.runs) == 1))
        try:
            return await future
        finally:
            if alone:
                child.kept_for_one = False
                self.became_free.set()

    async def _least_busy(self) -> Child:
        """Return a process that takes runs; wait while all have died and are about to be replaced, or are kept for one."""
        while not (taking := [child for child in self._children if not child.kept_for_one]):  # noqa: ASYNC110  (as below)
            await asyncio.sleep(RESPAWN_DELAY / 10)
        return max(taking, key=lambda child: child.free)

    async def _emptied(self) -> Child:
        """Return a process that works on nothing and is kept for one run."""
        while True:
            child = await self._least_busy()
            child.kept_for_one = True
            while child.runs:  # noqa: ASYNC110  (one that dies meanwhile loses its runs, too)
                await asyncio.sleep(RESPAWN_DELAY / 10)
            if child in self._children:
                return child

    def cancel(self, flow_run_id: UUID) -> bool:
        """Ask the process that works on this run to cancel it; False when none does."""
        for child in self._children:
            if flow_run_id in child.runs:
                with contextlib.suppress(OSError):
                    child.pipe.send(Cancel(flow_run_id))
                return True
        return False

    def prolonged(self, until: float) -> None:
        """Tell all processes until when what they work on is leased."""
        for child in self._children:
            with contextlib.suppress(OSError):
                child.pipe.send(Prolonged(until))

    @property
    def in_flight(self) -> list[UUID]:
        """The runs that are being worked on."""
        return [run for child in self._children for run in child.runs]

    async def close(self, *, seconds: float = 5) -> None:
        """Let the processes give back what they work on, and end."""
        self._closing = True
        await asyncio.gather(*self._starting)
        for child in self._children:
            with contextlib.suppress(OSError):
                child.pipe.send(None)
        started = [child.process for child in self._children if child.process.pid]
        await asyncio.gather(*(asyncio.to_thread(process.join, seconds) for process in started))
        for process in started:
            process.kill()

    def _spawn(self) -> None:
        from deployments.child import main

        ours, theirs = self._context.Pipe()
        process = self._context.Process(target=main, args=(theirs, self._worker), daemon=True)
        child = Child(process, ours)
        self._children.append(child)
        asyncio.get_running_loop().add_reader(ours.fileno(), self._hear, child)
        starting = asyncio.create_task(_start(process, theirs))
        self._starting.add(starting)
        starting.add_done_callback(self._starting.discard)

    def _hear(self, child: Child) -> None:
        try:
            news = child.pipe.recv()
        except (EOFError, OSError):
            self._died(child)
            return
        if isinstance(news, Ended):
            self._end(child, news.flow_run_id, news.state)
        else:
            child.ready = True
        self.became_free.set()

    def _died(self, child: Child) -> None:
        asyncio.get_running_loop().remove_reader(child.pipe.fileno())
        child.pipe.close()
        self._children.remove(child)
        if self._closing:
            return
        log.warning("a child process died and is replaced", pid=child.process.pid, runs=len(child.runs))
        if child.ready and not child.runs:
            self.died_idle.append(child.id)
        # One that dies before it is ready would die again at once.
        asyncio.get_running_loop().call_later(0 if child.ready else RESPAWN_DELAY, self._spawn)
        death = Death(child.id, alone=len(child.runs) == 1)
        for run in list(child.runs):
            self._end(child, run, death)
        self.became_free.set()

    def _end(self, child: Child, run: UUID, state: str | Death) -> None:
        future = child.runs.pop(run, None)
        if future and not future.done():
            future.set_result(state)


async def _start(process: ForkServerProcess, theirs: Connection) -> None:
    """Fork a process, beside the loop: where the fork server has died, another one imports everything first.

    Where that fails, its end of the pipe is closed, and the child counts as died.
    """
    try:
        await asyncio.to_thread(process.start)
    except (OSError, EOFError) as error:
        log.error("a child process could not be started", error=type(error).__name__)
    finally:
        theirs.close()
