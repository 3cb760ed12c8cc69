"""Owners are told once per cause, in their channel, in business words, and told again when it is solved."""

from __future__ import annotations

import asyncio
import json
from typing import Any
from uuid import UUID

from deployments.alerts import Alerts
from tests.world import World, lead


async def messages(world: World) -> list[dict[str, Any]]:
    return [one for one in await world.vendors.objects("chat", "messages") if "new deal" not in one["text"].lower()]


def shown(message: dict[str, Any]) -> str:
    return json.dumps(message["blocks"], ensure_ascii=False)


async def misfits(world: World, *names: str) -> list[UUID]:
    return await world.arrives(*(lead(name, of=name, person=None) for name in names))


async def test_thirty_events_that_fit_no_contract_are_one_message_that_is_kept_up_to_date(world: World) -> None:
    """
    Given thirty leads that all lack the person
    When the owners are told, after the first ten of them and after all
    Then one message stands in the owner's channel, and it names the present number, reason, amount, owner and runbook
    And looking again says nothing new.
    """
    alerts = Alerts(world.house)
    await misfits(world, *(f"a{n}" for n in range(10)))
    await alerts.look()
    (first,) = await messages(world)
    assert "10 deals wait at “Lead qualified”" in first["text"]
    await misfits(world, *(f"b{n}" for n in range(20)))
    await alerts.look()
    since = await world.vendors.last_request()
    await alerts.look()
    assert await world.vendors.asked(since=since, system="chat") == []
    (now,) = await messages(world)
    assert (now["ts"], now["channel"]) == (first["ts"], first["channel"])
    assert "30 deals wait at “Lead qualified”" in now["text"]
    text = shown(now)
    told = ["person: is missing", "EUR 450,000.00", "Sales operations", "What to do", "/runbooks/quarantine.md"]
    assert [words for words in told if words not in text] == []


async def test_an_alert_about_a_run_links_the_run(world: World) -> None:
    """
    Given a lead that the documents system refuses
    When its owner is told
    Then the message names what failed and what to do, and links the run and the runbook
    And when the fault is mended and the lead replayed, the message says that it is solved, and the alert is closed.
    """
    alerts = Alerts(world.house)
    await world.vendors.fault("docs", "POST /drive/v3/files", status=422, count=-1)
    (event,) = await world.arrives(lead())
    await world.qualify(event)
    await alerts.look()
    (stopped,) = await messages(world)
    (exception,) = await world.exceptions(event)
    assert f"/runs/flow-run/{exception.flow_run_id}" in shown(stopped)
    assert "1 deal waits at “Lead qualified”" in stopped["text"]
    await world.vendors.heal()
    assert await world.replayed(event)
    await world.qualify(event)
    await alerts.look()
    (solved,) = await messages(world)
    assert (solved["ts"], solved["text"]) == (stopped["ts"], "Solved: the deal goes on")
    async with world.house.ledger.begin() as books:
        assert await books.alerts.open() == []


async def test_two_workers_tell_an_owner_once(world: World) -> None:
    """
    Given a lead that stopped, and two workers, each of which finds that its owner does not know yet
    When both tell the owner at the same moment, and look again
    Then one message stands.
    """
    first, second = Alerts(world.house), Alerts(world.house)
    (event,) = await world.arrives(lead(confidence=0.2))
    await world.qualify(event)
    await world.vendors.fault("chat", "POST /chat.postMessage", latency_ms=500, count=2)
    await asyncio.gather(first.look(), second.look())
    await asyncio.gather(first.look(), second.look())
    assert len(await messages(world)) == 1


async def test_a_cause_that_comes_back_is_a_new_alert(world: World) -> None:
    """
    Given an alert that was closed when its event was replayed
    When the same cause stops another event
    Then its owner is told anew, in a second message.
    """
    alerts = Alerts(world.house)
    (first,) = await world.arrives(lead(confidence=0.2))
    await world.qualify(first)
    await alerts.look()
    async with world.house.ledger.begin() as books:
        await books.exceptions.close([first], closed_as="left")
    await alerts.look()
    (second,) = await world.arrives(lead("form-2", confidence=0.2))
    await world.qualify(second)
    await alerts.look()
    texts = sorted(one["text"].split(":")[0] for one in await messages(world))
    assert texts == ["1 deal waits at “Lead qualified”", "Solved"]


async def test_an_alert_that_could_not_be_delivered_is_delivered_once_at_a_later_look(world: World) -> None:
    """
    Given a chat that takes a message and loses its answer
    When the owners are told, and told again at the next look
    Then the message stands once.
    """
    alerts = Alerts(world.house)
    await misfits(world, "a1")
    await world.vendors.fault("chat", "POST /chat.postMessage", lose_answer=True)
    try:
        await alerts.look()
    except Exception as error:
        assert type(error).__name__ == "UncertainError"  # noqa: PT017  (which of the looks says it does not matter)
    await alerts.look()
    assert len(await messages(world)) == 1


async def test_a_message_that_somebody_deleted_is_posted_anew(world: World) -> None:
    """
    Given an alert whose message a person has deleted
    When the count grows
    Then the owner is told in a new message.
    """
    alerts = Alerts(world.house)
    await misfits(world, "a1")
    await alerts.look()
    await world.vendors.fault("chat", "POST /chat.update", status=404)
    await misfits(world, "a2")
    await alerts.look()
    assert "2 deals wait" in (await messages(world))[-1]["text"]


async def test_a_replayed_misfit_stays_in_quarantine_with_one_open_exception(world: World) -> None:
    """
    Given a lead that does not fit its contract
    When it is replayed, and the contract is still the same
    Then it is quarantined as before, with one open exception, and does not go on.
    """
    (event,) = await misfits(world, "a1")
    assert not await world.replayed(event)
    assert await world.status(event) == "quarantined"
    (exception,) = await world.exceptions(event)
    assert (exception.field, exception.owner) == ("person", "sales-operations")
    assert exception.cause == "contract/lead.qualified/person/missing"


async def test_amounts_that_are_none_or_add_up_beyond_any_one_do_not_silence_the_alerts(world: World) -> None:
    """
    Given leads with an unknown currency, and leads without a person whose amounts together are more than one may be
    When the owners are told
    Then each cause has its message, the sum is named, and what is no amount is left out.
    """
    most = {"minor": 10**15, "currency": "EUR"}
    await world.arrives(lead("x1", of="x1", amount={"minor": 5, "currency": "XXZ"}))
    await world.arrives(*(lead(name, of=name, person=None, amount=most) for name in ("y1", "y2")))
    await Alerts(world.house).look()
    texts = {one["text"]: shown(one) for one in await messages(world)}
    (unknown,) = [text for text in texts if "currency" in text]
    (large,) = [text for text in texts if "person" in text]
    assert "At stake" not in texts[unknown]
    assert "EUR 20,000,000,000,000.00" in texts[large]


async def test_an_owner_who_cannot_be_told_does_not_keep_the_others_from_being_told(world: World) -> None:
    """
    Given two causes, and a chat that refuses the first message about them
    When the owners are told
    Then the other one is told at once, and the first one at the next look.
    """
    await world.arrives(lead("x1", of="x1", person=None), lead("x2", of="x2", owner=None))
    await world.vendors.fault("chat", "POST /chat.postMessage", status=403, count=1)
    alerts = Alerts(world.house)
    await alerts.look()
    assert len(await messages(world)) == 1
    await alerts.look()
    assert len(await messages(world)) == 2
