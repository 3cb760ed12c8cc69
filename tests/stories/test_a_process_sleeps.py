"""A process that sleeps past its lease, while another one has its event: it comes back, and nothing is done twice."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import Any
from uuid import UUID

import pytest

from ledger.dying import leases_ended
from ledger.trace import effects_of
from runtime.wiring import using
from tests.world import World, lead

ONCE = {"companies": 1, "contacts": 1, "deals": 1, "folders": 1, "documents": 0, "messages": 1}


class Sleeps:
    """A port whose process falls asleep before it has heard what `method` did, and wakes when it is told."""

    def __init__(self, port: Any, method: str) -> None:
        self._port, self._method = port, method
        self.asleep, self.wake = asyncio.Event(), asyncio.Event()

    def __getattr__(self, name: str) -> Any:
        act = getattr(self._port, name)
        if name != self._method:
            return act

        async def slept(*given: Any) -> Any:
            answer = await act(*given)
            self.asleep.set()
            await self.wake.wait()
            return answer

        return slept


async def written(world: World, event: UUID) -> list[Any]:
    """Return what the ledger says of an event's changes."""
    async with world.house.ledger.begin() as books:
        (row,) = await books.inbox.get([event])
        return [tuple(effect) for effect in await effects_of(books, row)]


@pytest.mark.parametrize(("system", "method"), [("crm", "open_deals"), ("docs", "create_folders"), ("chat", "post")])
async def test_a_lead_whose_process_sleeps_is_done_once_by_another(world: World, system: str, method: str) -> None:
    """
    Given a process that sleeps in the middle of a lead, past its lease
    When another one takes the lead up and finishes it, and the first one wakes and goes on
    Then everything stands once, the lead is done, and what the first one has to say of it is not written.
    """
    (event,) = await world.arrives(lead())
    port: Any = Sleeps(getattr(world.house, system), method)
    sleeping: dict[str, Any] = {system: port}
    with using(replace(world.house, worker="sleeper", **sleeping)):
        slept = asyncio.create_task(world.qualify(event))
        await port.asleep.wait()
    async with world.house.ledger.begin() as books:
        await books.inbox._set([event], lease_until=(await books.inbox.get([event]))[0].received_at)
        assert [row.id for row in await leases_ended(books, world.house.catalog)] == [event]
    await world.qualify(event)
    assert await world.status(event) == "done"
    effects = await written(world, event)
    port.wake.set()
    await slept
    assert await world.status(event) == "done"
    assert await written(world, event) == effects
    assert await world.vendors.counts() == ONCE
