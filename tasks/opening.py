"""How a run's batch begins and ends: which events it gets, and what is written of each when the run is over."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Collection, Mapping, Sequence
from typing import Any, TypeGuard, TypeVar
from uuid import UUID, uuid4

from structlog.contextvars import bind_contextvars, unbind_contextvars

from connectors.budget import at_work
from contracts.errors import MisconfiguredError, RetryableError, StageError, TowlineError
from contracts.event import Envelope, read
from contracts.values import Contract, Money
from ledger.database import Books
from ledger.intake import case_of
from ledger.tables import EventStatus
from lifecycle import stages
from lifecycle.circuits import failure_of, system_of
from lifecycle.events import OURSELVES
from lifecycle.references import references_of
from runtime.wiring import Runtime, runtime
from tasks.aftermath import reckon
from tasks.batch import CANCELLED_BY_A_PERSON, ROUTES, Batch, Item
from tasks.holding import cannot_read, has_read

C = TypeVar("C", bound=Contract)
VOIDED = "invoice.voided"


@contextlib.asynccontextmanager
async def batch_of(event_type: str, events: Collection[UUID], payload: type[C]) -> AsyncIterator[Batch[C]]:
    """Open the batch of these events, and write on leaving how each of them ended, in one transaction with what follows.

    Events that are not ready (done, worked on by another run, behind an earlier one of their case) are left alone.
    Meanwhile every log entry of the run names the contract versions of its events.
    """
    house = runtime()
    batch = await _open(house, event_type, events, payload, current_run() or uuid4())
    outside = at_work.get()
    at_work.set(batch.entry.criticality)
    bind_contextvars(contracts=sorted({item.contract for item in batch}))
    try:
        yield batch
    except asyncio.CancelledError as error:
        await asyncio.shield(_interrupted(house, batch, by_a_person=CANCELLED_BY_A_PERSON in error.args))
        raise
    except Exception as error:
        if isinstance(error, RetryableError) or _is_locked_out(error):
            if not await _put_back(house, batch, error):
                raise
            return
        for item in batch:
            batch.leave(
                item, cause=f"{batch.entry.flow}/failed/{type(error).__name__}", reason=_harmless(error), route=ROUTES["failed"]
            )
        await _close(house, batch)
        raise
    else:
        await _close(house, batch)
    finally:
        at_work.set(outside)
        unbind_contextvars("contracts")


def _is_locked_out(error: Exception) -> TypeGuard[MisconfiguredError]:
    return isinstance(error, MisconfiguredError) and failure_of(error, system_of(error) or "") is not None


async def _put_back(house: Runtime, batch: Batch[Any], error: RetryableError | MisconfiguredError) -> bool:
    """Give back what could not be read for; say whether it waits, because the system is down."""
    async with house.ledger.begin(wake=True) as books:
        waits = await cannot_read(books, batch, error)
        delay = error.retry_after if isinstance(error, RetryableError) else None
        await books.inbox.release(list(batch.items), delay=delay or 5, run=batch.run)
        batch.items.clear()
        await _settle(books, batch)
    return waits


def current_run() -> UUID | None:
    """Return the id of the Prefect flow run we are in, None outside of one."""
    from prefect.context import FlowRunContext

    context = FlowRunContext.get()
    return context.flow_run.id if context and context.flow_run else None


async def _open(house: Runtime, event_type: str, events: Collection[UUID], payload: type[C], run: UUID) -> Batch[C]:
    entry = house.catalog[event_type]
    async with house.ledger.begin() as books:
        rows = await books.inbox.assign(events, run, worker=house.worker)
        if len(rows) < len(events):
            await books.inbox.take(events, worker=house.worker, seconds=house.lease)
            rows = await books.inbox.assign(events, run, worker=house.worker)
        rows = await _at_home(books, [row for row in rows if row.type == event_type])
        rows = await _without_echoes(books, rows)
        cases = await books.cases.open([row.case_id for row in rows]) if rows else {}
        early = [row.id for row in rows if stages.is_early(event_type, stages.Stage(cases[row.case_id].stage))]
        await books.early.wait(early)
    batch = Batch(entry, run, [_item(row, cases[row.case_id], payload) for row in rows if row.id not in early])
    for item in batch:
        try:
            stages.after(event_type, item.stage)
        except StageError as error:
            batch.step_aside(item, error)
    return batch


async def _without_echoes(books: Books, rows: Sequence[Any]) -> Sequence[Any]:
    """Take as done what only tells that a rollback of ours has voided an invoice; return the rest."""
    voided = {row.id: str(row.payload["data"].get("invoice_id")) for row in rows if row.type == VOIDED}
    ours = await books.effects.undone_records("finalise_invoice", voided.values()) if voided else set()
    echoes = [event for event, invoice in voided.items() if invoice in ours]
    await books.inbox.settle(dict.fromkeys(echoes, EventStatus.DONE))
    return [row for row in rows if row.id not in echoes]


async def _at_home(books: Books, rows: Sequence[Any]) -> Sequence[Any]:
    """Give back what turned out to belong to another case, to travel there in order; return the rest."""
    sent = {row.id: row.payload.get("data") for row in rows if row.source != OURSELVES}
    references = [one for data in sent.values() for one in references_of(data)]
    cases = await books.cases.of_references(references) if references else {}
    homes = {event: home for event, data in sent.items() if (home := case_of(data, cases))}
    moved = {row.id: homes[row.id] for row in rows if homes.get(row.id, row.case_id) != row.case_id}
    await books.early.adopt(moved)
    await books.inbox.release(list(moved), forget_attempt=True)
    return [row for row in rows if row.id not in moved]


def _item(row: Any, case: Any, payload: type[C]) -> Item[C]:
    content = read(row.contract, Envelope.model_validate(row.payload).data, event_type=row.type)
    if not isinstance(content, payload):
        raise TypeError(f"{row.contract} is not what this flow reads")
    return Item(
        event=row.id,
        case=row.case_id,
        contract=row.contract,
        payload=content,
        received=row.received_at,
        occurred=row.occurred_at,
        stage=_found_at(row, stages.Stage(case.stage)),
        from_start=row.from_start,
        deal_id=case.crm_deal_id or getattr(content, "deal_id", None),
        account=case.account_id,
        known_owner=case.owner,
        known_amount=Money(minor=case.amount_minor, currency=case.currency) if case.currency else None,
        facts={"title": case.title},
    )


def _found_at(row: Any, stage: stages.Stage) -> stages.Stage:
    """The stage of its case that an event goes by: one that is replayed when it has moved its case goes by where it found it."""
    replayed = row.from_start and stage in stages.MOVES[row.type].values() and stage not in stages.MOVES[row.type]
    return stages.before(row.type, stage) if replayed else stage


async def _interrupted(house: Runtime, batch: Batch[C], *, by_a_person: bool) -> None:
    """A person's cancellation parks what is left; a worker that stops gives it back."""
    if by_a_person:
        for item in batch:
            cause = f"{batch.entry.flow}/cancelled"
            batch.leave(item, cause=cause, reason="the run was cancelled by a person", route=ROUTES["cancelled"])
        await _close(house, batch)
        return
    async with house.ledger.begin(wake=True) as books:
        await books.inbox.release(list(batch.items), run=batch.run)
        batch.items.clear()
        await _settle(books, batch)


async def _close(house: Runtime, batch: Batch[C]) -> None:
    async with house.ledger.begin(wake=True) as books:
        await has_read(books, batch)
        await _settle(books, batch)


async def _settle(books: Books, batch: Batch[C]) -> None:
    """Done is what is still in the batch; parked is what left it; what is held is given back, as if nobody had tried it.

    What follows enters the inbox in the same transaction. What the run has lost to another one meanwhile is left to that, and
    of what was given back nothing is said: it will be said when it ends.
    """
    ends = {**dict.fromkeys(batch.items, EventStatus.DONE), **batch.ended}
    settled = await books.inbox.settle(ends, run=batch.run)
    batch.lose([item for item in batch.opened if item.event in ends and item.event not in settled])
    ended = {None, *batch.items, *batch.ended}
    await books.inbox.step_aside([event for event in batch.aside if event in settled])
    await books.inbox.release(list(batch.held), forget_attempt=True, run=batch.run)
    await books.exceptions.close(list(batch.items), closed_as="done")
    await reckon(books, batch)
    await books.exceptions.open([one for one in batch.exceptions if one.event_id in ended])
    await books.continuity.enter([entry for item in batch for entry in item.entries])
    await books.cases.refer({reference: item.case for item in batch for reference in item.references})
    await books.cases.advance([_case_after(batch, item) for item in batch])
    await books.inbox.follow([item.then for item in batch if item.then])
    if len(batch):
        named = [reference.partition(":")[2] for item in batch for reference in item.references]
        await books.early.rouse([item.case for item in batch], [*named, *(item.deal_id for item in batch if item.deal_id)])


def _case_after(batch: Batch[C], item: Item[C]) -> Mapping[str, Any]:
    return {
        "id": item.case,
        "stage": stages.after(batch.entry.event, item.stage).value,
        "account_id": item.account,
        "title": item.facts.get("title") or "",
        "owner": item.owner,
        "amount_minor": item.amount.minor if item.amount else None,
        "currency": item.amount.currency if item.amount else None,
        "crm_deal_id": item.deal_id,
    }


def _harmless(error: Exception) -> str:
    """A text that cannot hold personal data: ours says what happened, anybody else's only its kind."""
    return error.text if isinstance(error, TowlineError) else f"an unexpected {type(error).__name__}"
