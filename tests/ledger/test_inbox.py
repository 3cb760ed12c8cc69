"""The inbox holds each event once, hands it out in order per case, and loses nothing when a worker dies."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

import pytest

from ledger.database import Ledger
from ledger.inbox import NewEvent
from ledger.tables import EventStatus

NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)


def event(name: str, *, case: UUID | None = None, minutes: int = 0, event_type: str = "lead.qualified") -> NewEvent:
    return NewEvent(
        id=uuid4(),
        source="test",
        external_id=name,
        type=event_type,
        contract=f"{event_type}/1",
        case_id=case or uuid4(),
        payload={"id": name},
        occurred_at=NOON + timedelta(minutes=minutes),
    )


async def accepted(ledger: Ledger, *events: NewEvent) -> set[UUID]:
    async with ledger.begin() as books:
        return await books.inbox.accept(events)


async def claimed(ledger: Ledger, *, limit: int = 100, worker: str = "w1", seconds: float = 30) -> list[UUID]:
    async with ledger.begin() as books:
        rows = await books.inbox.claim("lead.qualified", limit=limit, worker=worker, seconds=seconds)
        return [row.id for row in rows]


async def test_the_same_event_twice_at_the_same_moment_is_stored_once(ledger: Ledger) -> None:
    twin = event("form-1")
    first, second = await asyncio.gather(accepted(ledger, twin), accepted(ledger, twin))
    assert sorted([len(first), len(second)]) == [0, 1]


async def test_one_source_may_call_two_events_by_one_id_only_once(ledger: Ledger) -> None:
    assert len(await accepted(ledger, event("form-1"), event("form-2"))) == 2
    assert await accepted(ledger, event("form-1")) == set()


async def test_two_workers_never_hold_the_same_event(ledger: Ledger) -> None:
    await accepted(ledger, *[event(f"form-{n}") for n in range(50)])
    one, two = await asyncio.gather(claimed(ledger, worker="w1", limit=40), claimed(ledger, worker="w2", limit=40))
    assert len(set(one) | set(two)) == len(one) + len(two) <= 50


async def test_events_of_one_case_are_handed_out_one_at_a_time_oldest_first(ledger: Ledger) -> None:
    case = uuid4()
    late, early = event("late", case=case, minutes=5), event("early", case=case)
    await accepted(ledger, late, early)
    assert await claimed(ledger) == [early.id]
    assert await claimed(ledger) == []
    async with ledger.begin() as books:
        await books.inbox.settle({early.id: EventStatus.DONE})
    assert await claimed(ledger) == [late.id]


async def test_a_parked_event_holds_up_its_own_case_only(ledger: Ledger) -> None:
    case = uuid4()
    stuck, behind, other = event("stuck", case=case), event("behind", case=case, minutes=1), event("other")
    await accepted(ledger, stuck, behind, other)
    assert set(await claimed(ledger)) == {stuck.id, other.id}
    async with ledger.begin() as books:
        await books.inbox.settle({stuck.id: EventStatus.PARKED})
    assert await claimed(ledger) == []
    async with ledger.begin() as books:
        assert await books.inbox.reopen([stuck.id]) == {stuck.id}
    assert await claimed(ledger) == [stuck.id]


async def test_what_a_dead_worker_held_is_given_back(ledger: Ledger) -> None:
    one = event("one")
    await accepted(ledger, one)
    await claimed(ledger, worker="dead")
    async with ledger.begin() as books:
        assert [row.id for row in await books.inbox.release_of("dead")] == [one.id]
    assert await claimed(ledger, worker="heir") == [one.id]


async def test_a_lease_that_nobody_prolongs_ends(ledger: Ledger) -> None:
    kept, lost = event("kept"), event("lost")
    await accepted(ledger, kept)
    await claimed(ledger, worker="alive", seconds=-1)
    await accepted(ledger, lost)
    await claimed(ledger, worker="dead", seconds=-1)
    async with ledger.begin() as books:
        await books.inbox.extend("alive", runs=[], events=[kept.id], seconds=30)
        assert [row.id for row in await books.inbox.release_expired()] == [lost.id]


async def test_a_released_event_waits_for_its_delay_and_keeps_its_attempts(ledger: Ledger) -> None:
    one = event("one")
    await accepted(ledger, one)
    await claimed(ledger)
    async with ledger.begin() as books:
        await books.inbox.release([one.id], delay=3600)
    assert await claimed(ledger) == []
    async with ledger.begin() as books:
        (row,) = await books.inbox.get([one.id])
    assert (row.status, row.attempts) == ("received", 1)


async def test_only_the_first_of_a_case_can_be_taken_by_name(ledger: Ledger) -> None:
    case = uuid4()
    first, second = event("first", case=case), event("second", case=case, minutes=1)
    await accepted(ledger, first, second)
    async with ledger.begin() as books:
        assert await books.inbox.take([first.id, second.id], worker="w1", seconds=30) == {first.id}


async def test_accepting_with_a_wake_up_call_wakes_a_listener(ledger: Ledger) -> None:
    async with ledger.woken() as calls:
        async with ledger.begin(wake=True) as books:
            await books.inbox.accept([event("form-1")])
        await asyncio.wait_for(calls.called.wait(), 5)


async def test_a_failed_transaction_leaves_nothing(ledger: Ledger) -> None:
    one = event("form-1")
    with pytest.raises(RuntimeError):
        await _fail_after_accepting(ledger, one)
    async with ledger.begin() as books:
        assert await books.inbox.get([one.id]) == []


async def _fail_after_accepting(ledger: Ledger, one: NewEvent) -> None:
    async with ledger.begin() as books:
        await books.inbox.accept([one])
        raise RuntimeError


async def test_an_event_taken_by_name_is_the_one_that_was_named(ledger: Ledger) -> None:
    older, named = event("older"), event("named")
    await accepted(ledger, older, named)
    async with ledger.begin() as books:
        assert await books.inbox.take([named.id], worker="w1", seconds=30) == {named.id}
