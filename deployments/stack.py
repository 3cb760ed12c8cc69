"""The local stack of one state folder: everything from PostgreSQL to the worker, started, watched and stopped together."""

from __future__ import annotations

import asyncio
import os
import signal
import time
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

import psutil  # type: ignore[import-untyped]

from contracts.errors import MisconfiguredError
from deployments.credentials import make_missing
from deployments.footprints import Footprints, wait_for_end
from deployments.ports import require_free
from deployments.postgres import EmbeddedPostgres
from deployments.programs import programs
from deployments.supervisor import Supervisor
from runtime.settings import Settings, load_settings

Report = Mapping[str, Any]


class Stack:
    """The stack of these settings. `changed` is told the new report whenever a process changes its state."""

    def __init__(self, settings: Settings, *, changed: Callable[[Report], None]) -> None:
        self._settings = settings
        self._changed = changed
        self._footprints = Footprints(settings.state)
        self._supervisor: Supervisor | None = None
        self._is_ready = False
        self._begun = time.monotonic()

    async def run(self, *, when_ready: Callable[[Settings], Awaitable[None]] | None = None) -> None:
        """Start everything, stay until a signal says stop, and stop everything; `when_ready` runs in between.

        Raises:
            MisconfiguredError: it cannot start; nothing is left running.
        """
        stop = _stop_signal()
        _make_home(self._settings)
        with self._footprints.locked():
            self._prepare()
            try:
                await _unless(stop, self._start())
                if self._is_ready and when_ready:
                    await _unless(stop, when_ready(self._settings))
                await stop.wait()
            finally:
                if self._supervisor:
                    self._is_ready = False
                    await self._supervisor.stop()

    def _prepare(self) -> None:
        """Everything else that can fail before a process is started."""
        self._footprints.stop_leftovers()
        require_free(ports(self._settings))
        make_missing(self._settings)
        self._settings = load_settings()

    async def _start(self) -> None:
        self._begun = time.monotonic()
        postgres = await self._postgres() if self._settings.embedded else None
        self._supervisor = Supervisor(
            programs(self._settings, postgres),
            footprints=self._footprints,
            logs=self._settings.state / "logs",
            changed=self._tell,
        )
        await self._supervisor.start()
        self._is_ready = True
        self._tell()

    async def _postgres(self) -> EmbeddedPostgres:
        postgres = EmbeddedPostgres(self._settings.state / "postgres", self._settings.socket_folder)
        await asyncio.to_thread(postgres.prepare)
        return postgres

    def _tell(self) -> None:
        report = self._report()
        self._footprints.write_report(report)
        self._changed(report)

    def _report(self) -> dict[str, Any]:
        settings, running = self._settings, self._supervisor.running if self._supervisor else {}
        return {
            "ready": self._is_ready,
            "seconds": round(time.monotonic() - self._begun, 1),
            "supervisor": os.getpid(),
            "home": str(settings.state),
            "gateway": settings.gateway_url,
            "prefect": settings.prefect_ui,
            "sandbox": settings.sandbox_url if settings.needs_sandbox else None,
            "processes": [process.report() for process in running.values()],
        }


def stop_stack(settings: Settings, *, seconds: float = 180) -> bool:
    """Stop the stack of this state folder, also what a dead supervisor left; say whether there was anything to stop.

    Raises:
        MisconfiguredError: it does not stop in time.
    """
    footprints = Footprints(settings.state)
    pid = footprints.supervisor()
    if pid is None:
        return bool(footprints.stop_leftovers())
    supervisor = psutil.Process(pid)
    supervisor.send_signal(signal.SIGTERM)
    if not wait_for_end([supervisor], seconds):
        raise MisconfiguredError(f"the stack (process {pid}) did not stop within {seconds:.0f} s; see {settings.state}/logs")
    return True


def _make_home(settings: Settings) -> None:
    """The state folder is open to be passed through, because PostgreSQL may run as another user; what is in it is not."""
    home = settings.state
    try:
        if not home.exists():
            home.mkdir(parents=True)
            home.chmod(0o755)
        for name in ("logs", "prefect", "run", "sandbox"):
            (home / name).mkdir(mode=0o700, exist_ok=True)
    except OSError as error:
        raise MisconfiguredError(f"TOWLINE_HOME: {home} cannot be used: {error.strerror}") from None


def ports(settings: Settings) -> dict[str, int]:
    """Return the ports that the stack listens on, by the setting that names each."""
    found = {"TOWLINE_PORT": settings.port}
    if settings.needs_sandbox:
        found["TOWLINE_SANDBOX_PORT"] = settings.sandbox_port
    if settings.prefect_api_url is None:
        found["TOWLINE_PREFECT_PORT"] = settings.prefect_port
    return found


def _stop_signal() -> asyncio.Event:
    stop = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    return stop


async def _unless(stop: asyncio.Event, work: Awaitable[None]) -> None:
    """Do `work`, or give it up when the signal to stop comes first."""
    stopped, task = asyncio.ensure_future(stop.wait()), asyncio.ensure_future(work)
    await asyncio.wait({stopped, task}, return_when=asyncio.FIRST_COMPLETED)
    stopped.cancel()
    if not task.done():
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
    elif not task.cancelled():
        task.result()
