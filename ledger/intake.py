"""How events come in, from wherever they come: stored once before anybody is answered, set aside when they do not fit."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from pydantic import ValidationError
from sqlalchemy import Row

from contracts.catalog import Catalog
from contracts.drift import ROUTE, UNREADABLE, unreadable
from contracts.errors import ContractError
from contracts.event import Envelope, read
from contracts.values import Money
from ledger.database import Books, Ledger
from ledger.exceptions import NewException
from ledger.inbox import NewEvent
from ledger.tables import EventStatus
from lifecycle import keys
from lifecycle.causes import Closing
from lifecycle.events import OURSELVES
from lifecycle.references import references_of

FIX_AT_SOURCE = "correct it at the source and send it again, or correct the mapping and replay it"
NOBODYS_TYPE_OWNER = "integration"
STOPPED = (EventStatus.PARKED, EventStatus.QUARANTINED, EventStatus.UNDONE)


class Answer(StrEnum):
    """What became of an event that was sent."""

    RECEIVED = "received"
    QUARANTINED = "quarantined"
    DUPLICATE = "duplicate"


@dataclass(frozen=True, slots=True)
class Receipt:
    """Our id of an event, and what became of it; `field` says what is wrong with a quarantined one."""

    id: UUID
    status: Answer
    field: str | None = None
    reason: str | None = None


async def receive(ledger: Ledger, catalog: Catalog, envelopes: Sequence[tuple[Envelope, Mapping[str, Any]]]) -> list[Receipt]:
    """Store events, each with the envelope as it was sent, in one committed transaction; answer for each in order.

    An event that does not fit its contract is quarantined with an exception for its owner.

    Raises:
        RetryableError: the ledger is not available; nothing was stored.
    """
    references = [one for envelope, _ in envelopes for one in references_of(envelope.data)]
    async with ledger.begin(wake=True) as books:
        cases = await books.cases.of_references(references) if references else {}
        judged = [_judge(envelope, raw, cases) for envelope, raw in envelopes]
        first = await books.inbox.accept(_without_twins([event for event, _ in judged]))
        await _complain(books, catalog, [(event, fault) for event, fault in judged if fault and event.id in first])
    return _receipts(judged, first)


def _receipts(judged: Sequence[tuple[NewEvent, ContractError | None]], first: set[UUID]) -> list[Receipt]:
    receipts, unseen = [], set(first)
    for event, fault in judged:
        if event.id not in unseen:
            receipts.append(Receipt(event.id, Answer.DUPLICATE))
            continue
        unseen.discard(event.id)
        status = Answer.QUARANTINED if fault else Answer.RECEIVED
        receipts.append(Receipt(event.id, status, fault.field if fault else None, fault.text if fault else None))
    return receipts


async def leave(ledger: Ledger, ids: Sequence[UUID], *, closed_as: str = "left", because: Closing | None = None) -> set[UUID]:
    """Leave events undone that have stopped, because somebody has looked at them: what comes after them goes on.

    What they have done already stays done. Their exceptions close, and so do those of events that are done without a step.
    Return those that had stopped, or had something open.
    """
    async with ledger.begin(wake=True) as books:
        rows = await books.inbox.get(ids)
        stopped = [row.id for row in rows if row.status in (EventStatus.PARKED, EventStatus.QUARANTINED)]
        done = [row.id for row in rows if row.status == EventStatus.DONE]
        await books.inbox.settle(dict.fromkeys(stopped, EventStatus.UNDONE))
        await books.suggestions.revert(stopped)
        return {*stopped, *await books.exceptions.close([*stopped, *done], closed_as=closed_as, because=because)}


def misfit(row: Row[Any]) -> ContractError | None:
    """Return what today's contract has against a stored event; our own events fit."""
    return _judge_stored(row)[1] if row.source != OURSELVES else None


async def quarantine(books: Books, catalog: Catalog, misfits: Sequence[Row[Any]]) -> None:
    """Set stored events aside that do not fit today's contracts, each with an exception for its owner."""
    await books.inbox.quarantine([row.id for row in misfits])
    judged = [_judge_stored(row) for row in misfits]
    await _complain(books, catalog, [(event, fault) for event, fault in judged if fault])


def _judge_stored(row: Row[Any]) -> tuple[NewEvent, ContractError | None]:
    """Judge by the version that was the newest when the event came in, where its sender named none."""
    return _judge(Envelope.model_validate(row.payload | {"dataschema": row.contract}), row.payload, {})


def _judge(envelope: Envelope, raw: Mapping[str, Any], cases: Mapping[str, UUID]) -> tuple[NewEvent, ContractError | None]:
    fault = unreadable(envelope.type, envelope.data)
    try:
        if fault is None:
            read(envelope.contract, envelope.data, event_type=envelope.type)
    except ContractError as error:
        fault = error
    event = NewEvent(
        id=keys.event_id(envelope.source, envelope.id),
        source=envelope.source,
        external_id=envelope.id,
        type=envelope.type,
        contract=envelope.contract,
        case_id=case_of(envelope.data, cases) or keys.case_id(envelope.source, envelope.subject or _named(envelope)),
        payload=raw,
        occurred_at=envelope.time or datetime.now(UTC),
        status=EventStatus.QUARANTINED if fault else EventStatus.RECEIVED,
    )
    return event, fault


def case_of(data: Any, cases: Mapping[str, UUID]) -> UUID | None:
    """Return the case that an event's references lead to, the surest first."""
    return next((cases[one] for one in references_of(data) if one in cases), None)


def _named(envelope: Envelope) -> str:
    """What an event without a subject is about: the outside record that it names, so that events of one deal share a case."""
    return next(iter(references_of(envelope.data)), envelope.id)


def _without_twins(events: Sequence[NewEvent]) -> list[NewEvent]:
    return list({event.id: event for event in reversed(events)}.values())[::-1]


async def _complain(books: Books, catalog: Catalog, faults: Sequence[tuple[NewEvent, ContractError]]) -> None:
    await books.exceptions.open([_exception(catalog, event, fault) for event, fault in faults])


def _exception(catalog: Catalog, event: NewEvent, fault: ContractError) -> NewException:
    entry = catalog.entries.get(event.type)
    known = event.type if entry else "unknown"
    minor, currency = _amount_of(event.payload.get("data"))
    return NewException(
        event_id=event.id,
        case_id=event.case_id,
        event_type=event.type,
        contract=event.contract,
        cause=fault.cause if event.type == UNREADABLE else f"contract/{known}/{fault.field}/{fault.rule}",
        field=fault.field,
        reason=fault.text,
        route=ROUTE if event.type == UNREADABLE else FIX_AT_SOURCE,
        owner=entry.process_owner if entry else NOBODYS_TYPE_OWNER,
        amount_minor=minor,
        currency=currency,
    )


def _amount_of(data: Any) -> tuple[int | None, str | None]:
    """The amount that is at stake, where the payload holds one that can be added up."""
    try:
        amount = Money.model_validate(data.get("amount") if isinstance(data, dict) else None)
    except ValidationError:
        return None, None
    return amount.minor, amount.currency
