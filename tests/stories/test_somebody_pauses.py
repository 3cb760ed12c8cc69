"""The kill switch: after a pause no new outside change begins, nothing is lost or counted, and it goes on where it stopped."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Any

import pytest
from prefect.settings import PREFECT_API_TLS_INSECURE_SKIP_VERIFY, PREFECT_API_URL, temporary_settings

from deployments.alerts import Alerts
from flows.digest import digest
from runtime.wiring import using
from tests.world import DAY, World, event, lead, sample

ONCE = {"companies": 1, "contacts": 1, "deals": 1, "folders": 1, "documents": 0, "messages": 1}


class PausesAfter:
    """A CRM during whose call somebody pauses something."""

    def __init__(self, world: World, scope: str, name: str) -> None:
        self._crm, self._world, self._pause = world.house.crm, world, (scope, name)

    def __getattr__(self, name: str) -> Any:
        act = getattr(self._crm, name)
        if name != "upsert_contacts":
            return act

        async def performed_while_somebody_pauses(*given: Any) -> Any:
            await pause(self._world, *self._pause)
            return await act(*given)

        return performed_while_somebody_pauses


async def pause(world: World, scope: str, name: str = "") -> None:
    async with world.house.ledger.begin() as books:
        await books.switches.pause(scope, name, reason="a drill", by="ada")


async def resume(world: World, scope: str, name: str = "") -> None:
    async with world.house.ledger.begin() as books:
        assert await books.switches.resume(scope, name, by="ada")


@pytest.mark.parametrize(
    ("scope", "name", "why"),
    [
        ("all", "", "everything is paused"),
        ("path", "lead", "the path lead.qualified is paused"),
        ("system", "crm", "the system crm is paused"),
    ],
)
async def test_a_run_that_meets_a_pause_gives_its_events_back_and_they_go_on_later(
    world: World, scope: str, name: str, why: str
) -> None:
    """
    Given leads in the middle of their path
    When somebody pauses it while a call is under way
    Then that call ends, no other one is made, the leads wait without an attempt counted, and the run says so in Prefect
    And after the pause they go on from there, with everything once.
    """
    (one,) = await world.arrives(lead())
    crm: Any = PausesAfter(world, scope, name)
    with using(replace(world.house, crm=crm)):
        state = await world.qualify(one)
    assert (state.name, state.message) == ("Waiting", f"1 of 1 deals wait: {why}")
    assert await world.vendors.counts() == dict.fromkeys(ONCE, 0) | {"companies": 1, "contacts": 1}
    async with world.house.ledger.begin() as books:
        (row,) = await books.inbox.get([one])
    assert (row.status, row.attempts) == ("received", 0)
    assert (await world.qualify(one)).message == "0 deals done"
    await resume(world, scope, name)
    await world.qualify(one)
    assert await world.status(one) == "done"
    assert await world.vendors.counts() == ONCE


async def test_while_chat_is_paused_nothing_is_told_there_not_even_by_us(world: World) -> None:
    """
    Given a chat that somebody has paused, an alert that is due, and an event whose path posts a message
    When the owners would be told, and the event run
    Then nothing is posted, and the event waits.
    """
    await world.arrives(lead(person=None))
    await pause(world, "system", "chat")
    await Alerts(world.house, now=lambda: DAY).look()
    milestone = event("milestone.reached", "m-1", sample("milestone.reached", "smallest"))
    (reached,) = await world.arrives(milestone)
    await world.settles()
    assert await world.status(reached) == "received"
    assert await world.vendors.objects("chat", "messages") == []


async def test_a_digest_is_not_posted_while_everything_is_paused(world: World) -> None:
    """
    Given a proposal that waits for a decision, and a pause of everything
    When the digest is run
    Then no message is posted, and the run says why; after the pause it is posted for that day.
    """
    deal = await world.deal_in_discovery()
    await world.happens("discovery.completed", {"deal_id": deal})
    assert await world.waiting()
    before = len(await world.vendors.objects("chat", "messages"))
    await pause(world, "all")
    with temporary_settings({PREFECT_API_URL: world.prefect, PREFECT_API_TLS_INSECURE_SKIP_VERIFY: True}):
        tomorrow = date.fromordinal(date.today().toordinal() + 1)  # noqa: DTZ011
        state = await digest(tomorrow, return_state=True)
        assert state.name == "Waiting"
        assert len(await world.vendors.objects("chat", "messages")) == before
        await resume(world, "all")
        assert (await digest(tomorrow, return_state=True)).name == "Completed"
    assert len(await world.vendors.objects("chat", "messages")) == before + 1
