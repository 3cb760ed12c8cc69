"""The operating flows that prove alerts and capture mail say what became of it, and a run that failed is not green."""

from __future__ import annotations

import asyncio
from typing import Any

from prefect.client.schemas.objects import State
from prefect.settings import PREFECT_API_URL, temporary_settings

from deployments.alerts import Alerts
from flows.capture import capture
from flows.drill import drill
from tests.world import World


async def run(world: World, flow: Any) -> State[Any]:
    with temporary_settings({PREFECT_API_URL: world.prefect}):
        state: State[Any] = await flow(return_state=True)
    return state


async def test_a_drill_is_green_when_its_alert_stands_in_its_channel(world: World) -> None:
    telling = asyncio.create_task(Alerts(world.house).run())
    state = await run(world, drill)
    telling.cancel()
    assert (state.type.value, state.message) == ("COMPLETED", "the alert arrived")


async def test_a_drill_in_a_chat_that_is_paused_says_so(world: World) -> None:
    async with world.house.ledger.begin() as books:
        await books.switches.pause("system", "chat", reason="r", by="ada")
    state = await run(world, drill)
    assert (state.type.value, state.message) == ("COMPLETED", "chat is paused, so no alert goes anywhere")


async def test_a_capture_says_what_came_and_is_not_green_when_a_tagged_letter_could_not_be_placed(world: World) -> None:
    assert (await run(world, capture)).message == "0 letters came, 0 are on record"
    letter = {"from": "delivery-1@towline.example", "subject": "[towline/decision Nobody]", "text": "We agree"}
    await world.vendors.control("POST", "people", {"system": "mail", "kind": "messages", "properties": letter})
    state = await run(world, capture)
    told = "1 letters came, 0 are on record, 1 tagged ones could not be placed"
    assert (state.type.value, state.message) == ("FAILED", told)
    await world.vendors.fault("mail", status=503, count=-1)
    state = await run(world, capture)
    assert state.type.value == "FAILED"
    assert (state.message or "").startswith("it is looked at again, from the same place")
