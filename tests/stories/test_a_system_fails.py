"""A system that refuses, fails, says nothing or nonsense: each deal is done once, or parked for a person; never doubled."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import pytest

from deployments.alerts import Alerts
from ledger.intake import leave
from tests.world import DAY, World, lead

OPERATIONS = {
    "crm": "POST /crm/v3/objects/deals/batch",
    "docs": "POST /drive/v3/files",
    "chat": "POST /chat.postMessage",
}
PASSES: dict[str, dict[str, Any]] = {
    "asks to wait": {"status": 429, "retry_after": 1},
    "is down for a moment": {"status": 503},
    "fails": {"status": 500},
    "answers in HTML": {"status": 502, "body": "html"},
    "says nothing": {"status": 0},
    "loses its answer": {"lose_answer": True},
}
LOCKED = [("crm", 401), ("docs", 401), ("chat", 401), ("crm", 403)]
"""HubSpot's 403 names missing scopes."""
STAYS = [
    ("docs", 404),
    ("docs", 409),
    ("crm", 422),
    ("docs", 422),
]
ONCE = {"companies": 1, "contacts": 1, "deals": 1, "folders": 1, "documents": 1, "messages": 2}


async def goes_on(world: World, event: UUID) -> None:
    """Replay the event, run what is ready, and check that all of it stands once."""
    await world.vendors.heal()
    assert await world.replayed(event)
    await world.qualify(event)
    await world.discover()
    assert {row.status for row in await world.events()} == {"done"}
    assert await world.vendors.counts() == ONCE
    assert await world.exceptions(event) == []


@pytest.mark.parametrize("fault", PASSES)
async def test_what_passes_by_itself_is_waited_for_and_done_once(world: World, fault: str) -> None:
    """
    Given systems each of which has a passing fault at its next write
    When a lead travels both paths
    Then both events are done, nobody is bothered, and everything stands once.
    """
    for system, operation in OPERATIONS.items():
        await world.vendors.fault(system, operation, **PASSES[fault])
    (event,) = await world.travels(lead())
    assert await world.vendors.control("GET", "faults") == []
    assert await world.exceptions(event) == await world.exceptions(event, closed=True) == []
    assert [(row.type, row.status) for row in await world.events()] == [
        ("lead.qualified", "done"),
        ("opportunity.created", "done"),
    ]
    assert await world.vendors.counts() == ONCE


@pytest.mark.parametrize(("system", "status"), LOCKED)
async def test_a_deal_waits_where_our_credentials_are_not_taken(world: World, system: str, status: int) -> None:
    """
    Given a system that does not take our token, or misses a scope of it
    When a lead is run
    Then it waits without an exception, and goes on and stands once when the token is taken.
    """
    await world.vendors.fault(system, OPERATIONS[system], status=status, count=-1)
    (event,) = await world.arrives(lead())
    assert (await world.qualify(event)).name == "Waiting"
    assert (await world.status(event), await world.exceptions(event)) == ("received", [])
    await world.vendors.heal()
    async with world.house.ledger.begin() as books:
        for circuit in await books.circuits.open():
            await books.circuits.answered(circuit.system, [circuit.step], event)
    await world.qualify(event)
    await world.discover()
    assert {row.status for row in await world.events()} == {"done"}
    assert await world.vendors.counts() == ONCE


@pytest.mark.parametrize(("system", "status"), STAYS)
async def test_what_does_not_pass_parks_the_deal_until_a_person_has_mended_it(world: World, system: str, status: int) -> None:
    """
    Given a system that declines each of our writes
    When a lead is run
    Then it is parked, with one exception that names step and system, and the run does not look green
    And after the repair and a replay it is done, and everything stands once.
    """
    await world.vendors.fault(system, OPERATIONS[system], status=status, count=-1)
    (event,) = await world.arrives(lead())
    state = await world.qualify(event)
    assert state.is_failed()
    assert await world.status(event) == "parked"
    (exception,) = await world.exceptions(event)
    assert exception.cause.startswith("lead/")
    assert f"/{system}." in exception.cause
    assert (exception.owner, exception.amount_minor, exception.currency) == ("sales-operations", 1500000, "EUR")
    await goes_on(world, event)


async def test_a_message_that_chat_refuses_holds_up_no_deal(world: World) -> None:
    """
    Given a chat that declines messages about deals
    When a lead travels both paths
    Then both events are done, each with an exception that says what is missing, and the alert says that the deal goes on
    And when a person has told the owner and says so, nobody has work any more.
    """
    await world.vendors.fault("chat", OPERATIONS["chat"], status=422, count=2)
    await world.travels(lead())
    events = await world.events()
    assert [row.status for row in events] == ["done", "done"]
    missing = [await world.exceptions(row.id) for row in events]
    assert [[one.cause for one in some] for some in missing] == [
        ["lead/without/tell_owner/chat.invalid_arguments"],
        ["discovery/without/tell_owner/chat.invalid_arguments"],
    ]
    await Alerts(world.house, now=lambda: DAY).look()
    told = sorted(one["text"] for one in await world.vendors.objects("chat", "messages"))
    assert told[0].startswith("1 deal goes on without a step at “Lead qualified”: Chat did not take it")
    assert await leave(world.house.ledger, [row.id for row in events]) == {row.id for row in events}
    assert await world.exceptions(events[0].id) == []
    assert {row.status for row in await world.events()} == {"done"}
    assert await world.vendors.counts() == ONCE


async def test_a_system_that_stays_down_parks_the_deal_after_the_last_attempt(world: World) -> None:
    """
    Given a CRM that fails at each write of a deal
    When a lead is run
    Then the step is tried as often as the catalog says, and the lead is parked
    And after the repair and a replay everything stands once.
    """
    await world.vendors.fault("crm", OPERATIONS["crm"], status=500, count=-1)
    (event,) = await world.arrives(lead())
    await world.qualify(event)
    asked = [one for one in await world.vendors.asked(system="crm") if one["path"].startswith("/crm/v3/objects/deals/batch")]
    assert len(asked) >= world.house.catalog["lead.qualified"].retry.attempts
    (exception,) = await world.exceptions(event)
    assert "http_500" in exception.cause
    await goes_on(world, event)


async def test_a_conflict_at_the_crm_is_looked_into_not_believed(world: World) -> None:
    """
    Given a CRM that says once that a record exists already, which is not there
    When a lead is run
    Then it looks for the record, makes it, and is done.
    """
    await world.vendors.fault("crm", "POST /crm/v3/objects/deals/batch/create", status=409)
    (event,) = await world.arrives(lead())
    await world.qualify(event)
    assert await world.status(event) == "done"
    assert (await world.vendors.counts())["deals"] == 1


async def test_one_refused_record_leaves_the_batch_and_the_others_go_on(world: World) -> None:
    """
    Given a batch of leads, one of which has a currency that the CRM does not take
    When it is run
    Then that one is parked for its owner with what is at stake, and the others are done.
    """
    good = [lead(f"form-{n}", of=f"company{n}") for n in range(3)]
    bad = lead("form-bad", of="odd", amount={"minor": 700, "currency": "XAU"})
    *fine, refused = await world.arrives(*good, bad)
    state = await world.qualify(*fine, refused)
    assert state.is_failed()
    assert state.message == "1 of 4 deals need a person"
    assert [await world.status(event) for event in (*fine, refused)] == ["done", "done", "done", "parked"]
    (exception,) = await world.exceptions(refused)
    assert exception.cause.startswith("lead/open_deal/crm.http_")
    assert exception.route.endswith("then replay")
    assert (exception.owner, exception.amount_minor, exception.currency) == ("sales-operations", 700, "XAU")
    assert exception.flow_run_id
    assert (await world.vendors.counts())["deals"] == 3
