"""A run is seen to its end whatever happens to its process, and its events never stay with it."""

from __future__ import annotations

from typing import Any
from uuid import UUID, uuid4

import pytest
from prefect.client.schemas.objects import FlowRun

from contracts.catalog import catalog
from contracts.event import Envelope
from deployments.child import PASSING
from deployments.children import Death
from deployments.deploy import plans
from deployments.reports import PARKED
from deployments.runs import DEATHS, FAILURES, Runs
from flows.refusal import REFUSED
from ledger.database import Ledger
from ledger.exceptions import NewException
from ledger.intake import receive
from ledger.tables import EventStatus
from tests.deployments.fakes import FakeChildren, FakePrefect
from tests.world import lead


async def claimed(ledger: Ledger, *, assigned: bool) -> FlowRun:
    """A run for one lead, which it has (not) made its own."""
    (receipt,) = await receive(ledger, catalog(), [(Envelope.model_validate(lead()), lead())])
    run = FlowRun(id=uuid4(), flow_id=uuid4(), parameters={"events": [str(receipt.id)]}, idempotency_key="k", tags=["path"])
    async with ledger.begin() as books:
        await books.inbox.claim("lead.qualified", limit=1, worker="w", seconds=30)
        if assigned:
            await books.inbox.assign([receipt.id], run.id, worker="w")
    return run


PLANS = {plan.flow: plan for plan in plans(catalog())}
CONSOLE = "http://console"


async def ended(ledger: Ledger, run: FlowRun, *answers: str | Death, prefect: FakePrefect | None = None) -> tuple[str, Any]:
    """See the run to its end, its processes answering so; return its state and its event."""
    children, server = FakeChildren(answers=list(answers)), prefect or FakePrefect()
    state = await Runs(children, server, ledger, catalog(), CONSOLE).to_the_end(run, PLANS["lead"])  # type: ignore[arg-type]  # fakes
    assert children.answers == []
    async with ledger.begin() as books:
        (row,) = await books.inbox.get([UUID(run.parameters["events"][0])])
    return state, row


def death(*, alone: bool = True) -> Death:
    return Death(uuid4(), alone=alone)


async def ready(ledger: Ledger, event: UUID) -> None:
    """Let an event's delay be over."""
    async with ledger.begin() as books:
        await books.inbox._set([event], not_before=None)


@pytest.mark.parametrize("assigned", [True, False])
async def test_what_a_process_worked_on_that_died_is_given_back_and_its_run_closed(ledger: Ledger, assigned: bool) -> None:
    prefect = FakePrefect()
    state, row = await ended(ledger, await claimed(ledger, assigned=assigned), death(), prefect=prefect)
    assert (state, row.status, row.deaths, prefect.told) == ("Crashed", "received", 1, ["Crashed"])


async def test_an_event_that_kills_its_process_three_times_is_parked_and_named(ledger: Ledger) -> None:
    """
    Given an event whose process dies, with others in it the first time
    When it runs alone and the process dies a second and a third time
    Then it is parked, and its owner has an exception with the event and the run.
    """
    for times, status in ((1, "received"), (2, "received"), (3, "parked")):
        run = await claimed(ledger, assigned=True)
        _, row = await ended(ledger, run, death(alone=times > 1), prefect=FakePrefect(gone=True))
        assert (row.status, row.deaths) == (status, times)
        await ready(ledger, row.id)
    async with ledger.begin() as books:
        (exception,) = await books.exceptions.of_event(row.id)
    assert (exception.cause, exception.owner, exception.flow_run_id) == ("lead/process-died", "sales-operations", run.id)


async def test_who_only_shares_a_process_with_a_killer_is_never_parked(ledger: Ledger) -> None:
    for _ in range(5):
        _, row = await ended(ledger, await claimed(ledger, assigned=True), death(alone=False))
        assert row.status == "received"
        await ready(ledger, row.id)


async def test_an_operation_whose_process_dies_is_taken_up_again(ledger: Ledger) -> None:
    prefect, run = FakePrefect(), FlowRun(id=uuid4(), flow_id=uuid4(), parameters={})
    for answers, end in (([death(), "Completed"], "Completed"), ([death()] * DEATHS, "Crashed")):
        runs = Runs(FakeChildren(answers=list(answers)), prefect, ledger, catalog(), CONSOLE)  # type: ignore[arg-type]  # fakes
        assert await runs.to_the_end(run, PLANS["sweep"]) == end
    assert prefect.told == ["Pending", "Pending", "Pending", "Crashed"]


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


async def test_an_event_whose_runs_fail_without_an_outcome_again_and_again_is_parked(ledger: Ledger) -> None:
    for failure in range(1, FAILURES + 1):
        _, row = await ended(ledger, await claimed(ledger, assigned=True), "Failed")
        assert (row.status, row.failures) == ("received" if failure < FAILURES else "parked", min(failure, FAILURES - 1))
        await ready(ledger, row.id)
    async with ledger.begin() as books:
        (exception,) = await books.exceptions.of_event(row.id)
    assert (exception.cause, exception.owner) == ("lead/run-failed", "sales-operations")


async def test_runs_that_fail_because_something_is_away_are_no_fault_of_their_events(ledger: Ledger) -> None:
    for _ in range(FAILURES + 1):
        _, row = await ended(ledger, await claimed(ledger, assigned=True), PASSING)
        assert (row.status, row.failures) == ("received", 0)
        await ready(ledger, row.id)


async def test_an_operation_that_fails_is_its_owners_exception_until_it_succeeds(ledger: Ledger) -> None:
    run = FlowRun(id=uuid4(), flow_id=uuid4(), parameters={})
    for state, causes in (("Failed", ["sweep/run-failed"]), ("Failed", ["sweep/run-failed"]), ("Completed", [])):
        runs = Runs(FakeChildren(answers=[state]), FakePrefect(), ledger, catalog(), CONSOLE)  # type: ignore[arg-type]  # fakes
        await runs.to_the_end(run, PLANS["sweep"])
        async with ledger.begin() as books:
            found = await books.exceptions.causes()
        assert [(row.cause, row.deals) for row in found] == [(cause, 1) for cause in causes]


async def test_a_question_that_was_wrong_is_answered_in_prefect_and_alarms_nobody(ledger: Ledger) -> None:
    """
    Given an operation whose last run failed
    When a person asks it for something that cannot be, and its run is refused
    Then no owner is told of that, and the failure still stands.
    """
    run = FlowRun(id=uuid4(), flow_id=uuid4(), parameters={})
    for state in ("Failed", REFUSED):
        runs = Runs(FakeChildren(answers=[state]), FakePrefect(), ledger, catalog(), CONSOLE)  # type: ignore[arg-type]  # fakes
        assert await runs.to_the_end(run, PLANS["start"]) == state
        async with ledger.begin() as books:
            assert [(row.cause, row.deals) for row in await books.exceptions.causes()] == [("start/run-failed", 1)]


async def test_a_refused_run_of_an_operation_that_works_leaves_no_exception(ledger: Ledger) -> None:
    run = FlowRun(id=uuid4(), flow_id=uuid4(), parameters={})
    runs = Runs(FakeChildren(answers=[REFUSED]), FakePrefect(), ledger, catalog(), CONSOLE)  # type: ignore[arg-type]  # fakes
    await runs.to_the_end(run, PLANS["decide"])
    async with ledger.begin() as books:
        assert await books.exceptions.causes() == []


async def test_a_run_that_left_a_deal_to_a_person_shows_it_with_its_runbook_and_carries_a_tag(ledger: Ledger) -> None:
    """
    Given a run whose event was parked
    When it is over
    Then Prefect has a table of its deals with status, cause, owner and runbook, by ids alone, and the run has a tag
    And a run that is done, or that failed because something was away, has neither.
    """
    prefect, run = FakePrefect(), await claimed(ledger, assigned=True)
    (event,) = (UUID(one) for one in run.parameters["events"])
    async with ledger.begin() as books:
        await books.inbox.settle({event: EventStatus.PARKED})
        (row,) = await books.inbox.get([event])
        await books.exceptions.open([stopped(row, run.id)])
    await ended(ledger, run, "Failed", prefect=prefect)
    ((key, told),) = prefect.artifacts
    assert (key, told["type"], told["description"]) == (str(run.id), "markdown", "1 of 1 deals need a person")
    for part in (f"[{row.case_id.hex[:8]}](http://console/deals/{row.case_id})", "| parked |", "`lead/open_deal/crm.a/b`",
                 "Sales operations", "[A lead stopped](http://console/runbooks/lead.md)"):  # fmt: skip
        assert part in told["data"]
    assert "Northwind" not in str(told)
    assert prefect.tags == {run.id: {"path", PARKED}}
    for state in ("Completed", PASSING):
        await ended(ledger, await claimed(ledger, assigned=True), state, prefect=prefect)
        async with ledger.begin() as books:
            await books.inbox.settle(dict.fromkeys([event], EventStatus.DONE))
    assert len(prefect.artifacts) == 1


async def test_an_operation_that_failed_shows_its_runbook_and_a_prefect_that_is_gone_holds_up_nothing(ledger: Ledger) -> None:
    prefect, run = FakePrefect(), FlowRun(id=uuid4(), flow_id=uuid4(), parameters={"events": ["no id"]})
    for gone in (False, True):
        prefect.gone = gone
        runs = Runs(FakeChildren(answers=["Failed"]), prefect, ledger, catalog(), CONSOLE)  # type: ignore[arg-type]  # fakes
        assert await runs.to_the_end(run, PLANS["sweep"]) == "Failed"
    ((_, told),) = prefect.artifacts
    assert "`sweep/run-failed`" in told["data"]
    assert "http://console/runbooks/sweep.md" in told["data"]
    async with ledger.begin() as books:
        assert [row.cause for row in await books.exceptions.causes()] == ["sweep/run-failed"]


def stopped(row: Any, run: UUID) -> NewException:
    """What a refused step leaves; a sign in the cause that would end a cell of the table."""
    owner, route = "sales-operations", "look at the record"
    cause = "lead/open_deal/crm.a|b"
    return NewException(row.id, row.case_id, row.type, row.contract, cause, "crm: refused", route, owner, flow_run_id=run)
