"""One flow run from hand-over to end, whatever happens to the process it runs in."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from functools import partial
from typing import Any
from uuid import UUID

import httpx
from prefect.client.orchestration import PrefectClient
from prefect.client.schemas.objects import FlowRun, State
from prefect.exceptions import PrefectHTTPStatusError
from prefect.states import Cancelled, Crashed, Pending

from contracts.catalog import Catalog
from contracts.errors import RetryableError
from deployments.child import PASSING, Run
from deployments.children import Children, Death
from deployments.deploy import Plan
from deployments.reports import PARKED, artifact
from flows.refusal import REFUSED
from ledger.database import Books, Ledger
from ledger.dying import process_died
from ledger.exceptions import NewException
from ledger.tables import EventStatus
from runtime.logs import get_logger
from tasks.batch import ROUTES, WAITING

DEATHS = 3
"""After so many deaths of the process under it an operation's run is given up. Of events see `ledger.deaths`."""
FAILURES = 5
"""After so many runs that failed without an outcome for it an event is parked."""
LEDGER_PAUSE = 1.0
PREFECT_GONE = (httpx.HTTPError, PrefectHTTPStatusError)

log = get_logger("runs")


class Runs:
    """Hands flow runs to warm processes and sees each of them to its end."""

    def __init__(self, children: Children, client: PrefectClient, ledger: Ledger, catalog: Catalog, console: str) -> None:
        self._children = children
        self._client = client
        self._ledger = ledger
        self._catalog = catalog
        self._console = console

    async def to_the_end(self, flow_run: FlowRun, plan: Plan, *, alone: bool = False) -> str:
        """Run a flow run until it is over, `alone` in its process if need be; return its last state's name.

        When the process dies, an operation is taken up again; of a path, its events are, by other runs.
        """
        for death in range(1, DEATHS + 1):
            state = await self._children.run(Run(flow_run, plan.entrypoint), alone=alone)
            if not isinstance(state, Death):
                await self._closed(flow_run, plan, state)
                return state
            log.warning("a run's process died", flow_run=str(flow_run.id), death=death)
            if plan.event is not None:
                await self._written(partial(self._mourn, flow_run, state))
                await self._tell(flow_run.id, Crashed(message="its process died; its events are taken up by other runs"))
                await self._report(flow_run, plan)
                return "Crashed"
            if death < DEATHS:
                await self._tell(flow_run.id, Pending(message="taken up again: the process it ran in died"))
        await self._tell_owner(flow_run, plan, "Crashed")
        await self._tell(flow_run.id, Crashed(message=f"its process died {DEATHS} times"))
        await self._report(flow_run, plan)
        return "Crashed"

    async def _mourn(self, flow_run: FlowRun, death: Death, books: Books) -> None:
        rows = [*await books.inbox.of_run(flow_run.id), *await _not_begun(books, flow_run)]
        await process_died(books, self._catalog, death.process, [row.id for row in rows], alone=death.alone)

    async def _closed(self, flow_run: FlowRun, plan: Plan, state: str) -> None:
        if state == "Cancelled":
            await self._tell(flow_run.id, Cancelled(message="cancelled by a person"))
        if state not in ("Completed", WAITING):
            await self._written(partial(self._give_back, flow_run, state not in (PASSING, "Cancelled")))
        await self._tell_owner(flow_run, plan, state)
        if state not in ("Completed", PASSING):
            await self._report(flow_run, plan)

    async def _report(self, flow_run: FlowRun, plan: Plan) -> None:
        """Show in Prefect what became of each deal of a run that is not green; a server that is gone is not waited for."""
        named = flow_run.parameters.get("events", ()) if plan.event is not None else ()
        try:
            async with self._ledger.begin() as books:
                events = await books.inbox.get([UUID(event) for event in named])
                exceptions = await books.exceptions.open_of([row.id for row in events], flow_run.id)
            if events or exceptions:
                content = artifact(flow_run.id, events, exceptions, self._catalog, self._console)
                await self._client.request("POST", "/artifacts/", json=content)
            if exceptions:
                await self._client.update_flow_run(flow_run.id, tags={*flow_run.tags, PARKED})
        except (*PREFECT_GONE, RetryableError) as error:
            log.warning("Prefect could not be told of a run's deals", flow_run=str(flow_run.id), error=type(error).__name__)

    async def _tell_owner(self, flow_run: FlowRun, plan: Plan, state: str) -> None:
        """An operation's failed run is its owner's exception until one succeeds; a path's deals have exceptions of their own.

        A refused run says in Prefect what was wrong with the question, to the person who asked it.
        """
        if plan.event is not None or state in ("Cancelled", REFUSED, WAITING):
            return
        failure = NewException(
            event_id=None,
            case_id=None,
            event_type=plan.flow,
            contract="",
            cause=f"{plan.flow}/run-failed",
            reason=f"the run “{plan.name}” failed",
            route=ROUTES["failed"],
            owner=plan.owner,
            flow_run_id=flow_run.id,
        )

        async def write(books: Books) -> None:
            await books.exceptions.close_cause(failure.cause, closed_as="ran again")
            await books.exceptions.open([] if state == "Completed" else [failure])

        await self._written(write)

    async def _written(self, write: Callable[[Books], Awaitable[None]]) -> None:
        """Write in the ledger, and wait for one that is gone: our heartbeat would hold these events for ever."""
        while True:
            try:
                async with self._ledger.begin(wake=True) as books:
                    return await write(books)
            except RetryableError as error:
                log.warning("the ledger is gone, waiting for it", error=error.text)
                await asyncio.sleep(LEDGER_PAUSE)

    async def _tell(self, run: UUID, state: State) -> None:
        """Set a run's state whatever it was; a server that is gone is not waited for, the ledger holds the truth."""
        try:
            await self._client.set_flow_run_state(run, state, force=True)
        except PREFECT_GONE as error:
            log.warning("Prefect could not be told a state", flow_run=str(run), error=type(error).__name__)

    async def _give_back(self, flow_run: FlowRun, failed: bool, books: Books) -> None:
        """Let others take up what the run has left without an outcome; what fails too often is parked."""
        rows = [*await books.inbox.of_run(flow_run.id), *await _not_begun(books, flow_run)]
        tired = [row for row in rows if failed and row.failures + 1 >= FAILURES]
        await books.inbox.settle(dict.fromkeys([row.id for row in tired], EventStatus.PARKED))
        await books.exceptions.open([self._run_failed(row, flow_run.id) for row in tired])
        for row in rows:
            await books.inbox.release([row.id], delay=2.0 ** min(row.attempts, 6), failed=failed)

    def _run_failed(self, row: Any, run: UUID) -> NewException:
        entry = self._catalog[row.type]
        return NewException(
            event_id=row.id,
            case_id=row.case_id,
            event_type=row.type,
            contract=row.contract,
            cause=f"{entry.flow}/run-failed",
            reason=f"its run failed {FAILURES} times",
            route=ROUTES["failed"],
            owner=entry.process_owner,
            flow_run_id=run,
        )


async def _not_begun(books: Books, flow_run: FlowRun) -> Sequence[Any]:
    """Return the events that the dispatcher claimed for a run which ended before it made them its own.

    A run without a key is a person's: what it names was claimed by nobody for it.
    """
    claimed = [UUID(event) for event in flow_run.parameters.get("events", ())] if flow_run.idempotency_key else []
    return [row for row in await books.inbox.get(claimed) if row.status == EventStatus.RUNNING and row.flow_run_id is None]


async def crashed(client: PrefectClient, runs: set[UUID]) -> None:
    """Close the runs of a dead worker; what they worked on is taken up by new ones."""
    for run in runs:
        try:
            await client.set_flow_run_state(
                run, Crashed(message="its worker died; its events are taken up by another run"), force=True
            )
        except PREFECT_GONE as error:
            log.warning("Prefect could not be told a state", flow_run=str(run), error=type(error).__name__)
