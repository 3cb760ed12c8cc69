"""The resident worker as a process: what it takes, and what becomes of its work when it, a child or Prefect dies."""

from __future__ import annotations

import asyncio
import json
import signal
from typing import Any
from uuid import UUID

from prefect.client.schemas.filters import DeploymentFilter, DeploymentFilterId
from prefect.states import Cancelling
from sqlalchemy import text

from deployments.rolling_back import release
from tests.deployments.conftest import Works
from tests.undoing import SECOND, items, of_event, planned, row_of
from tests.world import lead, until

ONE = {"companies": 1, "deals": 1, "folders": 1, "documents": 1}
DEALS = "/crm/v3/objects/deals/batch/create"
FOLDERS = "/drive/v3/files"


async def held(works: Works, path: str, *events: dict[str, Any], seconds: float = 3) -> list[UUID]:
    """Let events come in, and wait until their run is in the middle of a call that the vendor takes its time for."""
    system = "crm" if path == DEALS else "docs"
    fault = {"system": system, "operation": f"POST {path}", "latency_ms": seconds * 1000}
    await works.world.vendors.control("POST", "faults", fault)
    arrived = await works.world.arrives(*events)
    await until(lambda: under_way(works, path))
    return arrived


async def under_way(works: Works, path: str) -> bool:
    return any(one["status"] is None and one["path"] == path for one in await works.world.vendors.asked())


async def nothing_under_way(works: Works, path: str) -> bool:
    return not await under_way(works, path)


async def test_an_event_in_the_inbox_becomes_a_run_of_its_deployment(works: Works) -> None:
    """
    Given a worker
    When a lead enters the inbox
    Then it and its opportunity are done by runs of their deployments, whose names and parameters hold ids only.
    """
    (event,) = await works.world.arrives(lead("form-1", of="alpha"))
    assert await works.settled(event) == ["done", "done"]
    assert await works.made("alpha") == ONE
    run = await works.ended((await works.run_of(event)).id)
    deployment = await works.client.read_deployment(run.deployment_id)  # type: ignore[arg-type]
    assert (deployment.name, run.name) == ("Lead qualified", f"Lead qualified · deal {event.hex[:8]}")
    assert run.parameters == {"events": [str(event)]}
    assert run.state
    assert run.state.is_completed()


async def test_runs_asked_for_in_the_prefect_ui_go_through_the_same_worker(works: Works) -> None:
    """
    Given a contact who stands in the CRM, and a lead that the gate has stopped
    When a person starts the lead path for the contact, and replays the stopped lead
    Then both runs are taken by polling, and both events are worked on.
    """
    (stopped,) = await works.world.arrives(lead("form-2", of="beta", confidence=0.1))
    assert await works.settled(stopped) == ["parked"]
    replayed = await works.on_demand("replay/Replay an event", events=[str(stopped)])
    assert replayed.state
    assert replayed.state.is_completed()
    assert await works.settled(stopped) == ["parked"]
    assert len(await works.world.exceptions(stopped, closed=True)) == 1
    ada = {"firstname": "Ada", "lastname": "Byron", "email": "ada@iota.example", "towline_owner": "sales-1"}
    company = await works.world.vendors.person_makes("companies", {"name": "Iota GmbH", "domain": "iota.example"})
    contact = await works.world.vendors.person_makes("contacts", ada, company=company["id"])
    started = await works.on_demand(
        "start/Run a path for a CRM record", path="lead (a contact's id)", crm_record_id=str(contact["id"])
    )
    assert started.state
    assert started.state.is_completed(), started.state.message
    (bare,) = [row for row in await works.world.events() if row.source == "prefect/on-demand"]
    await works.settled(bare.id)
    assert await works.world.status(bare.id) == "done", await works.world.exceptions(bare.id)


async def test_a_worker_tells_prefect_what_became_of_an_event(works: Works) -> None:
    (event,) = await works.world.arrives(lead("form-9", of="kappa"))
    assert await works.settled(event) == ["done", "done"]

    async def look() -> bool:
        return [row.told for row in await works.world.events() if row.id == event] == ["done"]

    await until(look)


async def test_what_a_person_asks_for_wrongly_is_refused_in_prefect_and_alarms_nobody(works: Works) -> None:
    """
    Given the forms in the Prefect UI
    When a person answers a decision that is not there
    Then the run is Refused in words, and nobody's exception.
    """
    answer = {"decision": str(UUID(int=7)), "answer": "approve", "by": "head-of-sales"}
    refused = (await works.on_demand("decide/Decide on a proposal", **answer)).state
    assert refused
    assert (refused.name, refused.message) == ("Refused", "there is no such decision")
    async with works.world.house.ledger.begin() as books:
        assert "decide/run-failed" not in [row.cause for row in await books.exceptions.causes()]


async def test_a_run_that_a_person_cancels_parks_its_events(works: Works) -> None:
    """
    Given a run that is in the middle of its path
    When a person cancels it in Prefect
    Then the run is cancelled, its event is parked with that cause, and after a replay everything stands once.
    """
    (event,) = await held(works, DEALS, lead("form-3", of="gamma"), seconds=6)
    run = await works.run_of(event)
    await works.client.set_flow_run_state(run.id, Cancelling())
    await until(lambda: works.is_called(run.id, "Cancelled"))
    assert await works.settled(event) == ["parked"]
    assert [row.cause for row in await works.world.exceptions(event)] == ["lead/cancelled"]
    await works.on_demand("replay/Replay an event", events=[str(event)])
    assert await works.settled(event) == ["done", "done"]
    await until(lambda: nothing_under_way(works, DEALS))
    assert await works.made("gamma") == ONE


async def test_a_child_that_is_killed_in_the_middle_of_a_batch_loses_and_doubles_nothing(works: Works) -> None:
    """
    Given a batch of leads in the middle of their path
    When the process that works on them is killed
    Then another process takes its leads up, and everything stands once.
    """
    events = await held(works, DEALS, *(lead(f"form-4{n}", of=f"delta{n}") for n in range(5)))
    (child,) = works.children
    child.kill()
    assert set(await works.settled(*events)) == {"done"}
    await until(lambda: nothing_under_way(works, DEALS))
    assert await works.made("delta") == {"companies": 5, "deals": 5, "folders": 5, "documents": 5}
    assert [one.pid for one in works.children] != [child.pid]


async def test_a_child_that_is_killed_after_its_fork_server_is_replaced_as_well(works: Works) -> None:
    """
    Given leads in the middle of their path
    When the process that warm ones are forked from is killed, and then the one that works on them
    Then another one of both is started, while the worker keeps its leases, and everything stands once.
    """
    events = await held(works, DEALS, *(lead(f"form-11{n}", of=f"mu{n}") for n in range(2)))
    (child,) = works.children
    child.parent().kill()
    child.kill()
    assert set(await works.settled(*events)) == {"done"}
    assert await works.made("mu") == {"companies": 2, "deals": 2, "folders": 2, "documents": 2}
    assert [one.pid for one in works.children] != [child.pid]


async def test_an_event_that_kills_its_process_is_parked_and_its_neighbours_finish(works: Works) -> None:
    """
    Given a batch of leads, one of which kills whatever process works on it
    When the batch is taken up, and up again
    Then that one is parked and named after a few deaths, and the others are done, with everything once.
    """
    await forgotten(works)
    await works.world.vendors.fault("crm", f"POST {DEALS}", latency_ms=300, count=-1)
    events = await works.world.arrives(*(lead(f"form-10{n}", of=f"lambda{n}") for n in range(4)))
    killer, kills = events[2], 0
    while (row := await works.row(killer)).status != "parked":
        if row.status == "running" and row.flow_run_id and await under_way(works, DEALS) and works.children:
            works.children[0].kill()
            kills += 1
            await until(lambda: given_back(works, killer, row.flow_run_id))
        await asyncio.sleep(0.02)
    await works.world.vendors.heal()
    assert sorted(await works.settled(*events)) == ["done"] * 6 + ["parked"]
    assert 3 <= kills <= 5
    (named,) = await works.world.exceptions(killer)
    assert named.cause == "lead/process-died"
    await until(lambda: nothing_under_way(works, DEALS))
    assert (await works.made("lambda"))["documents"] == 3


async def forgotten(works: Works) -> None:
    """Let no death of another test be remembered."""
    async with works.world.house.ledger.begin() as books:
        await books.deaths._connection.execute(text("DELETE FROM deaths"))


async def given_back(works: Works, event: UUID, run: UUID) -> bool:
    row = await works.row(event)
    return row.status != "running" or row.flow_run_id != run


async def test_a_folder_that_is_under_way_when_its_process_is_killed_is_not_made_again(works: Works) -> None:
    """
    Given a lead whose folder the documents system is slow to make
    When the process that waits for it is killed
    Then the next one does not make a second folder.
    """
    (event,) = await held(works, FOLDERS, lead("form-8", of="theta"), seconds=5)
    for child in works.children:
        child.kill()
    assert await works.settled(event) == ["done", "done"]
    await until(lambda: nothing_under_way(works, FOLDERS))
    assert (await works.made("theta"))["folders"] == 1


async def test_a_worker_that_is_killed_is_followed_by_one_that_finishes_its_work(works: Works) -> None:
    """
    Given a lead in the middle of its path
    When the worker is killed, and another one is started
    Then the dead one's run is closed, no child outlives it, and everything stands once.
    """
    (event,) = await held(works, DEALS, lead("form-5", of="epsilon"))
    first, children = await works.run_of(event), works.children
    works.worker.end(signal.SIGKILL)
    works.start()
    assert await works.settled(event) == ["done", "done"]
    await until(lambda: nothing_under_way(works, DEALS))
    assert await works.made("epsilon") == ONE
    assert (await works.ended(first.id)).state_name == "Crashed"
    assert [child for child in children if child.is_running() and child.status() != "zombie"] == []


async def test_a_rollback_goes_on_after_its_worker_was_killed_in_the_middle_of_a_call(works: Works) -> None:
    """
    Given a lead that is done, and a rollback of it that somebody has released
    When the worker is killed while it archives the deal, and another one of its name starts
    Then that one finishes the rollback: nothing stands, and the events are undone.
    """
    world = works.world
    (event,) = await world.arrives(lead("undone-1", of="undone"))
    await works.settled(event)
    path = "/crm/v3/objects/deals/batch/archive"
    fault = {"system": "crm", "operation": f"POST {path}", "latency_ms": 2000}
    await world.vendors.control("POST", "faults", fault)
    rollback = await planned(world, of_event(event))
    await release(world.house.ledger, world.house.catalog.owners, rollback, by=SECOND)
    await until(lambda: under_way(works, path))
    works.worker.end(signal.SIGKILL)
    await until(lambda: nothing_under_way(works, path))
    works.start()

    async def over() -> bool:
        return bool((await row_of(world, rollback)).state == "done")

    await until(over)
    assert {row.outcome for row in await items(world, rollback)} == {"undone"}
    assert await works.settled(event) == ["undone", "undone"]
    made = await works.made("undone")
    assert (made["companies"], made["deals"]) == (0, 0)


async def test_a_worker_that_is_told_to_stop_gives_its_work_back(works: Works) -> None:
    """
    Given a lead in the middle of its path
    When the worker is told to stop
    Then the lead is ready for somebody else, and the next worker finishes it, with everything once.
    """
    (event,) = await held(works, DEALS, lead("form-6", of="zeta"))
    assert works.worker.end(signal.SIGTERM) == 0
    assert await works.world.status(event) == "received"
    works.start()
    assert await works.settled(event) == ["done", "done"]
    await until(lambda: nothing_under_way(works, DEALS))
    assert await works.made("zeta") == ONE


async def test_while_prefect_is_gone_events_wait_and_then_go_on(works: Works) -> None:
    """
    Given a Prefect server that has stopped
    When a lead comes in, and later the server is there again
    Then the lead waits, without an exception, and is done once.
    """
    works.prefect.end(signal.SIGKILL)
    try:
        (event,) = await works.world.arrives(lead("form-7", of="eta"))
        await asyncio.sleep(3)
        assert await works.world.status(event) in ("received", "running")
        assert (await works.made("eta"))["deals"] == 0
    finally:
        works.start_prefect()
    assert await works.settled(event) == ["done", "done"]
    assert await works.made("eta") == ONE
    assert await works.world.exceptions(event) == []


async def test_the_workers_log_names_nobody(works: Works) -> None:
    """
    Given a worker that has worked on deals, been killed and gone without Prefect
    When its log is read
    Then every line is ours, in JSON, and no person, address or number stands in it.
    """
    log = works.worker.log.read_text()
    assert not [words for words in ("Byron", "@", "+4930", "901820") if words in log]
    entries = [json.loads(line) for line in log.splitlines() if line.startswith("{")]
    assert any(entry["event"] == "taking up what a dead worker held" for entry in entries)


async def test_what_the_catalog_schedules_is_scheduled(works: Works) -> None:
    """
    Given the sweep, which the catalog wants every minute
    When a worker has made its deployment
    Then Prefect's scheduler plans runs of it.
    """
    sweep = await works.client.read_deployment_by_name("sweep/Take up what is stuck")
    of_sweep = DeploymentFilter(id=DeploymentFilterId(any_=[sweep.id]))

    async def look() -> bool:
        return any(run.auto_scheduled for run in await works.client.read_flow_runs(deployment_filter=of_sweep))

    await until(look)
