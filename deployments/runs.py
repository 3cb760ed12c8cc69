"""One flow run from hand-over to end, whatever happens to the process it runs in."""

from __future__ import annotations

from uuid import UUID

import httpx
from prefect.client.orchestration import PrefectClient
from prefect.client.schemas.objects import FlowRun, State
from prefect.exceptions import PrefectHTTPStatusError
from prefect.states import Cancelled, Crashed, Pending

from contracts.catalog import Catalog
from deployments.child import Run
from deployments.children import Children
from ledger.database import Ledger
from ledger.exceptions import NewException
from ledger.tables import EventStatus
from runtime.logs import get_logger
from tasks.batch import ROUTES

DEATHS = 3
"""After so many deaths of the process under one run its events are parked: one of them kills it."""
PREFECT_GONE = (httpx.HTTPError, PrefectHTTPStatusError)

log = get_logger("runs")


class Runs:
    """Hands flow runs to warm processes and sees each of them to its end."""

    def __init__(self, children: Children, client: PrefectClient, ledger: Ledger, catalog: Catalog) -> None:
        self._children = children
        self._client = client
        self._ledger = ledger
        self._catalog = catalog

    async def to_the_end(self, flow_run: FlowRun, entrypoint: str) -> str:
        """Run a flow run until it is over, taking it up again when its process dies; return its last state's name."""
        for death in range(1, DEATHS + 1):
            state = await self._children.run(Run(flow_run, entrypoint))
            if state is not None:
                await self._closed(flow_run.id, state)
                return state
            log.warning("a run's process died", flow_run=str(flow_run.id), death=death)
            if death < DEATHS:
                await self._tell(flow_run.id, Pending(message="taken up again: the process it ran in died"))
        await self._parked(flow_run.id)
        await self._tell(flow_run.id, Crashed(message=f"its process died {DEATHS} times"))
        return "Crashed"

    async def _closed(self, run: UUID, state: str) -> None:
        if state == "Cancelled":
            await self._tell(run, Cancelled(message="cancelled by a person"))
        if state != "Completed":
            async with self._ledger.begin(wake=True) as books:
                await books.inbox.release_run(run)

    async def _tell(self, run: UUID, state: State) -> None:
        """Set a run's state whatever it was; a server that is gone is not waited for, the ledger holds the truth."""
        try:
            await self._client.set_flow_run_state(run, state, force=True)
        except PREFECT_GONE as error:
            log.warning("Prefect could not be told a state", flow_run=str(run), error=type(error).__name__)

    async def _parked(self, run: UUID) -> None:
        async with self._ledger.begin(wake=True) as books:
            rows = await books.inbox.of_run(run)
            await books.inbox.settle(dict.fromkeys([row.id for row in rows], EventStatus.PARKED))
            await books.exceptions.open([self._exception(row, run) for row in rows])

    def _exception(self, row: object, run: UUID) -> NewException:
        entry = self._catalog[row.type]  # type: ignore[attr-defined]
        return NewException(
            event_id=row.id,  # type: ignore[attr-defined]
            case_id=row.case_id,  # type: ignore[attr-defined]
            event_type=row.type,  # type: ignore[attr-defined]
            contract=row.contract,  # type: ignore[attr-defined]
            cause=f"{entry.flow}/process-died",
            reason=f"the process died {DEATHS} times while it worked on this",
            route=ROUTES["failed"],
            owner=entry.process_owner,
            flow_run_id=run,
        )


async def crashed(client: PrefectClient, runs: set[UUID]) -> None:
    """Close the runs of a dead worker; what they worked on is taken up by new ones."""
    for run in runs:
        try:
            await client.set_flow_run_state(
                run, Crashed(message="its worker died; its events are taken up by another run"), force=True
            )
        except PREFECT_GONE as error:
            log.warning("Prefect could not be told a state", flow_run=str(run), error=type(error).__name__)
