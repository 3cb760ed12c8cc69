"""A warm process that runs flow runs for the resident worker. It is forked with everything heavy imported already."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import os
from collections.abc import AsyncIterator
from dataclasses import dataclass
from multiprocessing.connection import Connection
from typing import Any
from uuid import UUID

import httpx
import uvloop
from prefect.client.schemas.objects import FlowRun
from prefect.context import AsyncClientContext, SyncClientContext
from prefect.exceptions import ParameterTypeError, PrefectHTTPStatusError
from prefect.flow_engine import run_flow

from contracts.catalog import catalog
from contracts.errors import RetryableError, TowlineError
from deployments.deploy import flow_of, plans
from deployments.lease import Lease
from lifecycle.circuits import needs
from lifecycle.templates import templates
from runtime.logs import configure, get_logger
from runtime.settings import load_settings
from runtime.wiring import Runtime, assembled
from tasks import gate
from tasks.batch import CANCELLED_BY_A_PERSON

NICENESS = 10
"""Runs give way to the gateway, so that senders are answered while a backlog is worked off."""

log = get_logger("child")


@dataclass(frozen=True, slots=True)
class Run:
    """Parent to child: run this flow run."""

    flow_run: FlowRun
    entrypoint: str


@dataclass(frozen=True, slots=True)
class Prolonged:
    """Parent to child: what you work on is leased until this moment of `deployments.lease`."""

    until: float


@dataclass(frozen=True, slots=True)
class Cancel:
    """Parent to child: a person has cancelled this flow run."""

    flow_run_id: UUID


LAPSED = "the lease has ended"
PASSING = "Passing"
"""How a run ended that failed because the ledger or Prefect was away: no fault of its events."""


@dataclass(frozen=True, slots=True)
class Ended:
    """Child to parent: the flow run is over; `state` is its name, `PASSING`, or empty when the engine failed."""

    flow_run_id: UUID
    state: str


def warm_up() -> None:
    """Do once in the process that children are forked from: everything a run needs and no thread, socket or loop."""
    configure("worker")
    for plan in plans(catalog()):
        flow_of(plan.entrypoint)
    gate.warm_up()
    gc.collect()
    gc.freeze()


def main(pipe: Connection, worker: str) -> None:
    """Run what the parent sends, until the parent is gone."""
    configure("child")
    os.nice(NICENESS)
    uvloop.run(_serve(pipe, worker))


async def _serve(pipe: Connection, worker: str) -> None:
    running: dict[UUID, asyncio.Task[None]] = {}

    def lapsed() -> None:
        log.warning("the leases were not prolonged in time; what they were for is left to others", runs=len(running))
        for task in running.values():
            task.cancel(LAPSED)

    lease = Lease(lapsed)
    inbox: asyncio.Queue[Any] = asyncio.Queue()
    loop = asyncio.get_running_loop()
    loop.add_reader(pipe.fileno(), _read, pipe, inbox)
    # Both of Prefect's clients are opened once: each new one builds a TLS context, which takes longer than a call.
    async with assembled(load_settings(), worker=worker) as house, AsyncClientContext.get_or_create(), _sync_client():
        docs = _Docs(house)
        pipe.send("ready")
        while (order := await inbox.get()) is not None:
            if isinstance(order, Run):
                run_id = order.flow_run.id
                running[run_id] = asyncio.create_task(_run(pipe, order, docs))
                running[run_id].add_done_callback(lambda _: [running.pop(key) for key in list(running) if running[key].done()])
            elif isinstance(order, Prolonged):
                lease.prolong(order.until)
            elif isinstance(order, Cancel) and (task := running.get(order.flow_run_id)):
                task.cancel(CANCELLED_BY_A_PERSON)
        for task in list(running.values()):
            task.cancel("the worker stops")
        await asyncio.gather(*running.values(), return_exceptions=True)


class _Docs:
    """Learns once where root folder and templates lie; a document system that is away is waited for by those who need it."""

    def __init__(self, house: Runtime) -> None:
        self._house = house
        self._learnt: asyncio.Task[None] | None = None

    async def known_to(self, flow: str) -> None:
        """Return when the document system is ready for this flow, which is at once for one that does not use it."""
        event = next((event for event, entry in self._house.catalog.entries.items() if entry.flow == flow), "")
        if "docs" in needs(event)[0]:
            self._learnt = self._learnt or asyncio.create_task(self._learn())
            await asyncio.shield(self._learnt)

    async def _learn(self) -> None:
        while True:
            try:
                return await self._house.docs.prepare(templates())
            except TowlineError as error:
                log.warning("waiting for the document system", error=error.text)
                await asyncio.sleep(1)


@contextlib.asynccontextmanager
async def _sync_client() -> AsyncIterator[None]:
    with SyncClientContext.get_or_create():
        yield


def _read(pipe: Connection, inbox: asyncio.Queue[Any]) -> None:
    """Take one order off the pipe. A parent that died leaves nobody to work for: end at once, the ledger knows the rest."""
    try:
        inbox.put_nowait(pipe.recv())
    except (EOFError, OSError):
        os._exit(1)


async def _run(pipe: Connection, order: Run, docs: _Docs) -> None:
    state = ""
    try:
        flow = flow_of(order.entrypoint)
        await docs.known_to(flow.name)
        parameters = dict(order.flow_run.parameters)
        with contextlib.suppress(ParameterTypeError):  # the engine finds that, too, and says so in the run's state
            parameters = flow.validate_parameters(parameters)
        # Without its deployment's id the engine does not open a websocket per run to listen for suspension.
        flow_run = order.flow_run.model_copy(update={"deployment_id": None})
        ended = await run_flow(flow, flow_run=flow_run, parameters=parameters, return_type="state")  # type: ignore[misc]
        state = PASSING if isinstance(ended.data, RetryableError) else ended.name or ended.type.value
    except asyncio.CancelledError as error:
        state = PASSING if LAPSED in error.args else "Cancelled"
    except (httpx.HTTPError, PrefectHTTPStatusError) as error:
        state = PASSING
        log.warning("Prefect is gone from under a run", flow_run=str(order.flow_run.id), error=type(error).__name__)
    except Exception as error:
        log.warning("run ended without a state", flow_run=str(order.flow_run.id), error=type(error).__name__)
    finally:
        with contextlib.suppress(OSError):
            pipe.send(Ended(order.flow_run.id, state))
