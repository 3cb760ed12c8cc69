"""Incidents: what somebody changed past us, which way it goes, and how much of what is ours people change by hand."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Row, func, insert, select, text, update
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlmodel import col

from contracts.systems import Route
from contracts.values import Money
from ledger.tables import Case, Incident, Look
from ledger.watching import ALL, BY_LOOK, LEFT_ALONE, ON_THE_WAY, RECORDS, SOME
from lifecycle.reconciling import PUT_BACK, RECORD, SYSTEMS, WRITTEN, Expected, IncidentState, Kind
from lifecycle.stages import Stage

DAYS = 30
"""Days for which deals that are over are still compared, and that the bypass meter looks back."""
OVER = (Stage.PAID.value, Stage.CANCELLED.value)
ONE_AT_A_TIME = text("SELECT pg_advisory_xact_lock(hashtextextended('towline incidents', 0))")
METER = text(
    """
SELECT l.entity, l.fields, coalesce(i.by, 'person') AS by, coalesce(i.changed, 0) AS changed
FROM (SELECT entity, sum(fields)::int AS fields FROM looks WHERE at > now() - make_interval(days => :days) GROUP BY entity) l
LEFT JOIN (SELECT entity, by, count(DISTINCT (vendor_id, field)) AS changed FROM incidents
           WHERE field <> :record AND seen_at > now() - make_interval(days => :days) GROUP BY entity, by) i ON i.entity = l.entity
ORDER BY l.entity, by
"""
)


@dataclass(frozen=True, slots=True)
class Record:
    """An outside record as the ledger expects it, by the vendor's names of its fields, and the deal that it belongs to.

    `is_busy`: somebody works on the deal. `may_move`: an event is here that a person may have moved it by.
    """

    id: str
    case: UUID
    owner: str | None
    fields: Mapping[str, Expected]
    is_busy: bool
    may_move: bool


@dataclass(frozen=True, slots=True)
class NewIncident:
    """A field that somebody changed past us, or a record that is gone, with hashes under a salt of its own."""

    system: str
    kind: str
    vendor_id: str
    entity: str
    field: str
    case_id: UUID
    owner: str
    salt: str
    our_hash: str
    found_hash: str
    by: str
    who: str | None
    changed_at: datetime | None
    route: str


class Incidents:
    """Questions and changes on one transaction."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def records(self, kind: Kind) -> list[str]:
        """Return the ids of all records to be compared, first those that were not looked at for longest."""
        statement = text(BY_LOOK.format(records=RECORDS[kind].format(ids=ALL)))
        return list((await self._connection.execute(statement, _about(kind))).scalars())

    async def expected(self, kind: Kind, ids: Collection[str]) -> Mapping[str, Record]:
        """Return what these records should hold; one that is none of a recent deal's is left out."""
        about = _about(kind)
        rows = (await self._connection.execute(text(RECORDS[kind].format(ids=SOME)), about | {"ids": list(ids)})).all()
        cases = {"cases": [row.case_id for row in rows]}
        busy = await self._connection.execute(text(LEFT_ALONE), cases | {"system": about["system"], "put_back": PUT_BACK})
        moving = await self._connection.execute(text(ON_THE_WAY), cases)
        left_alone, may_move = set(busy.scalars()), set(moving.scalars())
        return {
            row.vendor_id: Record(
                row.vendor_id, row.case_id, row.owner, _fields(kind, row), row.case_id in left_alone, row.case_id in may_move
            )
            for row in rows
        }

    async def alone(self) -> None:
        """Keep others from writing incidents down until this transaction is over, so that each is told once."""
        await self._connection.execute(ONE_AT_A_TIME)

    async def newest(self, system: str, ids: Collection[str]) -> Mapping[tuple[str, str], Row[Any]]:
        """Return the newest incident of each field of these records."""
        which = (col(Incident.system) == system, col(Incident.vendor_id).in_(list(ids)))
        rows = await self._connection.execute(select(Incident).where(*which).order_by(col(Incident.id)))
        return {(row.vendor_id, row.field): row for row in rows}

    async def open(self, incidents: Sequence[NewIncident]) -> Sequence[Row[Any]]:
        """Write incidents down and return them with their numbers."""
        if not incidents:
            return []
        statement = insert(Incident).returning(Incident)
        return (await self._connection.execute(statement, [asdict(one) for one in incidents])).all()

    async def close(self, numbers: Collection[int], state: IncidentState, *, by: str | None = None) -> None:
        """Close open incidents as having gone this way, by this person's word if they name one."""
        which = (col(Incident.id).in_(list(numbers)), col(Incident.state) == IncidentState.OPEN)
        values: dict[str, Any] = {"state": state, "closed_at": func.now()} | ({"decided_by": by} if by else {})
        await self._connection.execute(update(Incident).where(*which).values(**values))

    async def reroute(self, numbers: Collection[int], route: Route, *, by: str | None = None) -> None:
        """Let open incidents go another way."""
        which = (col(Incident.id).in_(list(numbers)), col(Incident.state) == IncidentState.OPEN)
        await self._connection.execute(update(Incident).where(*which).values(route=route, decided_by=by))

    async def get(self, number: int) -> Row[Any] | None:
        """Return an incident."""
        return (await self._connection.execute(select(Incident).where(col(Incident.id) == number))).one_or_none()

    async def latest(self, *, limit: int, closed: bool = False, route: Route | None = None) -> Sequence[Row[Any]]:
        """Return open incidents, the newest first, those of a route alone where one is named; closed ones besides if wanted."""
        statement = select(Incident, col(Case.title)).join(Case, col(Case.id) == col(Incident.case_id))
        if not closed:
            statement = statement.where(col(Incident.state) == IncidentState.OPEN)
        if route is not None:
            statement = statement.where(col(Incident.route) == route)
        return (await self._connection.execute(statement.order_by(col(Incident.id).desc()).limit(limit))).all()

    async def of_case(self, case_id: UUID) -> Sequence[Row[Any]]:
        """Return a deal's incidents, closed ones, too."""
        statement = select(Incident).where(col(Incident.case_id) == case_id).order_by(col(Incident.id))
        return (await self._connection.execute(statement)).all()

    async def alike(self, case_id: UUID, entity: str, field: str) -> bool:
        """Say whether a deal has an open incident of this field."""
        which = (col(Incident.case_id) == case_id, col(Incident.entity) == entity, col(Incident.field) == field)
        statement = select(col(Incident.id)).where(*which, col(Incident.state) == IncidentState.OPEN).limit(1)
        return (await self._connection.execute(statement)).first() is not None

    async def looked(self, system: str, looks: Mapping[tuple[str, str], int]) -> None:
        """Note how many fields of records (id, entity) were compared just now."""
        if looks:
            rows = [{"system": system, "vendor_id": one, "entity": entity, "fields": n} for (one, entity), n in looks.items()]
            statement = upsert(Look).values(rows)
            values = {"fields": statement.excluded.fields, "at": func.now()}
            keys = ("system", "vendor_id", "entity")
            await self._connection.execute(statement.on_conflict_do_update(index_elements=keys, set_=values))

    async def meter(self) -> Sequence[Row[Any]]:
        """Return, by entity and by what changed them, how many fields of ours were changed of all that were looked at lately."""
        return (await self._connection.execute(METER, {"days": DAYS, "record": RECORD})).all()


def _about(kind: Kind) -> dict[str, Any]:
    about = {"over": list(OVER), "days": DAYS, "system": SYSTEMS[kind].value}
    return about | ({"undos": list(WRITTEN[kind])} if kind in WRITTEN else {})


def _fields(kind: Kind, row: Any) -> Mapping[str, Expected]:
    if kind is Kind.INVOICE:
        agreed = row.agreed
        known = agreed["currency"] is not None
        return {"lines": Expected(str(Money(minor=agreed["minor"], currency=agreed["currency"])))} if known else {}
    return {name: Expected(one["value"], _moment(one.get("at"))) for name, one in row.fields.items()}


def _moment(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text) if text else None
