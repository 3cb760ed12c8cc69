"""Processes that call one account keep together within what the vendor lets pass, and the critical work goes first."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from statistics import mean

import httpx
import pytest

from connectors.budget import Budget, at_work
from connectors.crm.hubspot_calls import DIALECT
from connectors.http import ApiClient
from connectors.oauth import StaticToken
from contracts.budgets import Ask, Drawn, Limit
from contracts.catalog import Criticality
from contracts.lead import LeadQualifiedV1
from ledger.database import Ledger
from runtime.settings import Settings
from runtime.wiring import Runtime, SharedBudgets, budget_of
from sandbox.app import create_app
from sandbox.settings import Settings as SandboxSettings
from tasks.opening import batch_of

SMALL = Limit(name="calls", calls=30, seconds=1, keeps=0.1)
OWNERS = "/crm/v3/owners"


class Process:
    """One process of several: a ledger, a budget and a client of its own."""

    def __init__(self, ledger: Ledger, transport: httpx.AsyncBaseTransport) -> None:
        budget = Budget("crm", "hubspot", [SMALL], SharedBudgets(ledger))
        self.api = ApiClient("crm", "http://sandbox/hubspot", StaticToken("t"), DIALECT, transport=transport, budget=budget)

    async def calls(self, number: int, criticality: Criticality, went: list[Criticality]) -> None:
        at_work.set(criticality)

        async def call() -> None:
            await self.api.call("GET", OWNERS, nature="read")
            went.append(criticality)

        await asyncio.gather(*(call() for _ in range(number)))


@pytest.fixture
async def other(database_url: str) -> AsyncIterator[Ledger]:
    book = Ledger(database_url, pool=4)
    yield book
    await book.close()


async def test_two_processes_run_into_no_limit_and_the_critical_one_goes_first(ledger: Ledger, other: Ledger) -> None:
    """
    Given a CRM that lets 30 calls pass in a second, half of which have passed
    When one process makes 25 calls of low criticality and another one 25 of high criticality at once
    Then no call is refused, the critical ones go first, and the others get through as well.
    """
    app = create_app(SandboxSettings(limits=True))
    window = app.state.systems["crm"].window
    window.calls, window.seconds = SMALL.calls, SMALL.seconds / 2  # this machine may be so busy that a call is late
    transport = httpx.ASGITransport(app)
    went: list[Criticality] = []
    low, high = Process(ledger, transport), Process(other, transport)
    await high.calls(15, Criticality.HIGH, [])
    await asyncio.gather(low.calls(25, Criticality.LOW, went), high.calls(25, Criticality.HIGH, went))
    await asyncio.gather(low.api.aclose(), high.api.aclose())
    async with httpx.AsyncClient(transport=transport, base_url="http://sandbox") as control:
        asked = (await control.get("/_sandbox/requests?since=0")).json()
    assert [one["status"] for one in asked] == [200] * 65
    assert went.count(Criticality.LOW) == went.count(Criticality.HIGH) == 25
    assert place_of(Criticality.HIGH, went) < place_of(Criticality.LOW, went)


def place_of(criticality: Criticality, went: list[Criticality]) -> float:
    """At which place calls of this criticality went, on the average."""
    return mean(place for place, one in enumerate(went) if one is criticality)


async def test_a_vendor_that_says_stop_is_obeyed_by_all_processes(ledger: Ledger, other: Ledger) -> None:
    """
    Given a CRM that refuses a call because somebody else has made too many
    When it asks one process to wait for a second
    Then another process gets no call meanwhile, and afterwards both go on.
    """
    app = create_app(SandboxSettings(limits=False))
    transport = httpx.ASGITransport(app)
    async with httpx.AsyncClient(transport=transport, base_url="http://sandbox") as control:
        await control.post("/_sandbox/faults", json={"system": "crm", "status": 429, "retry_after": 1})
    one, another = Process(ledger, transport), Process(other, transport)
    went: list[Criticality] = []
    first = asyncio.create_task(one.calls(1, Criticality.HIGH, went))
    books = SharedBudgets(other)
    for _ in range(500):
        if (held := await _held(books)).held:
            break
        await asyncio.sleep(0.01)
    assert (held.granted, 0 < held.held <= 1) == (0, True)
    await asyncio.gather(first, another.calls(1, Criticality.HIGH, went))
    assert len(went) == 2
    await asyncio.gather(one.api.aclose(), another.api.aclose())


async def _held(books: SharedBudgets) -> Drawn:
    return await books.draw(Ask("hubspot.calls", SMALL, 1, 1, 0, 1.0))


@pytest.mark.parametrize(
    ("limits", "limited"),
    [("off", []), ("on", ["crm", "docs", "chat", "billing"]), ("all", ["crm", "docs", "chat", "mail", "billing"])],
)
def test_the_sandbox_has_the_limits_that_it_is_told_to_have(ledger: Ledger, limits: str, limited: list[str]) -> None:
    settings = Settings(_env_file=None, sandbox_limits=limits)  # type: ignore[arg-type]
    vendors = {"crm": "hubspot", "docs": "google", "chat": "slack", "mail": "gmail", "billing": "stripe"}
    shared = SharedBudgets(ledger)
    assert [system for system, vendor in vendors.items() if budget_of(settings, system, vendor, shared).limits] == limited
    real = Settings(_env_file=None, crm="hubspot", sandbox_limits=limits)  # type: ignore[arg-type]
    assert budget_of(real, "crm", "hubspot", shared).limits


async def test_the_calls_of_a_path_are_as_critical_as_the_catalog_says(house: Runtime) -> None:
    """
    Given a path of high criticality
    When its batch is open
    Then calls that are made in it, also in tasks of their own, draw from what is left to critical work.
    """

    async def look() -> Criticality:
        return at_work.get()

    at_work.set(Criticality.NORMAL)
    async with batch_of("lead.qualified", [], LeadQualifiedV1):
        assert await asyncio.create_task(look()) is house.catalog["lead.qualified"].criticality is Criticality.HIGH
    assert at_work.get() is Criticality.NORMAL
