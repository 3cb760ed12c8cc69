"""The batch a run works on: events that are still in it, what their steps have made, and how each of them ends."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any, Generic, TypeVar
from uuid import UUID

from prefect.client.schemas.objects import State, StateType
from prefect.states import Completed, Failed

from contracts.catalog import Entry
from contracts.errors import RefusedError, StageError, TowlineError
from contracts.records import DealSnapshot, Ref
from contracts.values import Contract, Money
from ledger.continuity import NewEntry
from ledger.exceptions import NewException
from ledger.inbox import NewEvent
from ledger.tables import EventStatus
from lifecycle import stages
from lifecycle.announcements import WITHOUT
from lifecycle.continuity import Kind, Movement

C = TypeVar("C", bound=Contract)
CANCELLED_BY_A_PERSON = "cancelled by a person"
WAITING = "Waiting"
"""What a run is called in Prefect that has given events back, because somebody has paused them or a system is down."""

ROUTES = {
    "retryable": "wait until the system answers again, then replay",
    "refused": "look at the record in the system that refused it, correct it, then replay",
    "uncertain": "look in the system whether it happened, then replay",
    "misconfigured": "let the operator mend credentials or permissions, then replay",
    "stage": "compare the deal's stage with the event, then replay it, or leave it with `towline leave`",
    "cancelled": "replay it when it may go on",
    "failed": "let engineering look at the run, then replay",
}


def waits(message: str) -> State[None]:
    """Return the state of a run that was stopped by a pause or an outage: it has failed nobody, and has not done all."""
    return State(type=StateType.CANCELLED, name=WAITING, message=message)


@dataclass(slots=True, eq=False)
class Item(Generic[C]):
    """One event of a batch: its content, its case, and what its steps have made so far."""

    event: UUID
    case: UUID
    contract: str
    payload: C
    received: datetime
    occurred: datetime
    stage: stages.Stage
    deal_id: str | None
    account: UUID | None = None
    known_owner: str | None = None
    known_amount: Money | None = None
    from_start: bool = False
    renewed: bool = False
    deal: DealSnapshot | None = None
    refs: dict[str, Ref] = field(default_factory=dict)
    facts: dict[str, Any] = field(default_factory=dict)
    without: set[str] = field(default_factory=set)
    entries: list[NewEntry] = field(default_factory=list)
    references: list[str] = field(default_factory=list)
    then: NewEvent | None = None

    @property
    def title(self) -> str:
        """What people call the deal."""
        return str(self.facts.get("title") or "")

    @property
    def owner(self) -> str | None:
        """Whose deal it is: as the event, the CRM or the case says."""
        told: str | None = getattr(self.payload, "owner", None)
        return told or (self.deal.owner if self.deal else None) or self.known_owner

    @property
    def amount(self) -> Money | None:
        """What is at stake."""
        told: Money | None = getattr(self.payload, "amount", None)
        return told or self.known_amount

    def enter(self, kind: Kind, minor: int, currency: str, *, reference: str | None = None, due_on: date | None = None) -> None:
        """Note a movement of the case's money, to be kept when the event is done."""
        self.entries.append(NewEntry(self.case, self.event, Movement(kind, minor, currency, reference), due_on))


class Batch(Generic[C]):
    """Events of one kind on their way through one run. A plain class, so that Prefect does not look into it."""

    def __init__(self, entry: Entry, run: UUID, items: Sequence[Item[C]]) -> None:
        self.entry = entry
        self.run = run
        self.items = {item.event: item for item in items}
        self.opened = tuple(items)
        self.exceptions: list[NewException] = []
        self.ended: dict[UUID, EventStatus] = {}
        self.aside: list[UUID] = []
        self.held: dict[UUID, str] = {}
        self.refused: dict[UUID, str] = {}

    def __iter__(self) -> Iterator[Item[C]]:
        return iter(list(self.items.values()))

    def __len__(self) -> int:
        return len(self.items)

    def leave(
        self,
        item: Item[C],
        *,
        cause: str,
        reason: str,
        route: str,
        column: str | None = None,
        owner: str | None = None,
        status: EventStatus = EventStatus.PARKED,
    ) -> None:
        """Take an event out of the batch as an exception for its owner; the others go on."""
        if self.items.pop(item.event, None) is None:
            return
        self.ended[item.event] = status
        self.complain(item, cause=cause, reason=reason, route=route, column=column, owner=owner, about=item.event)

    def step_aside(self, item: Item[C], error: StageError) -> None:
        """Take an event out of the batch that contradicts its case: a person compares, and the case goes on without it."""
        self.aside.append(item.event)
        self.park(item, error, step="stage")

    def lose(self, items: Iterable[Item[C]]) -> None:
        """Let go of events that this run does not hold any more: whoever has them writes how they end."""
        lost = list(items)
        events, cases = {item.event for item in lost}, {item.case for item in lost}
        for event in events:
            self.items.pop(event, None)
            self.ended.pop(event, None)
            self.refused.pop(event, None)
        self.exceptions = [one for one in self.exceptions if one.event_id not in events and one.case_id not in cases]

    def hold(self, item: Item[C], why: str) -> None:
        """Take an event out of the batch that cannot go on now: it waits in the inbox, and nobody has to do anything."""
        if self.items.pop(item.event, None) is not None:
            self.held[item.event] = why

    def skip(self, item: Item[C]) -> None:
        """Take an event out of the batch that has nothing left to do: it is done, and its case stays as it is."""
        if self.items.pop(item.event, None) is not None:
            self.ended[item.event] = EventStatus.DONE

    def complain(
        self,
        item: Item[C],
        *,
        cause: str,
        reason: str,
        route: str,
        column: str | None = None,
        owner: str | None = None,
        about: UUID | None = None,
    ) -> None:
        """Give somebody work about a case, as an exception; the event itself goes on, unless it is `about` it."""
        self.exceptions.append(
            NewException(
                event_id=about,
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
        """Return how the run ended: with parked deals it must not look green, with deals that wait neither green nor red."""
        stopped, held, of = len(self.exceptions), len(self.held), len(self) + len(self.ended) + len(self.held)
        wait = f"{held} of {of} deals wait: {', '.join(sorted(set(self.held.values())))}" if held else ""
        if stopped:
            return Failed(message=f"{stopped} of {of} deals need a person" + f"; {wait}" * bool(wait))
        if held:
            return waits(wait)
        return Completed(message=f"{len(self)} deals done")

    def go_without(self, item: Item[C], error: RefusedError, *, step: str) -> None:
        """Let an event go on without a step that was refused: it will be done all the same, and its owner knows what it lacks."""
        item.without.add(step)
        self.complain(
            item,
            cause=f"{self.entry.flow}/{WITHOUT}/{step}/{error.cause}",
            reason=f"{error.text}; the deal goes on without it",
            route="do by hand what is missing, then close it with `towline leave`",
            about=item.event,
        )

    def park(self, item: Item[C], error: TowlineError, *, step: str) -> None:
        """Take an event out of the batch whose step has failed for good.

        Where that is because the step was refused, what the failure matrix says of the steps before it follows (`aftermath.py`).
        """
        kind = type(error).__name__.removesuffix("Error").lower()
        if isinstance(error, RefusedError):
            self.refused[item.event] = step
        self.leave(
            item, cause=f"{self.entry.flow}/{step}/{error.cause}", reason=error.text, route=ROUTES.get(kind, ROUTES["failed"])
        )
