"""A rollback is released by a second person, has its deals for itself, and goes on after a stop, a fault or a death, once."""

from __future__ import annotations

from collections import Counter
from typing import Any
from uuid import UUID

import pytest

from contracts.errors import RefusedError
from deployments.rolling_back import move, plan, release
from flows.refusal import REFUSED
from ledger.scopes import Scope
from tasks import undo
from tasks.batch import WAITING
from tests.undoing import ASKER, SECOND, carried_out, items, of_event, planned, row_of, run
from tests.world import World, lead

CONTRACT = Scope("contract", "contract lead.qualified@1", {"contract": "lead.qualified/1"})


async def deals(world: World) -> int:
    return len(await world.vendors.objects("crm", "deals"))


async def archived(world: World) -> int:
    """How often records were archived in the CRM."""
    asked = await world.vendors.asked(system="crm")
    return sum("/objects/" in one["path"] and one["path"].endswith("/archive") for one in asked)


async def claimed(world: World, event_type: str) -> list[UUID]:
    """What a worker would get to work on now."""
    async with world.house.ledger.begin() as books:
        rows = await books.inbox.claim(event_type, limit=10, worker="tests", seconds=30)
        await books.inbox.release([row.id for row in rows])
    return [row.id for row in rows]


async def test_two_people_a_stop_a_fault_and_a_death_and_everything_is_undone_once(world: World) -> None:
    """Given two leads that are done, with what follows them still to do
    When one person asks for a rollback, they cannot release it, and a second person can
    Then nothing else is done in these deals, a stopped rollback does nothing, nor one whose system is paused, and a resumed
    one goes on
    And a call that changed something and whose answer was lost, and a process that died between a call and its
    writing down, are found as they are: nothing is done twice.
    """
    events = await world.arrives(lead("a", of="a"), lead("b", of="b"))
    await world.qualify(*events)
    assert len(await claimed(world, "opportunity.created")) == 2
    rollback = await plan(world.house, CONTRACT, by=ASKER, reason="a test")
    ledger, owners = world.house.ledger, world.house.catalog.owners
    with pytest.raises(RefusedError, match="second person"):
        await release(ledger, owners, rollback, by=ASKER)
    await release(ledger, owners, rollback, by=SECOND)
    with pytest.raises(RefusedError, match="released"):
        await release(ledger, owners, rollback, by=SECOND)
    assert await claimed(world, "opportunity.created") == []

    await move(ledger, rollback, "stop")
    async with ledger.begin() as books:
        assert await books.rollbacks.take("tests", seconds=30) is None
    assert ((await run(world, rollback)).name, await deals(world)) == (REFUSED, 2)
    assert await claimed(world, "opportunity.created") == []
    await move(ledger, rollback, "resume")

    async with ledger.begin() as books:
        await books.switches.pause("system", "crm", reason="a test", by=ASKER)
    assert ((await carried_out(world, rollback)).name, await deals(world)) == (WAITING, 2)
    async with ledger.begin() as books:
        await books.switches.resume("system", "crm", by=ASKER)

    await world.vendors.fault("crm", "POST /crm/v3/objects/deals/batch/archive", lose_answer=True)
    assert (await carried_out(world, rollback)).is_completed()
    found = await items(world, rollback)
    assert Counter(row.outcome for row in found) == {"undone": len(found)}
    assert [await deals(world), len(await world.vendors.objects("crm", "contacts"))] == [0, 0]
    assert (await row_of(world, rollback)).state == "done"
    assert Counter(row.status for row in await world.events()) == {"undone": 4}


async def test_what_a_dead_process_had_undone_is_taken_as_undone(world: World) -> None:
    """Given a rollback whose process dies after it has changed everything outside, before it writes any of that down
    When another process takes it up
    Then it finds what is gone and back, and calls for nothing again.
    """
    (event,) = await world.arrives(lead("a", of="a"))
    await world.qualify(event)
    rollback = await planned(world, of_event(event))
    await release(world.house.ledger, world.house.catalog.owners, rollback, by=ASKER)
    async with world.house.ledger.begin() as books:
        rows = await books.rollbacks.deeds(rollback)
    await act_and_die(world, rows)
    before = await archived(world)
    assert await deals(world) == 0
    assert (await carried_out(world, rollback)).is_completed()
    assert {row.outcome for row in await items(world, rollback)} == {"undone"}
    assert await archived(world) == before


async def act_and_die(world: World, rows: Any) -> None:
    """Do outside what a rollback would, and nothing in the ledger."""
    verdicts = await undo.judged(world.house, rows)
    for row in rows:
        if row.system != "chat" and verdicts[row.key].act:
            await undo.acted(world.house, [(row, verdicts[row.key])])


async def test_an_event_that_failed_is_taken_back_without_a_person_and_can_be_done_again(world: World) -> None:
    """Given a lead that is parked behind its deal, and a rollback of what it has done, recorded with that
    When the worker has carried it out and somebody replays the lead
    Then its steps are done again under fresh keys, and everything stands once.
    """
    (event,) = await world.arrives(lead("a", of="a"))
    await world.vendors.fault("docs", "POST /drive/v3/files", status=400)
    await world.qualify(event)
    async with world.house.ledger.begin() as books:
        steps = ("open_deal", "upsert_contact", "upsert_company", "associate_deal")
        rollback = await books.rollbacks.of_failed_event(event, steps, "a later step failed")
        assert await books.rollbacks.of_failed_event(UUID(int=1), steps, "nothing was done") is None
    assert rollback
    assert (await carried_out(world, rollback)).is_completed()
    assert await deals(world) == 0
    (row,) = await world.events()
    assert row.status == "parked"
    async with world.house.ledger.begin() as books:
        await books.inbox.reopen([event])
    await world.qualify(event)
    counts = await world.vendors.counts()
    assert {kind: counts[kind] for kind in ("companies", "contacts", "deals", "folders")} == {
        "companies": 1,
        "contacts": 1,
        "deals": 1,
        "folders": 1,
    }
