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
from prefect.exceptions import PrefectHTTPStatusError
from prefect.states import Pending

from contracts.catalog import Criticality
from contracts.errors import MisconfiguredError, RetryableError
from deployments.children import Children
from deployments.deploy import Plan
from deployments.runs import PREFECT_GONE, Runs
from lifecycle import keys
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
        order = list(Criticality)
        events = [(deployment, plan.event) for deployment, plan in plans.items() if plan.event]
        self._events = sorted(events, key=lambda one: order.index(house.catalog[one[1]].criticality))
        self._plans = plans
        self._under_way: set[asyncio.Task[None]] = set()
        self._starting = 0
        self._at_work: Counter[str] = Counter()
        self._most = max(1, children.places - 1)  # a flood of one event leaves a place to the others
        self.handing_over: set[UUID] = set()
        """Events that are claimed and not with a process yet."""
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
        for deployment, event in self._events:
            while self.has_place and self._at_work[event] < self._most:
                claimed = await self._claim(event)
                if not claimed:
                    break
                self._hand_over(deployment, event, claimed)

    @property
    def has_place(self) -> bool:
        """Say whether a process could take on one more run."""
        return self._children.free > self._starting

    def let_through(self, event: Any) -> None:
        """Start a run for one event that somebody else has leased for this worker."""
        deployment = next(deployment for deployment, name in self._events if name == event.type)
        self._hand_over(deployment, event.type, [event])

    def _hand_over(self, deployment: UUID, event: str, claimed: Sequence[Any]) -> None:
        self._starting += 1
        self._at_work[event] += 1
        task = asyncio.create_task(self._start(deployment, event, claimed))
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
        self.handing_over.update(ids)
        try:
            flow_run = await self._client.create_flow_run_from_deployment(
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
            return
        finally:
            self._starting -= 1
            self.handing_over.difference_update(ids)
        await self._runs.to_the_end(flow_run, self._plans[deployment])


def run_name(title: str, events: Sequence[UUID]) -> str:
    """Return what a run is called in the Prefect UI: `Lead qualified · 12 deals`, `Lead qualified · deal 3f2a91c0`."""
    return f"{title} · {len(events)} deals" if len(events) > 1 else f"{title} · deal {events[0].hex[:8]}"
