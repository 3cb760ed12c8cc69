"""Who answers decisions for an approver, for how long and why. No chains: who stands in hands on nothing but their own."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import DateTime, Row, and_, func, insert, literal, select, update
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlmodel import col

from contracts.errors import RefusedError
from contracts.owners import Owners
from ledger.tables import Delegation
from lifecycle.decisions import StandIn

HOLDS = (col(Delegation.ended_at).is_(None), col(Delegation.until) > func.clock_timestamp())  # not when this transaction began


class Delegations:
    """Questions and changes on one transaction."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def name(self, owners: Owners, *, approver: str, stand_in: str, until: datetime, reason: str) -> int:
        """Let somebody answer for an approver until then; return its number.

        Raises:
            RefusedError: one of them is not in the owners, there is nothing to hand on, no reason, or the time is over.
        """
        _require_names(owners, approver, stand_in)
        if not reason.strip():
            raise RefusedError("naming a stand-in needs its reason", cause="delegation.no_reason")
        if (
            await self._connection.execute(select(func.clock_timestamp() >= literal(until, DateTime(timezone=True))))
        ).scalar_one():
            raise RefusedError("that time is over already", cause="delegation.over")
        values = {"approver": approver, "stand_in": stand_in, "until": until, "reason": reason.strip()}
        added = insert(Delegation).values(**values).returning(col(Delegation.id))
        number: Any = (await self._connection.execute(added)).scalar_one()
        return int(number)

    async def end(self, number: int, *, by: str) -> None:
        """End a delegation before its time. Raises RefusedError: there is none that is open, or it is not theirs."""
        statement = update(Delegation).where(col(Delegation.id) == number, col(Delegation.approver) == by, *HOLDS)
        if not (await self._connection.execute(statement.values(ended_at=func.clock_timestamp()))).rowcount:
            raise RefusedError(f"{by} has given no delegation {number} that lasts still", cause="delegation.unknown")

    async def all(self, *, limit: int) -> Sequence[Row[Any]]:
        """Return the newest delegations, each with whether it holds now."""
        statement = select(Delegation).add_columns(and_(*HOLDS).label("holds")).order_by(col(Delegation.id).desc()).limit(limit)
        return (await self._connection.execute(statement)).all()

    async def stand_ins(self, *, hold: bool = False) -> Sequence[StandIn]:
        """Return who stands in for whom now; with `hold` none of it ends before this transaction has."""
        statement = select(col(Delegation.approver), col(Delegation.stand_in)).where(*HOLDS).order_by(col(Delegation.id))
        rows = await self._connection.execute(statement.with_for_update(read=True) if hold else statement)
        return [StandIn(row.approver, row.stand_in) for row in rows]


def _require_names(owners: Owners, approver: str, stand_in: str) -> None:
    for name in (approver, stand_in):
        if name not in owners.owners:
            raise RefusedError(f"{name} is nobody in contracts/owners.yaml", cause="delegation.unknown_name")
    if approver == stand_in:
        raise RefusedError("nobody stands in for themselves", cause="delegation.own")
    if not owners.owners[approver].approves:
        raise RefusedError(
            f"{approver} approves nothing, and what they answer for others cannot be handed on", cause="delegation.nothing"
        )
