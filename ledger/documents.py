"""The document index: which document is the current one of its kind, and which deal it belongs to."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import Row, select
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlmodel import col

from ledger.tables import Document


@dataclass(frozen=True, slots=True)
class NewDocument:
    """A canonical document: `subject_id` is the case, or the account for its folder."""

    subject_id: UUID
    account_id: UUID
    case_id: UUID
    event_id: UUID
    artefact: str
    version: int
    name: str
    vendor_id: str
    url: str


class Documents:
    """Questions and changes on one transaction."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def enter(self, documents: Sequence[NewDocument]) -> None:
        """Enter documents as the current ones of their kind; one that stands in the index already stays."""
        if documents:
            await self._connection.execute(upsert(Document).values([asdict(d) for d in documents]).on_conflict_do_nothing())

    async def of_case(self, case_id: UUID, account_id: UUID | None) -> Sequence[Row[Any]]:
        """Return the documents of a case and of its account."""
        subjects = [case_id, *([account_id] if account_id else [])]
        statement = select(Document).where(col(Document.subject_id).in_(subjects)).order_by(col(Document.id))
        return (await self._connection.execute(statement)).all()
