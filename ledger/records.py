"""The records of deals: what people have put there from mail and chat, each once."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Row, select
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlmodel import col

from contracts.errors import RefusedError
from contracts.systems import System
from ledger.cases import Cases
from ledger.tables import Case, Effect, RecordRow
from lifecycle.recording import RecordKind

MOST_ALIKE = 20


@dataclass(frozen=True, slots=True)
class NewRecord:
    """Words for a deal's record; `by` is the owner who vouches for them."""

    id: UUID
    case_id: UUID
    kind: RecordKind
    words: str
    author: str
    said_at: datetime
    link: str
    by: str


class Records:
    """Questions and changes on one transaction."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def put(self, one: NewRecord) -> None:
        """Put words on a deal's record; the same record a second time changes nothing."""
        await self._connection.execute(upsert(RecordRow).values(asdict(one)).on_conflict_do_nothing())

    async def case_called(self, name: str) -> Row[Any]:
        """Return the case of this name, or the one with this in its name. Raises RefusedError when there is none, or more."""
        wanted = name.strip()
        found = await Cases(self._connection).find(wanted, limit=MOST_ALIKE) if wanted else ()
        meant = [row for row in found if row.title == wanted] or list(found)
        if len(meant) != 1:
            how_many = f"{len(meant)} deals have" if meant else "no deal has"
            raise RefusedError(f"{how_many} that in its name; nothing was recorded", cause="record.which_deal")
        return meant[0]

    async def case_of_letters(self, keys: Collection[UUID]) -> Row[Any] | None:
        """Return the case that letters of ours with these keys belong to."""
        statement = select(Case).join(Effect, col(Effect.case_id) == col(Case.id))
        which = (col(Effect.key).in_(list(keys)), col(Effect.system) == System.MAIL)
        return (await self._connection.execute(statement.where(*which).limit(1))).one_or_none()

    async def of_case(self, case_id: UUID) -> Sequence[Row[Any]]:
        """Return a deal's records, oldest first."""
        statement = select(RecordRow).where(col(RecordRow.case_id) == case_id).order_by(col(RecordRow.said_at))
        return (await self._connection.execute(statement)).all()
