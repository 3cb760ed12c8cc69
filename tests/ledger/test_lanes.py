"""How the path stands: what is stuck and since when, what came in, and a mark that moves with everything that is shown."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from sqlalchemy import text

from ledger.database import Books, Ledger
from ledger.exceptions import NewException
from ledger.inbox import NewEvent
from ledger.tables import EventStatus
from tests.cli.asking import ask, case_called, question

RATES = {"lead.qualified": 500, "milestone.reached": 10}
LONG_AGO = datetime(2020, 1, 1, tzinfo=UTC)


async def sql(books: Books, statement: str, **values: Any) -> None:
    await books.lanes._connection.execute(text(statement), values)


async def came(
    ledger: Ledger,
    name: str,
    *,
    status: EventStatus = EventStatus.RECEIVED,
    event_type: str = "lead.qualified",
    stage: str | None = None,
    hours: float = 0,
    minor: int | None = None,
    case: UUID | None = None,
) -> UUID:
    """An event of a deal of its own that came in so many hours ago; its amount stands in what was sent."""
    event, deal = uuid4(), case or uuid4()
    amount = {"amount": {"minor": minor, "currency": "EUR"}} if minor else {}
    new = NewEvent(
        event, "test", name, event_type, f"{event_type}/1", deal, {"data": {"owner": "sales-1", **amount}}, LONG_AGO, status
    )
    async with ledger.begin() as books:
        await books.inbox.accept([new])
        received = datetime.now(UTC) - timedelta(hours=hours)
        await sql(books, "UPDATE inbox SET received_at = :at WHERE id = :id", at=received, id=event)
        if status == EventStatus.DONE:
            await sql(books, "UPDATE inbox SET finished_at = received_at + interval '2 seconds' WHERE id = :id", id=event)
        if stage:
            blank = dict.fromkeys(("account_id", "owner", "amount_minor", "currency", "crm_deal_id"))
            await books.cases.open([deal])
            await books.cases.advance([{"id": deal, "stage": stage, "title": name, **blank}])
    return event


async def stopped(ledger: Ledger, event: UUID, *, minor: int | None = None) -> None:
    async with ledger.begin() as books:
        (row,) = await books.inbox.get([event])
        currency = "EUR" if minor else None
        told = NewException(
            event, row.case_id, row.type, row.contract, "gate/lead/x", "why", "mend it", "sales-1", None, minor, currency
        )
        await books.exceptions.open([told])


async def test_what_has_waited_longer_than_usual_or_stopped_is_stuck_the_costliest_first(ledger: Ledger) -> None:
    await came(ledger, "on its way")
    await came(ledger, "done", status=EventStatus.DONE, hours=9)
    await came(ledger, "early", status=EventStatus.WAITING, hours=9)
    await came(ledger, "waits", hours=2, minor=1500)
    await came(ledger, "a note", hours=9, event_type="milestone.reached", stage="delivery")
    parked = await came(ledger, "parked", status=EventStatus.PARKED, hours=1, stage="qualified")
    await stopped(ledger, parked, minor=700)
    async with ledger.begin() as books:
        await sql(books, "UPDATE exceptions SET opened_at = now() - interval '3 hours'")
    async with ledger.begin() as books:
        rows, sums = await books.lanes.stuck(RATES, limit=10)
        (costliest,), _ = await books.lanes.stuck(RATES, limit=1)
        each, _ = await books.lanes.stuck(RATES, limit=1, each=1)
    told = [
        (*(row[name] for name in ("title", "stage", "cause", "minor", "currency")), round(row["seconds"] / 3600)) for row in rows
    ]
    assert told == [
        ("parked", "qualified", "gate/lead/x", 700, "EUR", 3),
        (None, "new", None, 1500, "EUR", 2),
        ("a note", "delivery", None, None, None, 9),
    ]
    assert costliest["event_id"] == str(parked)
    assert [row["stage"] for row in each] == ["qualified", "new", "delivery"]
    assert sorted(tuple(row[name] for name in ("type", "stage", "events", "deals", "minor")) for row in sums) == [
        ("lead.qualified", "new", 1, 1, 1500),
        ("lead.qualified", "qualified", 1, 1, 700),
        ("milestone.reached", "delivery", 1, 1, None),
    ]


async def test_a_deal_is_stuck_once_by_what_holds_it_up_and_each_of_its_events_costs(ledger: Ledger) -> None:
    """Given a deal whose lead stopped, and an event that waits behind it, then the deal counts once, with its money once."""
    case = uuid4()
    first = await came(ledger, "deal", status=EventStatus.PARKED, hours=1, stage="qualified", case=case)
    await stopped(ledger, first, minor=900)
    await came(ledger, "behind", hours=5, minor=900, case=case)
    async with ledger.begin() as books:
        (row,), sums = await books.lanes.stuck(RATES, limit=10)
    assert row["event_id"] == str(first)
    assert [sum(one[name] or 0 for one in sums) for name in ("deals", "events", "minor")] == [1, 2, 900]


async def test_an_amount_that_no_contract_has_judged_is_not_read(ledger: Ledger) -> None:
    """Given an event in quarantine whose amount is no number, then it is stuck without an amount."""
    event = await came(ledger, "odd", status=EventStatus.QUARANTINED)
    async with ledger.begin() as books:
        odd = """{"data": {"amount": {"minor": "lots", "currency": 7}}}"""
        await sql(books, "UPDATE inbox SET payload = CAST(:odd AS jsonb) WHERE id = :id", odd=odd, id=event)
        (row,), _ = await books.lanes.stuck(RATES, limit=10)
    assert (row["minor"], row["currency"]) == (None, None)


async def test_the_day_is_counted_from_its_beginning_and_its_median_is_of_what_is_done(ledger: Ledger) -> None:
    now = datetime.now(UTC)
    await came(ledger, "yesterday", status=EventStatus.DONE, hours=30)
    for name, status in (
        ("a", EventStatus.DONE),
        ("b", EventStatus.DONE),
        ("c", EventStatus.PARKED),
        ("d", EventStatus.RECEIVED),
    ):
        await came(ledger, name, status=status)
    await came(ledger, "e", status=EventStatus.UNDONE)
    async with ledger.begin() as books:
        day = await books.lanes.day(now - timedelta(hours=1))
        hours = await books.lanes.hours(now - timedelta(hours=40))
        slowest = await books.lanes.came_in(now - timedelta(hours=40), [EventStatus.DONE], slowest=True, limit=2)
    assert (day.events, day.done, day.stopped, float(day.median)) == (4, 2, 1, 2.0)
    assert [sum(row) for row in zip(*((row.done, row.stopped, row.open) for row in hours), strict=True)] == [3, 1, 1]
    assert [row.status for row in slowest] == ["done", "done"]


async def test_deals_are_counted_and_named_by_stage(ledger: Ledger) -> None:
    for name in ("one", "two", "three"):
        await came(ledger, name, status=EventStatus.DONE, stage="proposed")
    await came(ledger, "four", status=EventStatus.DONE, stage="paid")
    async with ledger.begin() as books:
        counted = {row.stage: row.cases for row in await books.lanes.stages()}
        newest = [(row.stage, row.title) for row in await books.lanes.newest(["proposed", "paid", "new"], limit=2)]
        at_stage = [row.title for row in await books.cases.find("o", stage="proposed", limit=9)]
    assert counted == {"proposed": 3, "paid": 1}
    assert newest == [("proposed", "three"), ("proposed", "two"), ("paid", "four")]
    assert at_stage == ["two", "one"]


async def settled(ledger: Ledger) -> None:
    async with ledger.begin() as books:
        (row,) = await books.inbox.latest(limit=1)
        await books.inbox.settle({row.id: EventStatus.PARKED})


async def moved(ledger: Ledger) -> None:
    async with ledger.begin() as books:
        await sql(books, "UPDATE cases SET stage = 'paid', changed_at = now()")


async def closed(ledger: Ledger) -> None:
    async with ledger.begin() as books:
        await books.exceptions.close_cause("gate/lead/x", closed_as="resolved by hand")


async def paused(ledger: Ledger) -> None:
    async with ledger.begin() as books:
        await books.switches.pause("all", reason="a test", by="ada")


async def failed(ledger: Ledger) -> None:
    failing = """
INSERT INTO circuits (system, step, event_id, cause, failures, silent, several, began_at, opened_at, probes)
VALUES ('crm', 'open_deal', :id, 'crm.http_503', 3, true, true, now(), now(), 0)
"""
    async with ledger.begin() as books:
        await sql(books, failing, id=uuid4())


async def asked(ledger: Ledger) -> None:
    await ask(ledger, question(case_called("one")))


@pytest.mark.parametrize("change", [settled, moved, closed, paused, failed, asked])
async def test_the_mark_moves_with_everything_that_is_shown(ledger: Ledger, change: Callable[[Ledger], Awaitable[None]]) -> None:
    event = await came(ledger, "lead", stage="qualified")
    await stopped(ledger, event)
    async with ledger.begin() as books:
        before = await books.lanes.mark()
    async with ledger.begin() as books:
        assert await books.lanes.mark() == before, "while nothing happens it stays"
    await change(ledger)
    async with ledger.begin() as books:
        assert await books.lanes.mark() != before
