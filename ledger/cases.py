"""Cases: one row per deal's trip, moved along as its events are done."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import Row, func, literal, select, text, union_all, update
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlmodel import col

from ledger.tables import Case, CaseReference

ADVANCE = text(
    """
UPDATE cases SET stage = :stage, changed_at = now(), account_id = coalesce(:account_id, account_id),
  title = coalesce(nullif(:title, ''), title), owner = coalesce(:owner, owner),
  amount_minor = coalesce(:amount_minor, amount_minor), currency = coalesce(:currency, currency),
  crm_deal_id = CASE WHEN EXISTS (SELECT 1 FROM cases o WHERE o.crm_deal_id = :crm_deal_id AND o.id <> :id)
                     THEN crm_deal_id ELSE coalesce(:crm_deal_id, crm_deal_id) END
WHERE id = :id
"""
)


class Cases:
    """Questions and changes on one transaction."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def open(self, ids: Collection[UUID]) -> Mapping[UUID, Row[Any]]:
        """Return the cases, opening those that are not there yet."""
        rows = [{"id": case} for case in sorted(set(ids))]
        await self._connection.execute(upsert(Case).values(rows).on_conflict_do_nothing())
        return await self.get(ids)

    async def get(self, ids: Collection[UUID]) -> Mapping[UUID, Row[Any]]:
        """Return the cases that exist among these."""
        rows = (await self._connection.execute(select(Case).where(col(Case.id).in_(list(ids))))).all()
        return {row.id: row for row in rows}

    async def find(self, wanted: str, *, limit: int, stage: str | None = None) -> Sequence[Row[Any]]:
        """Return the cases whose title has this in it, in any case of its letters, those that were moved last first.

        With a stage, those that stand there.
        """
        query = select(Case).order_by(col(Case.changed_at).desc()).limit(limit)
        if wanted:
            query = query.where(col(Case.title).icontains(wanted, autoescape=True))
        if stage is not None:
            query = query.where(col(Case.stage) == stage)
        return (await self._connection.execute(query)).all()

    async def of_references(self, references: Collection[str]) -> Mapping[str, UUID]:
        """Return which case each reference (`deal:123`, `invoice:in_1`) leads to; one that leads nowhere is left out."""
        deals = [one.removeprefix("deal:") for one in references if one.startswith("deal:")]
        by_deal = select(literal("deal:").concat(col(Case.crm_deal_id)), col(Case.id)).where(col(Case.crm_deal_id).in_(deals))
        others = select(col(CaseReference.reference), col(CaseReference.case_id)).where(
            col(CaseReference.reference).in_(list(references))
        )
        return {str(reference): case for reference, case in await self._connection.execute(union_all(by_deal, others))}

    async def refer(self, references: Mapping[str, UUID]) -> None:
        """Let references lead to cases; one that leads somewhere already stays."""
        if references:
            rows = [{"reference": reference, "case_id": case} for reference, case in references.items()]
            await self._connection.execute(upsert(CaseReference).values(rows).on_conflict_do_nothing())

    async def references_of(self, case_id: UUID) -> Sequence[str]:
        """Return the references that lead to a case, besides its deal."""
        statement = select(col(CaseReference.reference)).where(col(CaseReference.case_id) == case_id)
        return list((await self._connection.execute(statement)).scalars())

    async def advance(self, cases: Sequence[Mapping[str, Any]]) -> None:
        """Set the fields of cases; what is None stays as it was. A CRM deal that is another case's stays with that one."""
        if cases:
            await self._connection.execute(ADVANCE, list(cases))

    async def forget_deals(self, deal_ids: Collection[str]) -> None:
        """Let cases be without a deal in the CRM whose deal was taken back."""
        statement = update(Case).where(col(Case.crm_deal_id).in_(list(deal_ids)))
        await self._connection.execute(statement.values(crm_deal_id=None))

    async def put_back(self, stages: Mapping[UUID, str]) -> None:
        """Put cases back to where what is left of them stands."""
        for stage in set(stages.values()):
            statement = update(Case).where(col(Case.id).in_([case for case, found in stages.items() if found == stage]))
            await self._connection.execute(statement.values(stage=str(stage), changed_at=func.now()))

    async def count(self) -> Sequence[Row[Any]]:
        """Count cases by stage."""
        statement = select(col(Case.stage), func.count().label("cases")).group_by(col(Case.stage)).order_by(col(Case.stage))
        return (await self._connection.execute(statement)).all()
