"""The continuity line: what was approved, changed, delivered, invoiced and paid in each case, one entry a movement."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import Row, delete, select, text
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlmodel import col

from ledger.tables import ContinuityEntry
from lifecycle.continuity import Kind, Line, Movement, line_of


@dataclass(frozen=True, slots=True)
class NewEntry:
    """A movement that an event has caused; an event moves each kind once."""

    case_id: UUID
    event_id: UUID
    movement: Movement
    due_on: date | None = None


OPEN = text(
    """
SELECT DISTINCT ON (e.case_id) e.case_id, c.crm_deal_id, c.owner, e.reference, e.minor, e.currency, e.due_on
FROM continuity e JOIN cases c ON c.id = e.case_id
WHERE c.stage = 'invoiced' AND e.kind = 'invoiced' AND e.minor > 0 ORDER BY e.case_id, e.id DESC
"""
)


class Continuity:
    """Questions and changes on one transaction."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def enter(self, entries: Sequence[NewEntry]) -> None:
        """Write movements down; one that its event has made already stays as it is."""
        if entries:
            rows = [
                {
                    "case_id": one.case_id,
                    "event_id": one.event_id,
                    "kind": one.movement.kind.value,
                    "minor": one.movement.minor,
                    "currency": one.movement.currency,
                    "reference": one.movement.reference,
                    "due_on": one.due_on,
                }
                for one in entries
            ]
            await self._connection.execute(upsert(ContinuityEntry).values(rows).on_conflict_do_nothing())

    async def of_cases(self, case_ids: Collection[UUID]) -> Mapping[UUID, Sequence[Row[Any]]]:
        """Return the entries of cases, oldest first."""
        statement = (
            select(ContinuityEntry).where(col(ContinuityEntry.case_id).in_(list(case_ids))).order_by(col(ContinuityEntry.id))
        )
        found: dict[UUID, list[Row[Any]]] = defaultdict(list)
        for row in await self._connection.execute(statement):
            found[row.case_id].append(row)
        return found

    async def take_back(self, events: Collection[UUID]) -> None:
        """Take out the movements of events that were undone; done again, they are entered again."""
        await self._connection.execute(delete(ContinuityEntry).where(col(ContinuityEntry.event_id).in_(list(events))))

    async def open_invoices(self) -> Sequence[Row[Any]]:
        """Return the invoice of every case that waits for its payment: deal, owner, invoice, amount and due date."""
        return (await self._connection.execute(OPEN)).all()


def line(rows: Sequence[Row[Any]], *, without: UUID | None = None) -> Line:
    """Return what a case's entries add up to, those of the event `without` left out, as they stood before it."""
    return line_of(Movement(Kind(row.kind), row.minor, row.currency, row.reference) for row in rows if row.event_id != without)
