"""What stops a step before its calls or between them, and what failures say of a system."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Collection
from typing import Any
from uuid import UUID

from connectors.brake import Brake, braked_by
from contracts.errors import HeldError, RetryableError, TowlineError
from ledger.database import Books
from lifecycle.circuits import reading, system_of
from lifecycle.path import Step
from lifecycle.switches import said
from runtime.wiring import runtime
from tasks.batch import Batch

LOOK = 1.0
"""Seconds between looks at the switches while a step makes its calls: a pause counts within five."""


async def stopped(books: Books, batch: Batch[Any], step: Step, events: Collection[UUID]) -> str | None:
    """Return in words what stops this step for these events now; None for nothing."""
    stop = await books.switches.stops(batch.entry.event, step, events)
    if stop is None:
        return None
    return down(stop.name) if stop.scope == "circuit" else f"{said(stop.scope, stop.name)} is paused"


def down(system: str) -> str:
    """Return in words that a system is down."""
    return f"{system} is down"


async def paused(system: str) -> str | None:
    """Return in words what a person has paused that stops an operating flow's change in a system; None for nothing."""
    async with runtime().ledger.begin() as books:
        return await books.switches.pauses("", system)


@contextlib.asynccontextmanager
async def not_while_paused(system: str) -> AsyncIterator[None]:
    """Let a pause of everything, or of this system, stop what no path of an event does, before its calls and between them.

    Raises:
        HeldError: it is paused.
    """
    if why := await paused(system):
        raise HeldError(why)
    async with braked("", system):
        yield


@contextlib.asynccontextmanager
async def braked(event_type: str, system: str) -> AsyncIterator[None]:
    """Let a pause of this path or system stop also the calls that follow within, however long they take in all."""
    brake = Brake()
    watch = asyncio.create_task(_watch(brake, event_type, system))
    try:
        with braked_by(brake):
            yield
    finally:
        watch.cancel()
        await asyncio.gather(watch, return_exceptions=True)


async def _watch(brake: Brake, event_type: str, system: str) -> None:
    while not brake.reason:
        await asyncio.sleep(LOOK)
        with contextlib.suppress(RetryableError):
            async with runtime().ledger.begin() as books:
                if why := await books.switches.pauses(event_type, system):
                    brake.pull(why)


async def cannot_read(books: Books, batch: Batch[Any], error: TowlineError) -> bool:
    """Count that a path could not read what it needs, for all its attempts; hold its events if the system is down now."""
    system = system_of(error)
    if system is None or not batch.items:
        return False
    attempts, step = batch.entry.retry.attempts, reading(batch.entry.event)
    if not await books.circuits.failed(system, step, list(batch.items), error, times=attempts):
        return False
    for item in batch:
        batch.hold(item, down(system))
    return True


async def has_read(books: Books, batch: Batch[Any]) -> None:
    """Close what was open because this path could not read; a run that got to its end could."""
    for row in await books.circuits.open() if len(batch) else ():
        if row.step == reading(batch.entry.event):
            await books.circuits.answered(row.system, [row.step], next(iter(batch.items)))
