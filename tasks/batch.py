"""The batch a run works on: events that are still in it, what their steps have made, and how each of them ends."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar
from uuid import UUID, uuid4

from prefect.client.schemas.objects import State
from prefect.states import Completed, Failed

from contracts.catalog import Entry
from contracts.errors import RetryableError, StageError, TowlineError
from contracts.event import Envelope, parse
from contracts.records import Ref
from contracts.values import Contract, Money
from ledger.database import Books
from ledger.exceptions import NewException
from ledger.inbox import NewEvent
from ledger.tables import EventStatus
from lifecycle import stages
from runtime.wiring import Runtime, runtime

C = TypeVar("C", bound=Contract)
CANCELLED_BY_A_PERSON = "cancelled by a person"

ROUTES = {
    "retryable": "wait until the system answers again, then replay",
    "refused": "look at the record in the system that refused it, correct it, then replay",
    "uncertain": "look in the system whether it happened, then replay",
    "misconfigured": "let the operator mend credentials or permissions, then replay",
    "stage": "compare the deal's stage with the event, then replay it or leave it",
    "cancelled": "replay it when it may go on",
    "failed": "let engineering look at the run, then replay",
}


@dataclass(slots=True, eq=False)
class Item(Generic[C]):
    """One event of a batch: its content, its case, and what its steps have made so far."""

    event: UUID
    case: UUID
    contract: str
    payload: C
    received: Any
    stage: stages.Stage
    deal_id: str | None
    account: UUID | None = None
    refs: dict[str, Ref] = field(default_factory=dict)
    facts: dict[str, Any] = field(default_factory=dict)
    then: NewEvent | None = None

    @property
    def amount(self) -> Money | None:
        """What is at stake."""
        return getattr(self.payload, "amount", None)


class Batch(Generic[C]):
    """Events of one kind on their way through one run. A plain class, so that Prefect does not look into it."""

    def __init__(self, entry: Entry, run: UUID, items: Sequence[Item[C]]) -> None:
        self.entry = entry
        self.run = run
        self.items = {item.event: item for item in items}
        self.exceptions: list[NewException] = []

    def __iter__(self) -> Iterator[Item[C]]:
        return iter(list(self.items.values()))

    def __len__(self) -> int:
        return len(self.items)

    def leave(
        self, item: Item[C], *, cause: str, reason: str, route: str, column: str | None = None, owner: str | None = None
    ) -> None:
        """Take an event out of the batch as an exception for its owner; the others go on."""
        if self.items.pop(item.event, None) is None:
            return
        self.exceptions.append(
            NewException(
                event_id=item.event,
                case_id=item.case,
                event_type=self.entry.event,
                contract=item.contract,
                cause=cause,
                field=column,
                reason=reason,
                route=route,
                owner=owner or self.entry.process_owner,
                amount_minor=item.amount.minor if item.amount else None,
                currency=item.amount.currency if item.amount else None,
                flow_run_id=self.run,
            )
        )

    def outcome(self) -> State[None]:
        """Return how the run ended: a run with parked deals must not look green."""
        stopped = len(self.exceptions)
        if stopped:
            return Failed(message=f"{stopped} of {stopped + len(self)} deals need a person")
        return Completed(message=f"{len(self)} deals done")

    def park(self, item: Item[C], error: TowlineError, *, step: str) -> None:
        """Take an event out of the batch whose step has failed for good."""
        kind = type(error).__name__.removesuffix("Error").lower()
        self.leave(
            item, cause=f"{self.entry.flow}/{step}/{error.cause}", reason=error.text, route=ROUTES.get(kind, ROUTES["failed"])
        )


@contextlib.asynccontextmanager
async def batch_of(event_type: str, events: Collection[UUID], payload: type[C]) -> AsyncIterator[Batch[C]]:
    """Open the batch of these events, and write on leaving how each of them ended, in one transaction with what follows.

    Events that are not ready (done, worked on by another run, behind an earlier one of their case) are left alone.
    """
    house = runtime()
    batch = await _open(house, event_type, events, payload, current_run() or uuid4())
    try:
        yield batch
    except asyncio.CancelledError as error:
        await asyncio.shield(_interrupted(house, batch, by_a_person=CANCELLED_BY_A_PERSON in error.args))
        raise
    except RetryableError as error:
        async with house.ledger.begin(wake=True) as books:
            await books.inbox.release(list(batch.items), delay=error.retry_after or 5)
            batch.items.clear()
            await _settle(books, batch)
        raise
    except Exception as error:
        for item in batch:
            batch.leave(
                item, cause=f"{batch.entry.flow}/failed/{type(error).__name__}", reason=_harmless(error), route=ROUTES["failed"]
            )
        await _close(house, batch)
        raise
    else:
        await _close(house, batch)


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
        rows = [row for row in rows if row.type == event_type]
        cases = await books.cases.open([row.case_id for row in rows]) if rows else {}
    batch = Batch(entry, run, [_item(row, cases[row.case_id], payload) for row in rows])
    for item in batch:
        try:
            stages.after(event_type, item.stage)
        except StageError as error:
            batch.park(item, error, step="stage")
    return batch


def _item(row: Any, case: Any, payload: type[C]) -> Item[C]:
    content = parse(row.contract, Envelope.model_validate(row.payload).data, event_type=row.type)
    if not isinstance(content, payload):
        raise TypeError(f"{row.contract} is not what this flow reads")
    return Item(
        event=row.id,
        case=row.case_id,
        contract=row.contract,
        payload=content,
        received=row.received_at,
        stage=stages.Stage(case.stage),
        deal_id=case.crm_deal_id or getattr(content, "deal_id", None),
        account=case.account_id,
        facts={"title": case.title},
    )


async def _interrupted(house: Runtime, batch: Batch[C], *, by_a_person: bool) -> None:
    """A person's cancellation parks what is left; a worker that stops gives it back."""
    if by_a_person:
        for item in batch:
            cause = f"{batch.entry.flow}/cancelled"
            batch.leave(item, cause=cause, reason="the run was cancelled by a person", route=ROUTES["cancelled"])
        await _close(house, batch)
        return
    async with house.ledger.begin(wake=True) as books:
        await books.inbox.release(list(batch.items))
        batch.items.clear()
        await _settle(books, batch)


async def _close(house: Runtime, batch: Batch[C]) -> None:
    async with house.ledger.begin(wake=True) as books:
        await _settle(books, batch)


async def _settle(books: Books, batch: Batch[C]) -> None:
    """Done is what is still in the batch; parked is what left it. What follows enters the inbox in the same transaction."""
    outcomes = dict.fromkeys(batch.items, EventStatus.DONE)
    parked = [exception.event_id for exception in batch.exceptions if exception.event_id]
    await books.inbox.settle({**outcomes, **dict.fromkeys(parked, EventStatus.PARKED)})
    await books.exceptions.open(batch.exceptions)
    await books.cases.advance([_case_after(batch, item) for item in batch])
    await books.inbox.accept([item.then for item in batch if item.then])


def _case_after(batch: Batch[C], item: Item[C]) -> Mapping[str, Any]:
    return {
        "id": item.case,
        "stage": stages.after(batch.entry.event, item.stage).value,
        "account_id": item.account,
        "title": item.facts.get("title") or "",
        "owner": getattr(item.payload, "owner", None),
        "amount_minor": item.amount.minor if item.amount else None,
        "currency": item.amount.currency if item.amount else None,
        "crm_deal_id": item.deal_id,
    }


def _harmless(error: Exception) -> str:
    """A text that cannot hold personal data: ours says what happened, anybody else's only its kind."""
    return error.text if isinstance(error, TowlineError) else f"an unexpected {type(error).__name__}"
