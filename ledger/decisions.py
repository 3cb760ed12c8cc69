"""Decisions: what waits for a person, about one content, and how they answered; the first answer counts."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import Row, func, select, text, update
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlmodel import col

from ledger.tables import DecisionRow
from lifecycle.decisions import Decision

UNTOLD = text(
    """
SELECT d.id, e.vendor_id AS message, d.state, d.asked_at < now() - interval '1 hour' AS is_old FROM decisions d
LEFT JOIN effects e ON e.event_id = d.event_id AND e.step = 'ask_approval' AND e.state = 'done'
WHERE d.state <> 'waiting' AND d.told IS DISTINCT FROM d.state ORDER BY d.asked_at LIMIT :limit
"""
)
ON_MESSAGE = text(
    """
SELECT d.*, i.type AS event_type FROM effects e
JOIN decisions d ON d.event_id = e.event_id JOIN inbox i ON i.id = e.event_id
WHERE e.system = 'chat' AND e.vendor_id = :message AND e.step = 'ask_approval' AND e.state = 'done' ORDER BY d.asked_at, d.id
"""
)


@dataclass(frozen=True, slots=True)
class NewDecision:
    """Something that a person is asked to stand for; `terms` is what they approve beside the document: lines and payment days."""

    id: UUID
    kind: str
    case_id: UUID
    event_id: UUID
    title: str
    document: str
    url: str
    content_hash: str
    minor: int
    currency: str
    terms: Mapping[str, Any]
    owner: str | None


class Decisions:
    """Questions and changes on one transaction."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def ask(self, decisions: Sequence[NewDecision]) -> None:
        """Write down what is asked; what the same case waited for before is withdrawn. One asked already stays as it stands."""
        if not decisions:
            return
        await self._end([one.case_id for one in decisions], Decision.WITHDRAWN, but=[one.id for one in decisions])
        await self._connection.execute(upsert(DecisionRow).values([asdict(one) for one in decisions]).on_conflict_do_nothing())

    async def get(self, ids: Collection[UUID]) -> Mapping[UUID, Row[Any]]:
        """Return the decisions that exist among these."""
        rows = await self._connection.execute(select(DecisionRow).where(col(DecisionRow.id).in_(list(ids))))
        return {row.id: row for row in rows}

    async def waiting(self, *, limit: int = 1000) -> Sequence[Row[Any]]:
        """Return what waits for an answer, the oldest first."""
        statement = select(DecisionRow).where(col(DecisionRow.state) == Decision.WAITING).order_by(col(DecisionRow.asked_at))
        return (await self._connection.execute(statement.limit(limit))).all()

    async def of_case(self, case_id: UUID) -> Sequence[Row[Any]]:
        """Return a case's decisions, oldest first."""
        statement = select(DecisionRow).where(col(DecisionRow.case_id) == case_id).order_by(col(DecisionRow.asked_at))
        return (await self._connection.execute(statement)).all()

    async def latest_approved(self, case_ids: Collection[UUID]) -> Mapping[UUID, Row[Any]]:
        """Return the newest approved decision of each case."""
        approved = (col(DecisionRow.case_id).in_(list(case_ids)), col(DecisionRow.state) == Decision.APPROVED)
        rows = await self._connection.execute(select(DecisionRow).where(*approved).order_by(col(DecisionRow.decided_at)))
        return {row.case_id: row for row in rows}

    async def answer(self, decision: UUID, outcome: Decision, *, by: str, door: str, reason: str) -> bool:
        """Write an answer down; return whether it was the first one."""
        statement = update(DecisionRow).where(col(DecisionRow.id) == decision, col(DecisionRow.state) == Decision.WAITING)
        values = {"state": outcome, "decided_at": func.now(), "decided_by": by, "door": door, "reason": reason}
        return bool((await self._connection.execute(statement.values(**values))).rowcount)

    async def untold(self, *, limit: int = 100) -> Sequence[Row[Any]]:
        """Return what is answered, or asked no more, and stands otherwise in chat; `message` is where it was asked there."""
        return (await self._connection.execute(UNTOLD, {"limit": limit})).all()

    async def on_message(self, message: str) -> Sequence[Row[Any]]:
        """Return all that one chat message asks, the oldest first, each with its event's type."""
        return (await self._connection.execute(ON_MESSAGE, {"message": message})).all()

    async def tell(self, states: Mapping[UUID, str]) -> None:
        """Write down as what chat shows these decisions."""
        for decision, state in states.items():
            await self._connection.execute(update(DecisionRow).where(col(DecisionRow.id) == decision).values(told=state))

    async def void(self, decisions: Collection[UUID]) -> None:
        """Take approvals back whose content is not what was approved; who gave them stays written down."""
        statement = update(DecisionRow).where(col(DecisionRow.id).in_(list(decisions)))
        await self._connection.execute(statement.values(state=Decision.VOID))

    async def withdraw(self, case_ids: Collection[UUID]) -> None:
        """Take back what is asked in these cases."""
        await self._end(case_ids, Decision.WITHDRAWN)

    async def take_back(self, events: Collection[UUID]) -> Sequence[UUID]:
        """Withdraw what these events have asked, also where it was approved: the offer is gone. Return it."""
        stands = col(DecisionRow.state).in_([Decision.WAITING, Decision.APPROVED])
        statement = update(DecisionRow).where(col(DecisionRow.event_id).in_(list(events)), stands)
        rows = await self._connection.execute(statement.values(state=Decision.WITHDRAWN).returning(col(DecisionRow.id)))
        return rows.scalars().all()

    async def _end(self, case_ids: Collection[UUID], state: Decision, *, but: Collection[UUID] = ()) -> None:
        which = (col(DecisionRow.case_id).in_(list(case_ids)), col(DecisionRow.state) == Decision.WAITING)
        statement = update(DecisionRow).where(*which, col(DecisionRow.id).not_in(list(but)))
        await self._connection.execute(statement.values(state=state))
