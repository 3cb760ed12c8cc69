"""The inbox holds each event once, hands it out in order per case, and loses nothing when a worker dies."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

import pytest
from sqlalchemy import text

from contracts.catalog import catalog
from contracts.records import Ref
from ledger.database import Ledger
from ledger.dying import leases_ended, process_died
from ledger.effects import Intent
from ledger.inbox import NewEvent
from ledger.tables import EffectState, EventStatus

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


async def dies(ledger: Ledger, *ids: UUID) -> list[int]:
    """Let the process die that works on these events, and their delays be over; return how often each has died."""
    async with ledger.begin() as books:
        deaths = [row.deaths for row in await books.inbox.release_dead(ids)]
        await books.inbox._set(ids, not_before=None)
    return deaths


async def test_what_killed_its_process_is_claimed_in_ever_smaller_company(ledger: Ledger) -> None:
    """
    Given nine events of which four have died, two of them twice
    When events are claimed, nine at most at a time
    Then those that never died come together, those that died once in threes at most, and the others one by one.
    """
    events = [event(f"form-{n}") for n in range(9)]
    await accepted(ledger, *events)
    ids = await claimed(ledger)
    assert await dies(ledger, *ids[:5]) == [1] * 5
    async with ledger.begin() as books:
        await books.inbox.release(ids[5:])
    assert await claimed(ledger, limit=9) == ids[:3]
    assert await dies(ledger, *ids[:2]) == [2, 2]
    assert [await claimed(ledger, limit=9) for _ in range(5)] == [ids[:1], ids[1:2], ids[3:5], ids[5:], []]


async def test_an_event_that_got_something_done_since_its_last_death_has_died_once(ledger: Ledger) -> None:
    one = event("one")
    await accepted(ledger, one)
    for deaths in (1, 2):
        assert await claimed(ledger) == [one.id]
        assert await dies(ledger, one.id) == [deaths]
    await claimed(ledger)
    key = uuid4()
    async with ledger.begin() as books:
        await books.effects.intend([Intent(key, key, one.id, one.case_id, "open_deal", "crm", None)])
        await books.effects.settle({key: Ref("1")}, {key: EffectState.DONE})
    assert await dies(ledger, one.id) == [1]


async def test_where_processes_die_that_have_nothing_to_do_with_it_an_event_is_not_parked_for_its_deaths(ledger: Ledger) -> None:
    """
    Given an event that dies alone, again and again
    When another process has died lately, with an event that was done afterwards
    Then somebody kills processes, and only the tenth death parks it; else the third does.
    """
    for elsewhere, last in ((True, 10), (False, 3)):
        one, other = event(f"one-{elsewhere}"), event(f"other-{elsewhere}")
        await accepted(ledger, one)
        async with ledger.begin() as books:
            await books.deaths._connection.execute(text("DELETE FROM deaths"))
            if elsewhere:
                await books.deaths.note(uuid4(), [other.id])
        for death in range(1, last + 1):
            assert await claimed(ledger) == [one.id]
            async with ledger.begin() as books:
                await process_died(books, catalog(), uuid4(), [one.id], alone=True)
                await books.inbox._set([one.id], not_before=None)
                (row,) = await books.inbox.get([one.id])
            assert (row.deaths, row.status) == (death, "parked" if death == last else "received")


async def test_the_ended_leases_of_a_worker_that_lives_are_no_death(ledger: Ledger) -> None:
    alive, dead = event("alive"), event("dead")
    for worker, one in (("alive", alive), ("dead", dead)):
        await accepted(ledger, one)
        await claimed(ledger, worker=worker, seconds=-1)
    async with ledger.alone("worker alive"), ledger.begin() as books:
        await leases_ended(books, catalog())
        assert {row.id: row.deaths for row in await books.inbox.get([alive.id, dead.id])} == {alive.id: 0, dead.id: 1}
