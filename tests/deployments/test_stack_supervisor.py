"""The supervisor starts programs in order, restarts what dies, gives up on what never starts, and leaves nothing behind."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import subprocess
import sys
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import psutil
import pytest

from contracts.errors import MisconfiguredError
from deployments.footprints import Footprints
from deployments.supervisor import Program, State, Supervisor

ROOT = Path(__file__).parents[2]
SERVE = "import pathlib, sys, time; pathlib.Path(sys.argv[1]).touch(); time.sleep(60)"


def serving(name: str, folder: Path, *, after: tuple[str, ...] = (), code: str = SERVE) -> Program:
    """A program that is ready when its file is there."""
    sign = folder / f"{name}.ready"

    async def is_ready() -> bool:
        return sign.exists()

    return Program(name, [sys.executable, "-c", code, str(sign)], dict(os.environ), is_ready, after=after, removes=sign, grace=1)


def once(name: str, code: str, *, after: tuple[str, ...] = ()) -> Program:
    return Program(name, [sys.executable, "-c", code], dict(os.environ), None, after=after)


@contextlib.asynccontextmanager
async def supervised(folder: Path, *programs: Program, changed: Callable[[], None] = lambda: None) -> AsyncIterator[Supervisor]:
    for name in ("run", "logs"):
        (folder / name).mkdir(exist_ok=True)
    supervisor = Supervisor(programs, footprints=Footprints(folder), logs=folder / "logs", changed=changed)
    try:
        yield supervisor
    finally:
        await supervisor.stop()


async def until(question: Callable[[], bool]) -> None:
    async with asyncio.timeout(10):
        while not question():  # noqa: ASYNC110
            await asyncio.sleep(0.02)


async def test_a_program_starts_when_what_it_needs_is_ready(tmp_path: Path) -> None:
    prepare = once("prepare", f"open({str(tmp_path / 'prepared')!r}, 'w')", after=("database",))
    server = f"import os; assert os.path.exists({str(tmp_path / 'prepared')!r}); " + SERVE
    programs = (serving("server", tmp_path, after=("prepare",), code=server), prepare, serving("database", tmp_path))
    async with supervised(tmp_path, *programs) as supervisor:
        await supervisor.start()
        assert {name: running.state for name, running in supervisor.running.items()} == {
            "server": State.READY,
            "prepare": State.DONE,
            "database": State.READY,
        }
        assert supervisor.running["server"].restarts == 0


async def test_a_killed_program_is_started_again(tmp_path: Path) -> None:
    async with supervised(tmp_path, serving("server", tmp_path)) as supervisor:
        await supervisor.start()
        running = supervisor.running["server"]
        first = running.pid
        os.kill(first, signal.SIGKILL)
        await until(lambda: running.restarts == 1 and running.state is State.READY)
        assert running.pid not in (None, first)


async def test_a_program_that_never_starts_is_given_up_with_its_last_words(tmp_path: Path) -> None:
    broken = serving("gateway", tmp_path, code="import sys; sys.exit('no secret is set')")
    async with supervised(tmp_path, broken) as supervisor:
        with pytest.raises(MisconfiguredError, match="gateway does not start: no secret is set"):
            await supervisor.start()


async def test_a_preparation_that_fails_is_given_up(tmp_path: Path) -> None:
    async with supervised(tmp_path, once("ledger", "raise SystemExit('no database')")) as supervisor:
        with pytest.raises(MisconfiguredError, match="ledger does not start: no database"):
            await supervisor.start()


async def test_what_others_need_stops_last(tmp_path: Path) -> None:
    order: list[str] = []
    programs = (serving("database", tmp_path), serving("worker", tmp_path, after=("database",)))

    def changed() -> None:
        order.extend(name for name, r in supervisor.running.items() if r.state is State.STOPPED and name not in order)

    async with supervised(tmp_path, *programs, changed=lambda: changed()) as supervisor:
        await supervisor.start()
        pids = [running.pid for running in supervisor.running.values()]
    assert order == ["worker", "database"]
    assert not any(psutil.pid_exists(pid) for pid in pids)
    assert list((tmp_path / "run").glob("*.pid")) == []


async def test_a_program_that_does_not_listen_is_killed_with_its_children(tmp_path: Path) -> None:
    deaf = (
        "import pathlib, signal, subprocess, sys, time\n"
        "signal.signal(signal.SIGTERM, signal.SIG_IGN)\n"
        "child = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(60)'])\n"
        f"pathlib.Path({str(tmp_path / 'child')!r}).write_text(str(child.pid))\n" + SERVE
    )
    async with supervised(tmp_path, serving("deaf", tmp_path, code=deaf)) as supervisor:
        await supervisor.start()
        child = psutil.Process(int((tmp_path / "child").read_text()))
    await until(lambda: not child.is_running() or child.status() == psutil.STATUS_ZOMBIE)


async def test_a_stop_while_it_starts_leaves_nothing(tmp_path: Path) -> None:
    never = serving("never", tmp_path, code="import time; time.sleep(60)")
    async with supervised(tmp_path, never, serving("later", tmp_path, after=("never",))) as supervisor:
        starting = asyncio.create_task(supervisor.start())
        await until(lambda: supervisor.running["never"].pid is not None)
        pid = supervisor.running["never"].pid
        starting.cancel()
        with pytest.raises(asyncio.CancelledError):
            await starting
    assert not psutil.pid_exists(pid)


async def test_a_large_log_is_put_aside_at_the_start(tmp_path: Path) -> None:
    (tmp_path / "logs").mkdir()
    (tmp_path / "logs" / "server.log").write_bytes(b"x" * (10 * 1024 * 1024 + 1))
    async with supervised(tmp_path, serving("server", tmp_path)) as supervisor:
        await supervisor.start()
    assert (tmp_path / "logs" / "server.log").stat().st_size == 0
    assert (tmp_path / "logs" / "server.log.1").stat().st_size > 10 * 1024 * 1024


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux ties a child to its parent; not tried: that none is left")
async def test_a_supervisor_that_is_killed_takes_its_programs_with_it(tmp_path: Path) -> None:
    program = f"""
import asyncio, sys
from pathlib import Path
from tests.deployments.test_stack_supervisor import serving, supervised
async def main(folder):
    async with supervised(folder, serving("server", folder)) as supervisor:
        await supervisor.start()
        print(supervisor.running["server"].pid, flush=True)
        await asyncio.sleep(60)
asyncio.run(main(Path({str(tmp_path)!r})))
"""
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    with subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE, env=environment) as supervisor:  # noqa: ASYNC220, S603
        assert supervisor.stdout is not None
        child = psutil.Process(int(await asyncio.to_thread(supervisor.stdout.readline)))
        supervisor.kill()
    await until(lambda: not child.is_running() or child.status() == psutil.STATUS_ZOMBIE)
