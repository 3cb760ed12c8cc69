"""A run is seen to its end whatever happens to its process, and its events never stay with it."""

from __future__ import annotations

from typing import Any
from uuid import UUID, uuid4

from prefect.client.schemas.objects import FlowRun

from contracts.catalog import catalog
from contracts.event import Envelope
from deployments.runs import DEATHS, Runs
from ledger.database import Ledger
from ledger.intake import receive
from tests.deployments.fakes import FakeChildren, FakePrefect
from tests.world import lead


async def claimed(ledger: Ledger, *, assigned: bool) -> FlowRun:
    """A run for one lead, which it has (not) made its own."""
    (receipt,) = await receive(ledger, catalog(), [(Envelope.model_validate(lead()), lead())])
    run = FlowRun(id=uuid4(), flow_id=uuid4(), parameters={"events": [str(receipt.id)]}, idempotency_key="k")
    async with ledger.begin() as books:
        await books.inbox.claim("lead.qualified", limit=1, worker="w", seconds=30)
        if assigned:
            await books.inbox.assign([receipt.id], run.id, worker="w")
    return run


async def ended(ledger: Ledger, run: FlowRun, *answers: str | None, prefect: FakePrefect | None = None) -> tuple[str, Any]:
    """See the run to its end, its processes answering so; return its state and its event."""
    children, server = FakeChildren(answers=list(answers)), prefect or FakePrefect()
    state = await Runs(children, server, ledger, catalog()).to_the_end(run, "flows.lead.lead")  # type: ignore[arg-type]  # fakes
    assert children.answers == []
    async with ledger.begin() as books:
        (row,) = await books.inbox.get([UUID(run.parameters["events"][0])])
    return state, row


async def test_a_run_whose_process_dies_is_taken_up_again(ledger: Ledger) -> None:
    prefect = FakePrefect()
    run = await claimed(ledger, assigned=True)
    assert (await ended(ledger, run, None, "Completed", prefect=prefect))[0] == "Completed"
    assert prefect.told == ["Pending"]


async def test_a_run_that_kills_each_of_its_processes_is_parked(ledger: Ledger) -> None:
    prefect = FakePrefect()
    run = await claimed(ledger, assigned=True)
    state, row = await ended(ledger, run, *[None] * DEATHS, prefect=prefect)
    assert (state, row.status, prefect.told[-1]) == ("Crashed", "parked", "Crashed")
    async with ledger.begin() as books:
        (exception,) = await books.exceptions.of_event(row.id)
    assert (exception.cause, exception.owner, exception.flow_run_id) == ("lead/process-died", "sales-operations", run.id)


async def test_a_run_that_kills_its_processes_before_it_begins_is_parked_too(ledger: Ledger) -> None:
    state, row = await ended(ledger, await claimed(ledger, assigned=False), *[None] * DEATHS)
    assert (state, row.status) == ("Crashed", "parked")


async def test_what_a_failed_run_has_left_unfinished_is_given_back(ledger: Ledger) -> None:
    _, row = await ended(ledger, await claimed(ledger, assigned=True), "Failed")
    assert (row.status, row.leased_by) == ("received", None)


async def test_what_a_run_was_to_do_that_never_began_is_given_back(ledger: Ledger) -> None:
    _, row = await ended(ledger, await claimed(ledger, assigned=False), "")
    assert (row.status, row.leased_by) == ("received", None)


async def test_events_that_a_person_names_are_not_taken_from_the_run_that_has_them(ledger: Ledger) -> None:
    run = await claimed(ledger, assigned=False)
    person = run.model_copy(update={"idempotency_key": None})
    _, row = await ended(ledger, person, "Failed")
    assert (row.status, row.leased_by) == ("running", "w")


async def test_a_prefect_that_is_gone_does_not_keep_the_ledger_from_hearing(ledger: Ledger) -> None:
    run = await claimed(ledger, assigned=True)
    state, row = await ended(ledger, run, *[None] * DEATHS, prefect=FakePrefect(gone=True))
    assert (state, row.status) == ("Crashed", "parked")
