"""Decisions: what waits for people, about one content, what each of them answered, and what that amounts to."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import Row, func, insert, select, text, update
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlmodel import col

from ledger.tables import AnswerRow, DecisionRow
from lifecycle.decisions import Answer, Decision

CLOSE_TOLD = text(
    """
UPDATE exceptions x SET closed_at = now(), closed_as = 'answered or taken back'
WHERE x.closed_at IS NULL AND x.cause LIKE :cause
  AND NOT EXISTS (SELECT 1 FROM decisions d WHERE d.case_id = x.case_id AND d.state = 'waiting' AND d.turns > 0)
"""
)

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

    async def hold(self, decision: UUID) -> Row[Any] | None:
        """Return a decision that nobody else answers until this transaction ends, None where there is none."""
        statement = select(DecisionRow).where(col(DecisionRow.id) == decision).with_for_update()
        return (await self._connection.execute(statement)).first()

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

    async def answers(self, decisions: Collection[UUID]) -> Mapping[UUID, Sequence[Row[Any]]]:
        """Return the answers to these decisions, of each the first one first."""
        statement = select(AnswerRow).where(col(AnswerRow.decision_id).in_(list(decisions))).order_by(col(AnswerRow.at))
        found: dict[UUID, list[Row[Any]]] = {decision: [] for decision in decisions}
        for row in await self._connection.execute(statement):
            found[row.decision_id].append(row)
        return found

    async def take(self, decision: UUID, answer: Answer, *, content: str, door: str, reason: str) -> None:
        """Write an answer down."""
        values = {"decision_id": decision, **answer._asdict(), "content_hash": content, "door": door, "reason": reason}
        await self._connection.execute(insert(AnswerRow).values(**values, at=func.clock_timestamp()))

    async def settle(self, decision: UUID, outcome: Decision, *, by: str, door: str, reason: str) -> None:
        """End a decision that waits."""
        statement = update(DecisionRow).where(col(DecisionRow.id) == decision, col(DecisionRow.state) == Decision.WAITING)
        values = {"state": outcome, "decided_at": func.now(), "decided_by": by, "door": door, "reason": reason}
        await self._connection.execute(statement.values(**values))

    async def overdue(self, kind: str, *, hours: float, turns: int) -> Sequence[Row[Any]]:
        """Return what of a kind has waited for too long since it was last somebody's turn, where there were fewer turns."""
        since = func.coalesce(col(DecisionRow.turned_at), col(DecisionRow.asked_at))
        which = (col(DecisionRow.state) == Decision.WAITING, col(DecisionRow.kind) == kind, col(DecisionRow.turns) < turns)
        statement = select(DecisionRow).where(*which, since <= func.now() - timedelta(hours=hours))
        return (await self._connection.execute(statement.with_for_update(skip_locked=True))).all()

    async def turn(self, decision: UUID, turns: int) -> None:
        """Note that it is somebody else's turn now."""
        statement = update(DecisionRow).where(col(DecisionRow.id) == decision)
        await self._connection.execute(statement.values(turns=turns, turned_at=func.now()))

    async def close_told(self, cause: str) -> None:
        """Close the exceptions whose cause begins so, where nothing waits any more of which it had become somebody's turn."""
        await self._connection.execute(CLOSE_TOLD, {"cause": f"{cause}%"})

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
