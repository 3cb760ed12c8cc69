"""What stops a step: a pause also between the calls of a long step, an outage also where a path only reads."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from typing import Any

import pytest

from connectors.brake import pass_brake
from contracts.catalog import catalog
from contracts.errors import RetryableError, UncertainError
from contracts.event import Envelope
from contracts.lead import LeadQualifiedV1
from contracts.records import Outcomes, Wanted
from ledger.database import Ledger
from ledger.intake import receive
from lifecycle.paths import PATHS
from runtime.settings import Settings
from runtime.wiring import Runtime, using
from tasks.effects import key_of, once
from tasks.opening import batch_of
from tests.world import lead

LEAD = "lead.qualified"
DOWN = RetryableError("crm: HTTP 503", cause="crm.http_503")


@pytest.fixture
async def house(ledger: Ledger) -> AsyncIterator[Runtime]:
    """A house whose vendors nobody asks."""
    nobody: list[Any] = [None] * 5
    with using(Runtime(Settings(_env_file=None), catalog(), ledger, *nobody, "w", grace=0)) as house:
        yield house


async def arrives(house: Runtime, *names: str) -> list[Any]:
    parcel = [(Envelope.model_validate(one), one) for one in (lead(name, of=name) for name in names)]
    return [receipt.id for receipt in await receive(house.ledger, house.catalog, parcel)]


async def statuses(house: Runtime, events: Sequence[Any]) -> list[tuple[str, int]]:
    async with house.ledger.begin() as books:
        return [(row.status, row.attempts) for row in await books.inbox.get(events)]


async def test_a_pause_counts_within_seconds_also_between_the_calls_of_a_step(house: Runtime) -> None:
    events, calls = await arrives(house, "a"), 0

    async def act(_: Sequence[Wanted[Any]]) -> Outcomes:
        nonlocal calls
        async with house.ledger.begin() as books:
            await books.switches.pause("system", "crm", reason="a drill", by="ada")
        while True:
            pass_brake("read")
            pass_brake()
            calls += 1
            await asyncio.sleep(0.05)

    async with asyncio.timeout(5), batch_of(LEAD, events, LeadQualifiedV1) as leads:
        await once(leads, "open_deal", record=lambda item: item.payload.owner, act=act)
    assert calls > 0
    assert leads.outcome().message == "1 of 1 deals wait: the system crm is paused"
    assert await statuses(house, events) == [("received", 0)]


async def test_a_path_that_cannot_read_waits_and_one_that_can_closes_the_circuit(house: Runtime) -> None:
    events = await arrives(house, "a", "b")
    async with batch_of(LEAD, events, LeadQualifiedV1) as leads:
        raise DOWN
    assert leads.outcome().name == "Waiting"
    assert await statuses(house, events) == [("received", 0)] * 2
    async with house.ledger.begin() as books:
        (circuit,) = await books.circuits.open()
        assert await books.inbox.claim(LEAD, limit=9, worker="w", seconds=30) == []
    assert (circuit.system, circuit.step) == ("crm", "read lead.qualified")
    async with batch_of(LEAD, events[:1], LeadQualifiedV1):
        pass
    async with house.ledger.begin() as books:
        assert await books.circuits.open() == []
    assert await statuses(house, events) == [("done", 1), ("received", 0)]


async def test_a_ledger_that_is_gone_is_no_outage_of_a_system(house: Runtime) -> None:
    events = await arrives(house, "a")
    with pytest.raises(RetryableError):
        async with batch_of(LEAD, events, LeadQualifiedV1):
            raise RetryableError("the ledger is not available", cause="ledger.unavailable")
    assert await statuses(house, events) == [("received", 1)]


async def test_what_nobody_saw_the_end_of_waits_in_doubt_and_is_looked_for_when_it_goes_on(house: Runtime) -> None:
    events, silent = await arrives(house, "a"), UncertainError("crm: no answer", cause="crm.no_answer")

    async def act(_: Sequence[Wanted[Any]]) -> Outcomes:
        raise silent

    async with batch_of(LEAD, events, LeadQualifiedV1) as leads:
        (one,) = leads
        async with house.ledger.begin() as books:
            for _ in range(2):
                await books.circuits.failed("crm", "open_deal", events, silent)
        await once(leads, "open_deal", record=lambda item: item.payload.owner, act=act)
        assert (len(leads), leads.exceptions) == (0, [])
    async with house.ledger.begin() as books:
        (effect,) = await books.effects.get([key_of(PATHS[LEAD]["open_deal"], one)])
    assert effect.state == "uncertain"
    assert await statuses(house, events) == [("received", 0)]
