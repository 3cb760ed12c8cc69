"""Starts released rollbacks, one after another, and takes up those whose worker died; knows nothing of what they undo."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Mapping
from uuid import UUID

from prefect.client.orchestration import PrefectClient
from prefect.states import Pending

from contracts.errors import TowlineError
from deployments.deploy import Plan
from deployments.runs import PREFECT_GONE, Runs
from runtime.logs import get_logger
from runtime.wiring import Runtime

LOOK = 1.0
"""Seconds between looks at whether one is released."""
LATER = 15.0
"""Seconds after which a rollback is taken up again whose run has failed."""
FLOW = "rollback"

log = get_logger("rollbacks")


class Rollbacks:
    """Carries out one rollback at a time, under a lease."""

    def __init__(self, house: Runtime, client: PrefectClient, runs: Runs, plans: Mapping[UUID, Plan]) -> None:
        self._house = house
        self._client = client
        self._runs = runs
        self._deployment, self._plan = next((one, plan) for one, plan in plans.items() if plan.flow == FLOW)

    async def run(self) -> None:
        """Start what is released until cancelled; a ledger or a Prefect server that is gone is waited for."""
        with contextlib.suppress(TowlineError):
            async with self._house.ledger.begin() as books:  # what a predecessor of our name held
                await books.rollbacks.extend(self._house.worker, [], seconds=0)
        while True:
            try:
                await self.look()
            except (*PREFECT_GONE, TowlineError) as error:
                log.warning("rollbacks wait", error=type(error).__name__)
            await asyncio.sleep(LOOK)

    async def look(self) -> UUID | None:
        """Carry out the oldest rollback that is released, and return it."""
        house = self._house
        async with house.ledger.begin() as books:
            rollback = await books.rollbacks.take(house.worker, seconds=house.lease)
        if rollback is None:
            return None
        holding = asyncio.create_task(self._hold(rollback))
        done = False
        try:
            flow_run = await self._client.create_flow_run_from_deployment(
                self._deployment,
                name=f"{self._plan.name} · {rollback.hex[:8]}",
                parameters={"rollback": str(rollback)},
                state=Pending(message="handed to a warm process"),
            )
            done = await self._runs.to_the_end(flow_run, self._plan) == "Completed"
        finally:
            holding.cancel()
            async with house.ledger.begin() as books:
                await books.rollbacks.let_go(rollback, delay=0 if done else LATER)
        return rollback

    async def _hold(self, rollback: UUID) -> None:
        """Prolong the lease while the run lives."""
        while True:
            await asyncio.sleep(self._house.lease / 3)
            with contextlib.suppress(TowlineError):
                async with self._house.ledger.begin() as books:
                    await books.rollbacks.extend(self._house.worker, [rollback], seconds=self._house.lease)
