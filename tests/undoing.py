"""Helpers of tests that take back: a rollback from dry run to end, as the command and the worker do it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from prefect.settings import PREFECT_API_TLS_INSECURE_SKIP_VERIFY, PREFECT_API_URL, temporary_settings

from deployments.rolling_back import plan, release
from flows.rollback import rollback as rollback_flow
from ledger.scopes import Scope
from tests.world import World

ASKER, SECOND = "sales-operations", "head-of-sales"


def of_event(event: UUID) -> Scope:
    """An event, and what stands on it."""
    return Scope("event", f"event {event}", {"event": event})


async def planned(world: World, scope: Scope) -> UUID:
    """Make a dry run."""
    return await plan(world.house, scope, by=ASKER, reason="a test")


async def carried_out(world: World, rollback: UUID) -> Any:
    """Take the next rollback as the worker does, and run its flow; return how the run ended."""
    async with world.house.ledger.begin() as books:
        assert await books.rollbacks.take("tests", seconds=30) == rollback
    state = await run(world, rollback)
    async with world.house.ledger.begin() as books:
        await books.rollbacks.let_go(rollback)
    return state


async def run(world: World, rollback: UUID) -> Any:
    """Run the flow, whether or not the rollback is to be carried out."""
    with temporary_settings({PREFECT_API_URL: world.prefect, PREFECT_API_TLS_INSECURE_SKIP_VERIFY: True}):
        return await rollback_flow(rollback, return_state=True)


async def rolled_back(world: World, scope: Scope) -> UUID:
    """Plan, release by a second person, and carry out."""
    rollback = await planned(world, scope)
    await release(world.house.ledger, world.house.catalog.owners, rollback, by=SECOND)
    await carried_out(world, rollback)
    return rollback


async def items(world: World, rollback: UUID) -> Sequence[Any]:
    """What a rollback is about, and what became of it."""
    async with world.house.ledger.begin() as books:
        return await books.rollbacks.items(rollback)


async def row_of(world: World, rollback: UUID) -> Any:
    """A rollback with its counts."""
    async with world.house.ledger.begin() as books:
        return await books.rollbacks.get(rollback)


async def outcomes(world: World, rollback: UUID) -> dict[str, str | None]:
    """What became of each step, where each was done once."""
    return {row.step: row.outcome for row in await items(world, rollback)}
