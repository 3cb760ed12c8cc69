"""What people did in chat: written down before it is acknowledged, worked off once, by whichever worker comes to it."""

from __future__ import annotations

from dataclasses import asdict
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Row, func, select, text, update
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlmodel import col

from contracts.interactions import Action, Interaction, Way
from ledger.tables import InteractionRow

TAKE = text(
    """
UPDATE interactions SET attempts = attempts + 1, taken_until = now() + make_interval(secs => :seconds * (attempts + 1))
WHERE id = (SELECT id FROM interactions WHERE done_at IS NULL AND coalesce(taken_until, now()) <= now()
            ORDER BY received_at LIMIT 1 FOR UPDATE SKIP LOCKED)
RETURNING *
"""
)


class Interactions:
    """Questions and changes on one transaction."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def receive(self, one: Interaction) -> None:
        """Write down what somebody did; the same request a second time changes nothing."""
        await self._connection.execute(upsert(InteractionRow).values(asdict(one)).on_conflict_do_nothing())

    async def take(self, *, seconds: float) -> Row[Any] | None:
        """Return the oldest that nobody works on, and keep others off it for so long, longer with each attempt."""
        return (await self._connection.execute(TAKE, {"seconds": seconds})).one_or_none()

    async def received_at(self, number: UUID) -> datetime:
        """Return when it was done."""
        statement = select(col(InteractionRow.received_at)).where(col(InteractionRow.id) == number)
        found: datetime = (await self._connection.execute(statement)).scalar_one()
        return found

    async def settle(self, number: UUID, outcome: str) -> None:
        """Write down what became of it, and forget what was typed: what of it counts stands where it was put."""
        values = {"done_at": func.now(), "outcome": outcome, "subject": "", "said": {}, "answer_to": "", "trigger": ""}
        await self._connection.execute(update(InteractionRow).where(col(InteractionRow.id) == number).values(**values))


def interaction_of(row: Row[Any]) -> Interaction:
    """Return what somebody did, as it was received."""
    return Interaction(
        row.id, Way(row.way), Action(row.action), row.person, row.subject, row.message, row.answer_to, row.trigger, row.said
    )
