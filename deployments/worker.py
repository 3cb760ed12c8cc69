"""The resident worker: a Prefect worker that runs flow runs in warm processes, and starts the inbox's events at once."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import socket
import sys
from collections.abc import Awaitable, Callable, Mapping
from typing import Any
from uuid import UUID

import anyio.abc
import httpx
import uvloop
from prefect.client.orchestration import PrefectClient, get_client
from prefect.client.schemas.filters import (
    FlowRunFilter,
    FlowRunFilterId,
    FlowRunFilterState,
    FlowRunFilterStateType,
)
from prefect.client.schemas.objects import FlowRun, StateType
from prefect.exceptions import PrefectHTTPStatusError
from prefect.settings import PREFECT_API_URL, PREFECT_WORKER_QUERY_SECONDS, temporary_settings
from prefect.workers.base import BaseJobConfiguration, BaseWorker, BaseWorkerResult

from contracts.errors import MisconfiguredError, TowlineError
from deployments.alerts import Alerts, settle
from deployments.asks import Asks
from deployments.children import Children
from deployments.deploy import POOL, WORKER_TYPE, Plan, deploy
from deployments.desk import Desk
from deployments.dispatcher import Dispatcher
from deployments.herald import Herald
from deployments.lease import moment
from deployments.prober import Prober
from deployments.proposer import Proposer
from deployments.rollbacks import Rollbacks
from deployments.runs import PREFECT_GONE, Runs, crashed
from deployments.watch import Watch
from ledger.dying import leases_ended, worker_died
from runtime.in_force import until_changed
from runtime.logs import configure, get_logger
from runtime.settings import Settings, load_settings
from runtime.wiring import Runtime, assembled
from tasks.batch import WAITING

LOOK_FOR_RUNS = 2.0
"""Seconds between looks at what a schedule or a person wants to run."""
FIRST_TRY = 5.0
"""Seconds for which a worker that starts waits for systems which are not ready for us."""
LOOK_FOR_CANCELLED = 2.0
"""Seconds between looks at whether a person has cancelled a run."""

log = get_logger("worker")


class ResidentResult(BaseWorkerResult):
    """How a run that the worker took by polling ended."""


class ResidentWorker(BaseWorker[BaseJobConfiguration, Any, ResidentResult]):
    """Runs flow runs in warm processes of this machine. Scheduled and on-demand runs come by polling."""

    type = WORKER_TYPE
    job_configuration = BaseJobConfiguration
    _description = "Runs flows in warm processes that have imported everything already."

    def __init__(self, runs: Runs, plans: Mapping[UUID, Plan], *, name: str) -> None:
        super().__init__(work_pool_name=POOL, name=name, create_pool_if_not_found=False)
        self._runs = runs
        self._plans = plans

    async def run(
        self,
        flow_run: FlowRun,
        configuration: BaseJobConfiguration,
        task_status: anyio.abc.TaskStatus[int] | None = None,
    ) -> ResidentResult:
        """Run a polled flow run in a warm process, and return when it is over."""
        plan = self._plans.get(flow_run.deployment_id) if flow_run.deployment_id else None
        if plan is None:
            raise ValueError("this run's deployment is not in the catalog")
        if task_status is not None:
            task_status.started(os.getpid())
        state = await self._runs.to_the_end(flow_run, plan)
        return ResidentResult(identifier=str(flow_run.id), status_code=0 if state in ("Completed", "Cancelled", WAITING) else 1)


async def serve(settings: Settings, *, name: str | None = None) -> None:
    """Work until cancelled. One worker of a name at a time: a second one waits for the first one's end."""
    worker = name or f"resident-{socket.gethostname()}"
    # For the children, which must also start while Prefect is away.
    os.environ |= {"PREFECT_API_URL": settings.prefect_url, "PREFECT_CLIENT_SERVER_VERSION_CHECK_ENABLED": "false"}
    async with assembled(settings, worker=worker) as house, house.ledger.alone(f"worker {worker}"):
        children = Children(settings.children, worker)
        try:
            children.warm_up()
            plans = await _until_reachable(lambda: deploy(settings))
            async with get_client() as client:
                runs = Runs(children, client, house.ledger, house.catalog, settings.console_url)
                dispatcher = Dispatcher(house, client, children, runs, plans)
                await _take_up(house, client)
                await settle(house)
                async with asyncio.TaskGroup() as group:
                    await _prepare(house, dispatcher, group)
                    await children.start()
                    _say_ready(settings)
                    group.create_task(dispatcher.run())
                    group.create_task(ResidentWorker(runs, plans, name=worker).start(printer=lambda *_: None))
                    group.create_task(_heartbeat(house, children, dispatcher))
                    group.create_task(_cancellations(client, children))
                    group.create_task(Alerts(house).run())
                    group.create_task(Asks(house).run())
                    group.create_task(Desk(house).run())
                    group.create_task(Watch(house).run())
                    group.create_task(Proposer(house).run())
                    group.create_task(Prober(house, dispatcher).run())
                    group.create_task(Rollbacks(house, client, runs, plans).run())
                    group.create_task(_ends_with_a_change(settings, house))
                    group.create_task(Herald(house, client, busy=lambda: children.in_flight).run())
        finally:
            await children.close()


async def _prepare(house: Runtime, dispatcher: Dispatcher, group: asyncio.TaskGroup) -> None:
    """Make the outside systems ready for us; one that is down or paused is waited for in the background, the others go on."""

    async def make(system: str) -> None:
        while await _until_reachable(lambda: _paused(house, system)):  # noqa: ASYNC110  (another process resumes)
            await asyncio.sleep(1)
        await _until_reachable(house.preparations()[system])
        dispatcher.unprepared.discard(system)

    dispatcher.unprepared.update(house.preparations())
    await asyncio.wait([group.create_task(make(system)) for system in house.preparations()], timeout=FIRST_TRY)


async def _ends_with_a_change(settings: Settings, house: Runtime) -> None:
    """End as if told to, once something else is agreed: whoever keeps this worker running starts it again, and it reads that."""
    await until_changed(settings, house.ledger)
    os.kill(os.getpid(), signal.SIGTERM)


async def _paused(house: Runtime, system: str) -> str | None:
    async with house.ledger.begin() as books:
        return await books.switches.pauses("", system)


async def _until_reachable(make: Callable[[], Awaitable[Any]]) -> Any:
    """Try until what is needed answers; say what is missing."""
    while True:
        try:
            return await make()
        except PrefectHTTPStatusError as error:
            if error.response.is_client_error:
                raise MisconfiguredError(f"Prefect does not take what we ask: HTTP {error.response.status_code}") from error
            await asyncio.sleep(1)
        except (TowlineError, RuntimeError, httpx.HTTPError) as error:  # a client that finds no server raises a RuntimeError
            log.warning("waiting", error=error.text if isinstance(error, TowlineError) else type(error).__name__)
            await asyncio.sleep(1)


async def _take_up(house: Runtime, client: PrefectClient) -> None:
    """Give back what a predecessor of our name held when it died, and close its runs."""
    async with house.ledger.begin(wake=True) as books:
        left = await worker_died(books, house.catalog, house.worker)
    if left:
        log.warning("taking up what a dead worker held", events=len(left))
        await crashed(client, {row.flow_run_id for row in left if row.flow_run_id})


async def _heartbeat(house: Runtime, children: Children, dispatcher: Dispatcher) -> None:
    """Prolong the leases of what is worked on; what nobody works on any more, here or elsewhere, is given back."""
    while True:
        with contextlib.suppress(TowlineError):
            until = moment() + house.lease
            async with house.ledger.begin() as books:
                await books.inbox.extend(house.worker, runs=children.in_flight, events=dispatcher.held, seconds=house.lease)
                given_back = await leases_ended(books, house.catalog)
                while children.died_idle:
                    await books.deaths.note(children.died_idle.pop(), [])
            children.prolonged(until)
            if given_back:
                log.warning("leases had ended", events=len(given_back))
                await house.ledger.wake()
        await asyncio.sleep(house.lease / 3)


async def _cancellations(client: PrefectClient, children: Children) -> None:
    while True:
        await asyncio.sleep(LOOK_FOR_CANCELLED)
        if not (running := children.in_flight):
            continue
        cancelling = FlowRunFilter(
            id=FlowRunFilterId(any_=running),
            state=FlowRunFilterState(type=FlowRunFilterStateType(any_=[StateType.CANCELLING, StateType.CANCELLED])),
        )
        with contextlib.suppress(*PREFECT_GONE):
            for flow_run in await client.read_flow_runs(flow_run_filter=cancelling):
                if flow_run.state_name != WAITING:  # that one has just ended so by itself
                    children.cancel(flow_run.id)


def _say_ready(settings: Settings) -> None:
    ready = settings.state / "run" / "worker.ready"
    ready.parent.mkdir(parents=True, exist_ok=True)
    ready.write_text(str(os.getpid()))


def main() -> int:
    """Run the worker until SIGINT or SIGTERM."""
    configure("worker")

    async def until_told() -> None:
        settings = load_settings()
        with temporary_settings({PREFECT_API_URL: settings.prefect_url, PREFECT_WORKER_QUERY_SECONDS: LOOK_FOR_RUNS}):
            task = asyncio.create_task(serve(settings, name=sys.argv[1] if len(sys.argv) > 1 else None))
        for number in (signal.SIGINT, signal.SIGTERM):
            asyncio.get_running_loop().add_signal_handler(number, task.cancel)
        with contextlib.suppress(asyncio.CancelledError):
            await task

    try:
        uvloop.run(until_told())
    except KeyboardInterrupt:
        return 0
    except TowlineError as error:
        log.error("the worker cannot start", error=error.text)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
