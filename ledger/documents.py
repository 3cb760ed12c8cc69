"""The document index: which document is the current one of its kind, and which deal it belongs to."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import Row, delete, exists, func, literal, select, union_all, update
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlmodel import col

from ledger.tables import Case, Document, Event, Incident
from lifecycle.documents import BELONGS
from lifecycle.reconciling import IncidentState, Kind


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
    content_hash: str | None = None


def _contract_of(event: UUID) -> Any:
    """The contract version of the event that a document is made for."""
    return select(col(Event.contract)).where(col(Event.id) == event).scalar_subquery()


class Documents:
    """Questions and changes on one transaction."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def enter(self, documents: Sequence[NewDocument]) -> None:
        """Enter documents as the current ones of their kind, in the place of earlier versions; one that is there stays."""
        if not documents:
            return
        newest = {(one.subject_id, one.artefact, one.version) for one in documents if one.version > 1}
        for subject, artefact, version in newest:
            older = (col(Document.subject_id) == subject, col(Document.artefact) == artefact, col(Document.version) < version)
            await self._connection.execute(update(Document).where(*older).values(is_current=False))
        rows = [{**asdict(one), "contract": _contract_of(one.event_id)} for one in documents]
        await self._connection.execute(upsert(Document).values(rows).on_conflict_do_nothing())

    async def versions(self, artefact: str, events: Mapping[UUID, UUID]) -> Mapping[UUID, int]:
        """Return the version of this kind of document that each event (event to case) makes; a repeat keeps its number."""
        statement = select(Document).where(
            col(Document.subject_id).in_(list(events.values())), col(Document.artefact) == artefact
        )
        rows = (await self._connection.execute(statement)).all()
        made = {row.event_id: row.version for row in rows}
        newest: dict[UUID, int] = {}
        for row in rows:
            newest[row.subject_id] = max(row.version, newest.get(row.subject_id, 0))
        return {event: made.get(event) or newest.get(case, 0) + 1 for event, case in events.items()}

    async def approve(self, vendor_id: str, *, by: str, content_hash: str, delivery_item: str) -> None:
        """Write down who approved a document, with which content, and for which delivery item it stands."""
        statement = update(Document).where(col(Document.vendor_id) == vendor_id)
        values = {"approved_by": by, "content_hash": content_hash, "delivery_item": delivery_item}
        await self._connection.execute(statement.values(**values))

    async def current(self, subjects: Collection[UUID], artefact: str) -> Mapping[UUID, Row[Any]]:
        """Return the current document of a kind, by subject."""
        which = (col(Document.subject_id).in_(list(subjects)), col(Document.artefact) == artefact, col(Document.is_current))
        return {row.subject_id: row for row in await self._connection.execute(select(Document).where(*which))}

    async def of_case(self, case_id: UUID, account_id: UUID | None) -> Sequence[Row[Any]]:
        """Return the documents of a case and of its account."""
        subjects = [case_id, *([account_id] if account_id else [])]
        statement = select(Document).where(col(Document.subject_id).in_(subjects)).order_by(col(Document.id))
        return (await self._connection.execute(statement)).all()

    async def cases_of(self, vendor_ids: Collection[str]) -> Mapping[str, UUID]:
        """Return of which case each of these documents is; one that is not in the index is left out."""
        statement = select(col(Document.vendor_id), col(Document.case_id)).where(col(Document.vendor_id).in_(list(vendor_ids)))
        return {row.vendor_id: row.case_id for row in await self._connection.execute(statement)}

    async def approved_by(self, vendor_ids: Collection[str]) -> Mapping[str, str]:
        """Return who approved each of these documents; one that nobody has is left out."""
        which = (col(Document.vendor_id).in_(list(vendor_ids)), col(Document.approved_by).is_not(None))
        statement = select(col(Document.vendor_id), col(Document.approved_by)).where(*which)
        return {row.vendor_id: row.approved_by for row in await self._connection.execute(statement)}

    async def index(self, wanted: str, *, limit: int) -> Sequence[Row[Any]]:
        """Return the current documents with their deals, the newest first; those of deals whose title has this in it."""
        about = (col(Case.title), col(Case.stage))
        statement = select(Document, *about).join(Case, col(Case.id) == col(Document.case_id)).where(col(Document.is_current))
        if wanted:
            named = col(Case.title).icontains(wanted, autoescape=True)
            subjects = union_all(*(select(col(one)).where(named) for one in (Case.id, Case.account_id)))
            statement = statement.where(col(Document.subject_id).in_(subjects))
        return (await self._connection.execute(statement.order_by(col(Document.id).desc()).limit(limit))).all()

    async def changed(self, *, limit: int) -> Sequence[Row[Any]]:
        """Return the open incidents of documents with name, address, approver and deal: what was changed past us, or is gone."""
        about = (col(Document.name), col(Document.url), col(Document.approved_by), col(Case.title))
        statement = (
            select(Incident, *about)
            .join(Document, col(Document.vendor_id) == col(Incident.vendor_id))
            .join(Case, col(Case.id) == col(Incident.case_id))
            .where(col(Incident.kind) == Kind.DOCUMENT, col(Incident.state) == IncidentState.OPEN)
        )
        return (await self._connection.execute(statement.order_by(col(Incident.id).desc()).limit(limit))).all()

    async def without_case(self, *, limit: int) -> Sequence[Row[Any]]:
        """Return documents that no case has."""
        statement = select(Document).outerjoin(Case, col(Case.id) == col(Document.case_id)).where(col(Case.id).is_(None))
        return (await self._connection.execute(statement.order_by(col(Document.id)).limit(limit))).all()

    async def missing(self, *, limit: int) -> Sequence[Row[Any]]:
        """Return cases that have no current document of a kind that cases at their stage have, with the kind."""
        lacks = [
            select(col(Case.id), col(Case.title), col(Case.stage), literal(artefact.value).label("artefact")).where(
                col(Case.stage).in_(stages),
                ~exists().where(
                    col(Document.subject_id) == col(Case.id), col(Document.artefact) == artefact, col(Document.is_current)
                ),
            )
            for artefact, stages in BELONGS.items()
        ]
        return (await self._connection.execute(union_all(*lacks).limit(limit))).all()

    async def forget(self, vendor_ids: Collection[str]) -> None:
        """Take documents out that were taken back; of each kind the newest that is left is the current one."""
        gone = delete(Document).where(col(Document.vendor_id).in_(list(vendor_ids)))
        rows = await self._connection.execute(gone.returning(col(Document.subject_id), col(Document.artefact)))
        for subject, artefact in set(rows.tuples()):
            kind = (col(Document.subject_id) == subject, col(Document.artefact) == artefact)
            newest = select(func.max(col(Document.version))).where(*kind).scalar_subquery()
            await self._connection.execute(update(Document).where(*kind, col(Document.version) == newest).values(is_current=True))
