"""What each night finds in the CRM's records: counts that can be compared, and an exception for each rule that is broken."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import date
from typing import Any

from sqlalchemy import Row, func, select, text
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlmodel import col

from ledger.tables import AuditRow, Case, ExceptionRow

NIGHTS = text(
    """
SELECT night, suite, max(checked) AS records, sum(refused)::bigint AS faults,
       sum(refused) FILTER (WHERE severity = 'critical')::bigint AS errors,
       sum(refused) FILTER (WHERE kind = 'uniqueness')::bigint AS duplicates
FROM audits WHERE night > (SELECT max(night) FROM audits) - CAST(:nights AS integer)
GROUP BY night, suite ORDER BY night DESC, suite
"""
)


DAYS = 30
"""Of so many days the Data Docs count what the paths' gates said."""
COUNTED = text(
    """
SELECT suite, rule, checked, refused FROM audits a WHERE night = (SELECT max(night) FROM audits b WHERE b.suite = a.suite)
UNION ALL
SELECT g.suite, e.rule, sum(e.elements)::bigint, sum(e.unexpected)::bigint
FROM gate_results g, jsonb_to_recordset(g.summary -> 'expectations') AS e(rule text, elements bigint, unexpected bigint)
WHERE g.at >= now() - make_interval(days => :days) GROUP BY g.suite, e.rule
"""
)


@dataclass(frozen=True, slots=True)
class Count:
    """How many records one rule judged and refused."""

    suite: str
    rule: str
    kind: str
    severity: str
    checked: int
    refused: int


class Audits:
    """Questions and changes on one transaction."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def keep(self, night: date, counts: Sequence[Count]) -> None:
        """Keep what a night has counted; a second look in the same night counts anew."""
        if counts:
            insert = upsert(AuditRow).values([{"night": night, **asdict(count)} for count in counts])
            new = {name: insert.excluded[name] for name in ("kind", "severity", "checked", "refused")} | {"at": func.now()}
            await self._connection.execute(insert.on_conflict_do_update(index_elements=["night", "suite", "rule"], set_=new))

    async def counted(self) -> Sequence[Row[Any]]:
        """Return suite, rule, rows judged and refused: the newest audit's of records, those of `DAYS` of the paths."""
        return (await self._connection.execute(COUNTED, {"days": DAYS})).all()

    async def nights(self, *, nights: int) -> Sequence[Row[Any]]:
        """Return records, faults, errors and duplicates of each suite in each of the last nights, the newest first."""
        return (await self._connection.execute(NIGHTS, {"nights": nights})).all()

    async def open_deals(self, over: Collection[str]) -> Mapping[str, Row[Any]]:
        """Return the cases that are not over and have a deal in the CRM, by that."""
        which = (col(Case.crm_deal_id).is_not(None), col(Case.stage).not_in(list(over)))
        rows = await self._connection.execute(select(col(Case.crm_deal_id), col(Case.stage), col(Case.currency)).where(*which))
        return {row.crm_deal_id: row for row in rows}

    async def open(self) -> set[str]:
        """Return the causes of the audit that are open."""
        which = (col(ExceptionRow.closed_at).is_(None), func.starts_with(col(ExceptionRow.cause), "audit/"))
        return set((await self._connection.execute(select(col(ExceptionRow.cause)).where(*which).distinct())).scalars())
