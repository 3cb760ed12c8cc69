"""How people plan, release and stop rollbacks: a dry run that looks outside and changes nothing, and the rules of release."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy import func

from contracts.errors import RefusedError
from contracts.owners import Owners
from ledger.database import Ledger
from ledger.scopes import Scope
from lifecycle.undo import RollbackState, require_known, require_release
from runtime.wiring import Runtime
from tasks.judging import judged

UNKNOWN = "there is no such rollback; `towline rollback list` shows them"


async def plan(house: Runtime, scope: Scope, *, by: str, reason: str) -> UUID:
    """Look at what a scope's undoing would do, and keep that as a proposal; nothing is changed outside.

    Raises:
        RefusedError: there is nothing to undo, or nobody of that name may ask.
        RetryableError, MisconfiguredError: a system does not tell what stands there.
    """
    require_known(house.catalog.owners, by)
    async with house.ledger.begin() as books:
        effects = await books.rollbacks.effects_in(scope)
        if not effects:
            raise RefusedError("nothing that stands outside was done in this scope", cause="rollback.nothing")
        rollback = await books.rollbacks.draw_up(scope.name, reason, by, effects)
        rows = await books.rollbacks.deeds(rollback)
    verdicts = await judged(house, rows)
    async with house.ledger.begin() as books:
        await books.rollbacks.propose(rollback, verdicts)
    return rollback


async def release(ledger: Ledger, owners: Owners, rollback: UUID, *, by: str) -> None:
    """Let a worker carry a proposal out; one of several deals needs somebody else than who asked for it.

    Raises:
        RefusedError: it may not be released, by this person or at all.
    """
    async with ledger.begin(wake=True) as books:
        row = await books.rollbacks.get(rollback)
        if row is None:
            raise RefusedError(UNKNOWN, cause="rollback.unknown")
        require_release(owners, by, asked_by=row.asked_by, cases=row.cases)
        hindrance = await books.rollbacks.in_the_way(rollback)
        if hindrance.other is not None:
            raise RefusedError(f"rollback {hindrance.other} works on the same deals", cause="rollback.overlaps")
        if hindrance.moved_on:
            raise RefusedError("the deals have moved on since the dry run: make a new one", cause="rollback.stale")
        released = {"confirmed_by": by, "released_at": func.now()}
        if not await books.rollbacks.move(rollback, (RollbackState.PROPOSED,), RollbackState.RELEASED, **released):
            raise RefusedError(f"this rollback is {row.state} already", cause="rollback.state")


MOVES = {
    "stop": ((RollbackState.RELEASED, RollbackState.RUNNING), RollbackState.STOPPED),
    "resume": ((RollbackState.STOPPED,), RollbackState.RELEASED),
    "cancel": ((RollbackState.PROPOSED, RollbackState.STOPPED), RollbackState.CANCELLED),
}
"""What people may do with a rollback: the states they find it at, and the one they leave it at."""


async def move(ledger: Ledger, rollback: UUID, what: str) -> None:
    """Stop, resume or cancel a rollback; what is undone stays undone. Raises RefusedError where it does not stand so."""
    found_at, state = MOVES[what]
    async with ledger.begin(wake=True) as books:
        row = await books.rollbacks.get(rollback)
        if row is None:
            raise RefusedError(UNKNOWN, cause="rollback.unknown")
        if not await books.rollbacks.move(rollback, found_at, state):
            raise RefusedError(f"a rollback that is {row.state} cannot be told to {what}", cause="rollback.state")
