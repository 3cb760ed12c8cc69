"""The dispatcher turns what is ready into runs: the critical first, as many as there are free places, a backlog in batches."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from typing import Any
from uuid import UUID, uuid4

from contracts.event import Envelope
from deployments.deploy import plans
from deployments.dispatcher import Dispatcher, run_name
from ledger.database import Ledger
from ledger.intake import receive
from ledger.replaying import Choice, replay
from ledger.tables import EventStatus
from runtime.wiring import Runtime
from tests.deployments.fakes import FakeChildren, FakePrefect, FakeRuns, events_of
from tests.world import event, lead, sample, until


async def arrives(house: Runtime, *events: dict[str, Any]) -> list[UUID]:
    parcel = [(Envelope.model_validate(one), one) for one in events]
    return [receipt.id for receipt in await receive(house.ledger, house.catalog, parcel)]


@contextlib.asynccontextmanager
async def dispatching(
    house: Runtime, *, free: int, places: int = 9, prefect: FakePrefect | None = None
) -> AsyncIterator[FakeRuns]:
    """Dispatch to `free` of `places` until the block ends."""
    runs = FakeRuns(children=FakeChildren(free=free, places=places))
    deployments = {uuid4(): plan for plan in plans(house.catalog)}
    dispatcher = Dispatcher(house, prefect or FakePrefect(), runs.children, runs, deployments)  # type: ignore[arg-type]  # fakes
    task = asyncio.create_task(dispatcher.run())
    try:
        yield runs
    finally:
        task.cancel()
        runs.end.set()
        with contextlib.suppress(asyncio.CancelledError):
            await task


async def begun(runs: FakeRuns, number: int) -> list[list[str]]:
    """Wait until so many runs have begun, and a moment for one too many; return their events."""

    async def look() -> bool:
        return len(runs.begun) >= number

    await until(look, seconds=10)
    await asyncio.sleep(0.2)
    assert len(runs.begun) == number
    return events_of(runs.begun)


async def test_the_more_critical_event_is_started_first_though_it_came_later(house: Runtime) -> None:
    (opportunity,) = await arrives(house, event("opportunity.created", "o-1", sample("opportunity.created", "import")))
    (first,) = await arrives(house, lead())
    async with dispatching(house, free=1) as runs:
        assert await begun(runs, 1) == [[str(first)]]
        runs.end.set()
        assert await begun(runs, 2) == [[str(first)], [str(opportunity)]]


async def test_a_flood_of_one_event_leaves_a_place_to_the_others(house: Runtime) -> None:
    leads = await arrives(house, *(lead(f"form-{n}", of=f"company{n}") for n in range(250)))
    (opportunity,) = await arrives(house, event("opportunity.created", "o-1", sample("opportunity.created", "import")))
    async with dispatching(house, free=3, places=3) as runs:
        assert await begun(runs, 3) == [
            [str(one) for one in leads[:100]],
            [str(opportunity)],
            [str(one) for one in leads[100:200]],
        ]


async def test_a_backlog_is_one_run_of_up_to_a_hundred_events(house: Runtime) -> None:
    ids = await arrives(house, *(lead(f"form-{n}", of=f"company{n}") for n in range(130)))
    async with dispatching(house, free=1) as runs:
        assert await begun(runs, 1) == [[str(one) for one in ids[:100]]]
        assert runs.begun[0].name == "Lead qualified · 100 deals"
        runs.end.set()
        assert (await begun(runs, 2))[1] == [str(one) for one in ids[100:]]


async def test_nothing_is_claimed_while_every_place_is_taken(house: Runtime) -> None:
    (one,) = await arrives(house, lead())
    async with dispatching(house, free=0) as runs:
        assert await begun(runs, 0) == []
    async with house.ledger.begin() as books:
        (row,) = await books.inbox.get([one])
    assert (row.status, row.attempts) == ("received", 0)


async def test_an_event_that_arrives_later_is_started_without_being_asked_for(house: Runtime) -> None:
    async with dispatching(house, free=1) as runs:
        (one,) = await arrives(house, lead())
        assert await begun(runs, 1) == [[str(one)]]


async def test_what_was_claimed_while_prefect_is_gone_is_given_back_without_counting_as_an_attempt(house: Runtime) -> None:
    prefect = FakePrefect(gone=True)
    (one,) = await arrives(house, lead())
    async with dispatching(house, free=1, prefect=prefect) as runs:
        await asyncio.sleep(0.3)
        async with house.ledger.begin() as books:
            (row,) = await books.inbox.get([one])
        assert (row.status, row.attempts) == ("received", 0)
        prefect.gone = False
        assert await begun(runs, 1) == [[str(one)]]


async def test_what_is_paused_is_not_started_until_somebody_resumes(house: Runtime) -> None:
    async with house.ledger.begin() as books:
        await books.switches.pause("path", "lead", reason="a drill", by="ada")
    (one,) = await arrives(house, lead())
    async with dispatching(house, free=1) as runs:
        assert await begun(runs, 0) == []
        async with house.ledger.begin(wake=True) as books:
            await books.switches.resume("path", "lead", by="ada")
        assert await begun(runs, 1) == [[str(one)]]


async def test_what_was_given_back_gets_a_run_of_its_own_though_no_attempt_was_counted(house: Runtime) -> None:
    prefect = FakePrefect()
    (one,) = await arrives(house, lead())
    async with dispatching(house, free=2, prefect=prefect) as runs:
        await begun(runs, 1)
        async with house.ledger.begin(wake=True) as books:
            await books.inbox.release([one], forget_attempt=True)
        await begun(runs, 2)
    first, second = prefect.made
    assert first.idempotency_key != second.idempotency_key


async def test_a_replayed_event_gets_a_run_of_its_own(house: Runtime) -> None:
    prefect = FakePrefect()
    (one,) = await arrives(house, lead())
    async with dispatching(house, free=2, prefect=prefect) as runs:
        await begun(runs, 1)
        await parked(house.ledger, one)
        await replay(house.ledger, house.catalog, Choice([one]))
        await begun(runs, 2)
    first, second = prefect.made
    assert first.idempotency_key != second.idempotency_key


async def parked(ledger: Ledger, one: UUID) -> None:
    async with ledger.begin() as books:
        await books.inbox.settle({one: EventStatus.PARKED})


def test_a_run_is_called_by_its_path_and_an_id_never_by_a_person() -> None:
    one = UUID(int=7)
    assert run_name("Lead qualified", [one]) == "Lead qualified · deal 00000000"
    assert run_name("Lead qualified", [one, uuid4()]) == "Lead qualified · 2 deals"


async def test_what_is_least_critical_has_its_turn_while_something_more_critical_still_waits(house: Runtime) -> None:
    """Given one place, and leads for three runs that came first, then a milestone begins before all of them are done."""
    await arrives(house, *(lead(f"form-{n}", of=f"company{n}") for n in range(250)))
    told = {"deal_id": "9001", "milestone": "Go-live"}
    (milestone,) = await arrives(house, event("milestone.reached", "m-1", told))
    async with dispatching(house, free=1) as runs:
        runs.end.set()
        assert [len(one) for one in await begun(runs, 4)] == [100, 1, 100, 50]
        assert events_of(runs.begun)[1] == [str(milestone)]
