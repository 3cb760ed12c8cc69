"""Events that stop for something that can be mended, and a past in which proposals turned out right or wrong."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import text

from contracts.autonomy import Autonomy, Level, autonomy
from contracts.catalog import catalog
from contracts.event import Envelope
from ledger.correcting import consider
from ledger.database import Ledger
from ledger.intake import leave, receive
from tests.world import lead

WORDS = "correct_vocabulary"
_numbers = itertools.count(1)

PAST = text(
    """
INSERT INTO suggestions (exception_id, action, event_id, case_id, field, confidence, parts, reasons, level, treatment, outcome,
                         made_at, settled_at, completed)
SELECT -nextval(pg_get_serial_sequence('exceptions', 'id')), :action, gen_random_uuid(), gen_random_uuid(), 'service',
       :confidence, '{}', '[]', :level, 'suggested', :outcome, at, at, :completed
FROM (SELECT now() - make_interval(days => :days) AS at) AS t, generate_series(1, :times)
"""
)


async def stops(ledger: Ledger, name: str = "", **changes: Any) -> UUID:
    """Let a lead come in whose data does not fit; return its id."""
    event = lead(name or f"form-{next(_numbers)}", **changes)
    (receipt,) = await receive(ledger, catalog(), [(Envelope.model_validate(event), event)])
    assert receipt.status == "quarantined"
    return receipt.id


async def considered(ledger: Ledger, actions: Autonomy | None = None) -> int:
    """Let the house look at what stopped."""
    return await consider(ledger, catalog(), actions or autonomy())


async def past(
    ledger: Ledger,
    outcome: str,
    times: int,
    *,
    days: int = 1,
    confidence: float = 0.95,
    action: str = WORDS,
    level: str = "suggested",
    completed: bool | None = True,
) -> None:
    """Let proposals have turned out so, so many days ago."""
    values = {"action": action, "outcome": outcome, "times": times, "days": days, "confidence": confidence, "level": level}
    async with ledger.begin() as books:
        await books.effects._connection.execute(PAST, values | {"completed": completed})


async def good_weeks(ledger: Ledger, weeks: int = 4, *, each: int = 20, action: str = WORDS) -> None:
    """Let an action have been right for so many weeks."""
    for week in range(weeks):
        await past(ledger, "accepted", each, days=1 + 7 * week, action=action)


async def stand(ledger: Ledger, level: Level, *, days: int = 0, action: str = WORDS) -> None:
    """Let an action stand at a level, since so many days ago."""
    async with ledger.begin() as books:
        await books.suggestions.stand(action, level, by="sales-operations", reason="test")
        since = text("UPDATE autonomy SET since = since - make_interval(days => :days)")
        await books.effects._connection.execute(since, {"days": days})


async def event_of(ledger: Ledger, event: UUID) -> Any:
    """Return an event."""
    async with ledger.begin() as books:
        (row,) = await books.inbox.get([event])
    return row


async def suggestions_of(ledger: Ledger, event: UUID) -> Sequence[Any]:
    """Return what was suggested for an event, the newest first."""
    async with ledger.begin() as books:
        return await books.suggestions.of_event(event)


async def is_left(ledger: Ledger, event: UUID) -> None:
    """Let an event that goes on stop once more, and a person leave it."""
    await ends(ledger, event, "parked")
    assert await leave(ledger, [event]) == {event}


async def open_of(ledger: Ledger, event: UUID) -> list[Any]:
    """Return an event's open exceptions."""
    async with ledger.begin() as books:
        return [row for row in await books.exceptions.of_event(event) if row.closed_at is None]


async def ends(ledger: Ledger, event: UUID, status: str) -> None:
    """Let an event end, as its run would have it."""
    ended = text("UPDATE inbox SET status = :status, finished_at = now() WHERE id = :id")
    async with ledger.begin() as books:
        await books.effects._connection.execute(ended, {"status": status, "id": event})
        await books.suggestions.follow()


def unknown() -> str:
    """The id of no event."""
    return str(uuid4())
