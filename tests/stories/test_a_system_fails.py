"""A system that refuses, fails, says nothing or nonsense: each deal is done once, or parked for a person; never doubled."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import pytest

from ledger.intake import reopen
from tests.world import World, lead

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
STAYS: dict[str, dict[str, Any]] = {
    "rejects our token": {"status": 401, "count": -1},
    "forbids": {"status": 403, "count": -1},
    "does not find it": {"status": 404, "count": -1},
    "does not understand": {"status": 422, "count": -1},
}
ONCE = {"companies": 1, "contacts": 1, "deals": 1, "folders": 1, "documents": 1, "messages": 2}


async def goes_on(world: World, event: UUID) -> None:
    """Replay the event, run what is ready, and check that all of it stands once."""
    await world.vendors.heal()
    assert await reopen(world.house.ledger, world.house.catalog, [event]) == {event}
    await world.qualify(event)
    await world.discover()
    assert {row.status for row in await world.events()} == {"done"}
    assert await world.vendors.counts() == ONCE
    assert await world.exceptions(event) == []


@pytest.mark.parametrize("system", OPERATIONS)
@pytest.mark.parametrize("fault", PASSES)
async def test_what_passes_by_itself_is_waited_for_and_done_once(world: World, system: str, fault: str) -> None:
    """
    Given a system that has a passing fault at its next write
    When a lead travels both paths
    Then both events are done, nobody is bothered, and everything stands once.
    """
    await world.vendors.fault(system, OPERATIONS[system], **PASSES[fault])
    (event,) = await world.travels(lead())
    assert [(row.type, row.status) for row in await world.events()] == [
        ("lead.qualified", "done"),
        ("opportunity.created", "done"),
    ], [(row.cause, row.reason) for row in await world.exceptions(event)]
    assert await world.vendors.counts() == ONCE
    assert await world.exceptions(event) == await world.exceptions(event, closed=True) == []


@pytest.mark.parametrize("system", OPERATIONS)
@pytest.mark.parametrize("fault", STAYS)
async def test_what_does_not_pass_parks_the_deal_until_a_person_has_mended_it(world: World, system: str, fault: str) -> None:
    """
    Given a system that declines each of our writes
    When a lead is run
    Then it is parked, with one exception that names step and system, and the run does not look green
    And after the repair and a replay it is done, and everything stands once.
    """
    await world.vendors.fault(system, OPERATIONS[system], **STAYS[fault])
    (event,) = await world.arrives(lead())
    state = await world.qualify(event)
    assert state.is_failed()
    assert await world.status(event) == "parked"
    (exception,) = await world.exceptions(event)
    assert exception.cause.startswith("lead/")
    assert system in exception.cause
    assert (exception.owner, exception.amount_minor, exception.currency) == ("sales-operations", 1500000, "EUR")
    await goes_on(world, event)


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


async def test_a_conflict_at_the_crm_means_that_our_deal_stands_there_already(world: World) -> None:
    """
    Given a deal whose creation was performed, and whose effect the ledger believes to be open
    When its path is run
    Then the CRM's refusal of a second deal under our key is no fault: the first one is found.
    """
    await world.vendors.fault("crm", OPERATIONS["crm"], status=409)
    (event,) = await world.arrives(lead())
    await world.qualify(event)
    if await world.status(event) == "parked":
        await goes_on(world, event)
    else:
        assert (await world.vendors.counts())["deals"] == 1


async def test_one_refused_record_leaves_the_batch_and_the_others_go_on(world: World) -> None:
    """
    Given a batch of leads, one of which has an amount that the CRM's currency list does not know
    When it is run
    Then that one is parked for its owner with what is at stake, and the others are done.
    """
    good = [lead(f"form-{n}", of=f"company{n}") for n in range(3)]
    bad = lead("form-bad", of="odd", amount={"minor": 700, "currency": "XAU"})
    events = await world.arrives(*good, bad)
    await world.vendors.fault("docs", "POST /drive/v3/files", status=422)
    state = await world.qualify(*events)
    assert state.is_failed()
    statuses = [await world.status(event) for event in events]
    assert sorted(statuses) == ["done", "done", "done", "parked"]
    (refused,) = [event for event, status in zip(events, statuses, strict=True) if status == "parked"]
    (exception,) = await world.exceptions(refused)
    assert (exception.cause, exception.owner) == ("lead/create_account_folder/docs.http_422", "sales-operations")
    assert exception.route.endswith("then replay")
    assert exception.amount_minor
    assert exception.flow_run_id
    assert state.message == "1 of 4 deals need a person"
