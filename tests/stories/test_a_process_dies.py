"""A process that dies after a vendor did what it was asked, and before the ledger heard of it: nothing is done twice."""

from __future__ import annotations

from dataclasses import replace
from typing import Any
from uuid import UUID

import pytest

from runtime.wiring import using
from tests.world import World, lead

LEAD_STEPS = [
    ("crm", "upsert_companies"),
    ("crm", "upsert_contacts"),
    ("crm", "open_deals"),
    ("crm", "associate"),
    ("docs", "create_folders"),
    ("crm", "change_deals"),
    ("chat", "post"),
]
DISCOVERY_STEPS = [("docs", "copy_templates"), ("docs", "fill"), ("crm", "change_deals"), ("chat", "post")]
ONCE = {"companies": 1, "contacts": 1, "deals": 1, "folders": 1, "documents": 1, "messages": 2}


class Killed(BaseException):
    """Stands for SIGKILL: no code of ours handles it."""


class DiesAfter:
    """A port whose process dies when `method` has done its work."""

    def __init__(self, port: Any, method: str) -> None:
        self._port, self._method = port, method

    def __getattr__(self, name: str) -> Any:
        act = getattr(self._port, name)
        if name != self._method:
            return act

        async def performed_but_never_heard_of(*given: Any) -> Any:
            await act(*given)
            raise Killed

        return performed_but_never_heard_of


async def dies(world: World, system: str, method: str, event: UUID) -> None:
    """Run the event's path in a process that dies, and let the next one of the worker's name take over."""
    deadly: dict[str, Any] = {system: DiesAfter(getattr(world.house, system), method)}
    house = replace(world.house, **deadly)
    run = {row.id: world.qualify if row.type == "lead.qualified" else world.discover for row in await world.events()}[event]
    with using(house), pytest.raises(Killed):
        await run(event)
    assert await world.status(event) == "running"
    async with world.house.ledger.begin() as books:
        assert [row.id for row in await books.inbox.release_of(world.house.worker)] == [event]


@pytest.mark.parametrize(("system", "method"), LEAD_STEPS)
async def test_the_next_run_of_a_lead_finds_what_the_dead_one_made(world: World, system: str, method: str) -> None:
    """
    Given a process that dies on the lead path, after this call has done its work
    When another process takes the lead up, and its opportunity travels on
    Then both are done, and everything stands once.
    """
    (event,) = await world.arrives(lead())
    await dies(world, system, method, event)
    await world.qualify(event)
    await world.discover()
    assert {row.status for row in await world.events()} == {"done"}
    assert await world.vendors.counts() == ONCE


@pytest.mark.parametrize(("system", "method"), DISCOVERY_STEPS)
async def test_the_next_run_of_an_opportunity_finds_what_the_dead_one_made(world: World, system: str, method: str) -> None:
    """
    Given a process that dies on the discovery path, after this call has done its work
    When another process takes the opportunity up
    Then it is done, everything stands once, and no blank of the packet is left.
    """
    (first,) = await world.arrives(lead())
    await world.qualify(first)
    (opportunity,) = [row.id for row in await world.events() if row.id != first]
    await dies(world, system, method, opportunity)
    await world.discover(opportunity)
    assert await world.status(opportunity) == "done"
    assert await world.vendors.counts() == ONCE
    (packet,) = await world.vendors.objects("docs", "documents")
    assert "{{" not in await world.house.docs.read_text(packet["id"])


async def test_a_message_about_a_batch_is_not_repeated_when_the_batch_is_put_together_differently(world: World) -> None:
    """
    Given a batch of three leads whose process dies when their owners have been told
    When one of them is taken up alone, and then the two others together
    Then nobody is told again.
    """
    events = await world.arrives(*(lead(f"form-{n}", of=f"company{n}") for n in range(3)))
    chat: Any = DiesAfter(world.house.chat, "post")
    with using(replace(world.house, chat=chat)), pytest.raises(Killed):
        await world.qualify(*events)
    async with world.house.ledger.begin() as books:
        await books.inbox.release_of(world.house.worker)
    await world.qualify(events[0])
    await world.qualify(*events[1:])
    assert [await world.status(event) for event in events] == ["done"] * 3
    assert len(await world.vendors.objects("chat", "messages")) == 1
