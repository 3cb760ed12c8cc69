"""Turns the inbox's events into runs of their deployments, at once: one event is one run, a backlog runs in batches."""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any
from uuid import UUID

from prefect.client.orchestration import PrefectClient
from prefect.client.schemas.objects import FlowRun
from prefect.exceptions import PrefectHTTPStatusError
from prefect.states import Pending

from contracts.errors import MisconfiguredError, RetryableError
from deployments.children import Children
from deployments.deploy import Plan
from deployments.runs import PREFECT_GONE, Runs
from deployments.turns import Turns
from ledger.deaths import ALONE
from lifecycle import keys
from lifecycle.circuits import needs
from runtime.logs import get_logger
from runtime.wiring import Runtime

LONGEST_SLEEP = 1.0
"""Seconds after which the inbox is looked at without a wake-up call: one may get lost, and delays end unannounced."""
PAUSE_WITHOUT_PREFECT = 2.0

log = get_logger("dispatcher")


class Dispatcher:
    """Claims what is ready and hands it over while processes are free. It must not know what a flow does."""

    def __init__(self, house: Runtime, client: PrefectClient, children: Children, runs: Runs, plans: Mapping[UUID, Plan]) -> None:
        self._house = house
        self._client = client
        self._children = children
        self._runs = runs
        self._deployments = {plan.event: deployment for deployment, plan in plans.items() if plan.event}
        self._turns = Turns({event: house.catalog[event].criticality for event in self._deployments})
        self._plans = plans
        self._under_way: set[asyncio.Task[None]] = set()
        self._starting = 0
        self._at_work: Counter[str] = Counter()
        self._most = max(1, children.places - 1)  # a flood of one event leaves a place to the others
        self.held: set[UUID] = set()
        """Events that are claimed for a run which is not over; one that is to be alone waits until a process is empty."""
        self.unprepared: set[str] = set()
        """Systems that were down since we started, so that they are not ready for us; paths that need one are not started."""
        self._resume_at = 0.0
        self._broken: MisconfiguredError | None = None

    async def run(self) -> None:
        """Dispatch until cancelled; a ledger or a Prefect server that is gone is waited for.

        Raises:
            MisconfiguredError: a deployment is gone.
        """
        while True:
            try:
                async with self._house.ledger.woken() as calls:
                    while not calls.ended:
                        await self._dispatch()
                        await self._sleep(calls.called)
            except RetryableError as error:
                log.warning("the ledger is gone, waiting for it", error=type(error).__name__)
                await asyncio.sleep(LONGEST_SLEEP)

    async def _sleep(self, called: asyncio.Event) -> None:
        waits = [asyncio.ensure_future(called.wait()), asyncio.ensure_future(self._children.became_free.wait())]
        await asyncio.wait(waits, timeout=LONGEST_SLEEP, return_when=asyncio.FIRST_COMPLETED)
        for wait in waits:
            wait.cancel()
        called.clear()
        self._children.became_free.clear()

    async def _dispatch(self) -> None:
        if self._broken:
            raise self._broken
        if time.monotonic() < self._resume_at:
            return
        done: set[str] = set()
        while self.has_place and (event := next((one for one in self._turns.order() if one not in done), None)):
            if self._may_begin(event) and (claimed := await self._claim(event)):
                self._turns.taken(event)
                self._hand_over(event, claimed)
            else:
                done.add(event)

    def _may_begin(self, event: str) -> bool:
        return self._at_work[event] < self._most and not self.unprepared.intersection(needs(event)[0])

    @property
    def has_place(self) -> bool:
        """Say whether a process could take on one more run."""
        return self._children.free > self._starting

    def let_through(self, event: Any) -> None:
        """Start a run for one event that somebody else has leased for this worker."""
        self._hand_over(event.type, [event])

    def _hand_over(self, event: str, claimed: Sequence[Any]) -> None:
        self._starting += 1
        self._at_work[event] += 1
        task = asyncio.create_task(self._start(self._deployments[event], event, claimed))
        self._under_way.add(task)
        task.add_done_callback(self._under_way.discard)
        task.add_done_callback(partial(self._is_over, event))

    def _is_over(self, event: str, _: asyncio.Task[None]) -> None:
        self._at_work[event] -= 1

    async def _claim(self, event: str) -> Sequence[Any]:
        house = self._house
        async with house.ledger.begin() as books:
            return await books.inbox.claim(event, limit=house.catalog[event].batch, worker=house.worker, seconds=house.lease)

    async def _start(self, deployment: UUID, event: str, claimed: Sequence[Any]) -> None:
        """Make a run of the deployment and see it to its end; only ids go to Prefect."""
        ids = [row.id for row in claimed]
        self.held.update(ids)
        try:
            if flow_run := await self._made(deployment, event, claimed):
                await self._runs.to_the_end(flow_run, self._plans[deployment], alone=claimed[0].deaths >= ALONE)
        finally:
            self.held.difference_update(ids)

    async def _made(self, deployment: UUID, event: str, claimed: Sequence[Any]) -> FlowRun | None:
        """Make the run; while Prefect is gone, give the events back."""
        ids = [row.id for row in claimed]
        try:
            return await self._client.create_flow_run_from_deployment(
                deployment,
                name=run_name(self._house.catalog[event].title, ids),
                parameters={"events": [str(event_id) for event_id in ids]},
                state=Pending(message="handed to a warm process"),
                idempotency_key=str(keys.batch_key(f"run {sum(row.turns for row in claimed)}", ids)),
            )
        except PREFECT_GONE as error:
            log.warning("Prefect is gone, its events wait", events=len(ids), error=type(error).__name__)
            self._resume_at = time.monotonic() + PAUSE_WITHOUT_PREFECT
            if isinstance(error, PrefectHTTPStatusError) and error.response.status_code == 404:
                self._broken = MisconfiguredError(f"the deployment of {event} is gone; a worker that starts makes it anew")
            async with self._house.ledger.begin() as books:
                await books.inbox.release(ids, forget_attempt=True)
            return None
        finally:
            self._starting -= 1


def run_name(title: str, events: Sequence[UUID]) -> str:
    """Return what a run is called in the Prefect UI: `Lead qualified · 12 deals`, `Lead qualified · deal 3f2a91c0`."""
    return f"{title} · {len(events)} deals" if len(events) > 1 else f"{title} · deal {events[0].hex[:8]}"
