"""Carrying a released rollback out. Prefect knows its id, and nothing of what it is about."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from uuid import UUID

from prefect import flow
from prefect.client.schemas.objects import State
from prefect.states import Completed

from contracts.errors import HeldError, RefusedError
from flows.refusal import refused
from ledger.going_back import go_back
from lifecycle.undo import RollbackState
from runtime.wiring import runtime
from tasks.batch import waits
from tasks.opening import current_run
from tasks.options import FLOW
from tasks.undo import undo_cases
from tasks.undo_messages import undo_messages

CHUNK = 100
PAUSE = 1.0
"""Seconds until a case is looked at again whose event is worked on right now."""


@flow(name="rollback", description="Take back in the outside systems what a released rollback is about.", **FLOW)
async def rollback(rollback: UUID) -> State[None]:
    """Undo effects, a hundred deals at a time, as long as nobody stops it; say what became of them.

    Args:
        rollback: Id of a rollback that the worker has begun, as `towline rollback list` shows it
    """
    run = current_run()
    async with runtime().ledger.begin() as books:
        await books.rollbacks.begin(rollback, run)
    try:
        while cases := await _next_cases(rollback, run):
            await undo_cases(rollback, cases)
        if not await _is_on(rollback, run):
            return refused(RefusedError("the rollback is not under way, or goes on in another run", cause="rollback.not_running"))
        await undo_messages(rollback)
    except HeldError as error:
        return waits(error.text)
    return await _finish(rollback)


async def _next_cases(rollback: UUID, run: UUID | None) -> Sequence[UUID]:
    """Return cases to be undone in which no event is worked on, waiting for such an event to end; none when it is over."""
    while await _is_on(rollback, run):
        async with runtime().ledger.begin() as books:
            cases, busy = await books.rollbacks.open_cases(rollback, limit=CHUNK)
        if not cases or set(cases) - busy:
            return [case for case in cases if case not in busy]
        await asyncio.sleep(PAUSE)
    return []


async def _is_on(rollback: UUID, run: UUID | None) -> bool:
    async with runtime().ledger.begin() as books:
        row = await books.rollbacks.get(rollback)
    return row is not None and row.state == RollbackState.RUNNING and row.flow_run_id == run


async def _finish(rollback: UUID) -> State[None]:
    async with runtime().ledger.begin(wake=True) as books:
        row = await books.rollbacks.get(rollback)
        if row is not None and not row.after_failure:
            await go_back(books, rollback, {item.case_id for item in await books.rollbacks.items(rollback)})
        await books.rollbacks.end(rollback)
        row = await books.rollbacks.get(rollback)
    told = f"{row.undone} undone, {row.kept} kept, {row.changed} changed by people since, {row.failed} failed" if row else ""
    return Completed(message=told)
