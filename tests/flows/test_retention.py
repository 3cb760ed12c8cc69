"""Retention: what nobody needs any more of deals that are over goes; what must be known for ever stays."""

from __future__ import annotations

from collections import Counter
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Any
from uuid import UUID, uuid4

import pytest
from prefect.settings import PREFECT_API_URL, temporary_settings
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

from flows.retention import DAY, retention
from ledger.database import Ledger
from ledger.inbox import NewEvent
from ledger.tables import EventStatus
from tests.journey import Deal, deals_at, goes, happen, travel
from tests.undoing import ASKER, items, of_event, rolled_back, row_of
from tests.world import World, lead

TABLES = ("inbox", "effects", "exceptions", "images", "gate_results", "retired", "decisions", "continuity", "documents", "cases")


OUTAGES = text(
    """
INSERT INTO circuits (system, step, event_id, cause, failures, silent, several, probes, began_at, opened_at, closed_at)
SELECT system, step, :event, 'test', 3, true, true, 1, now() - interval '92 days', now() - interval '92 days', closed_at
FROM (VALUES ('crm', 'open_deal', now() - interval '91 days'), ('chat', 'tell_owner', NULL)) AS n(system, step, closed_at)
"""
)
ORPHANS = text("SELECT count(*) FROM images WHERE effect_key NOT IN (SELECT key FROM effects)")


@pytest.fixture
async def engine(database_url: str) -> AsyncIterator[AsyncEngine]:
    engine = create_async_engine(database_url)
    yield engine
    await engine.dispose()


async def rows(engine: AsyncEngine) -> Counter[str]:
    """How many rows each table holds."""
    async with engine.connect() as connection:
        counts = {name: await connection.execute(text(f"SELECT count(*) FROM {name}")) for name in TABLES}  # noqa: S608
        return Counter({name: int(count.scalar_one()) for name, count in counts.items()})


async def grows_old(engine: AsyncEngine, *, days: int) -> None:
    """Let so many days go by for everything that has happened, and let Prefect have been told of it."""
    async with engine.begin() as connection:
        gone = {"days": days}
        await connection.execute(
            text("UPDATE inbox SET finished_at = finished_at - make_interval(days => :days), told = status"), gone
        )
        await connection.execute(text("UPDATE exceptions SET closed_at = closed_at - make_interval(days => :days)"), gone)
        await connection.execute(text("UPDATE gate_results SET at = at - make_interval(days => :days)"), gone)


async def retired(world: World) -> str:
    with temporary_settings({PREFECT_API_URL: world.prefect}):
        return str((await retention(return_state=True)).message)


async def of(world: World, deal: Deal) -> list[Any]:
    async with world.house.ledger.begin() as books:
        return list(await books.inbox.of_case(deal.case))


async def test_the_papers_of_deals_that_are_over_go_and_the_rest_stays(world: World, engine: AsyncEngine) -> None:
    """
    Given a deal that was paid, one that was given up, one under way, and one that was paid but has an open exception
    When 91 days go by, and retention runs twice
    Then events, outside changes and verdicts of the first two are gone, and cases, decisions, money and documents are there
    And what comes a second time is still a duplicate, a refund of the paid one still finds its deal
    And the account's next deal finds folder and customer where they are.
    """
    paid, over, open_, asked = await deals_at(world, "discovery", "paid", "over", "open", "asked")
    await travel(world, [paid, asked], "proposed", "delivery", "delivered", "invoiced", "paid")
    await goes(world, *await happen(world, "deal.cancelled", [over]))
    (refused,) = await happen(world, "deal.cancelled", [asked])
    await goes(world, refused)
    before = await rows(engine)
    assert await retired(world) == "nothing was due"
    await grows_old(engine, days=91)
    said = await retired(world)
    assert "inbox" in said
    assert await retired(world) == "nothing was due"

    after = await rows(engine)
    assert [len(await of(world, deal)) for deal in (paid, over)] == [0, 0]
    assert len(await of(world, open_)) == 2
    assert any(row.id == refused for row in await of(world, asked))
    assert before["inbox"] - after["inbox"] == after["retired"]
    assert after["gate_results"] == 0
    assert 0 < after["images"] < before["images"]
    async with engine.connect() as connection:
        assert (await connection.execute(ORPHANS)).scalar_one() == 0
    assert {name: after[name] for name in ("decisions", "continuity", "documents", "cases")} == {
        name: before[name] for name in ("decisions", "continuity", "documents", "cases")
    }

    again = await world.arrives(lead("form-paid", of="paid"))
    assert await of(world, paid) == []
    assert (await rows(engine))["inbox"] == after["inbox"], again
    standing = await world.vendors.all_counts()
    (refund,) = await happen(world, "payment.refunded", [paid], amount={"minor": 1_500_000, "currency": "EUR"})
    await goes(world, refund)
    assert await world.status(refund) == "done"
    await deals_at(world, "proposed", "next", company={"name": "Paid GmbH", "domain": "paid.example"})
    now = await world.vendors.all_counts()
    assert (now["folders"], now["customers"]) == (standing["folders"], standing["customers"])


async def test_what_is_over_without_a_deal_goes_too(world: World, engine: AsyncEngine) -> None:
    """
    Given a lead that was taken back, and two outages, one of them over
    When 91 days go by and retention runs
    Then the rollback's steps and the outage that is over are gone, and who asked for the rollback and the other outage stay.
    """
    (event,) = await world.travels(lead())
    rollback = await rolled_back(world, of_event(event))
    assert await items(world, rollback)
    async with engine.begin() as connection:
        await connection.execute(OUTAGES, {"event": event})
        await connection.execute(text("UPDATE rollbacks SET finished_at = finished_at - interval '91 days'"))
    said = await retired(world)
    assert "1 circuits" in said
    assert "rollback_items" in said
    assert (await items(world, rollback), (await row_of(world, rollback)).asked_by) == ([], ASKER)
    async with world.house.ledger.begin() as books:
        assert [row.step for row in await books.circuits.open()] == ["tell_owner"]


def heard(name: str, case: UUID, status: EventStatus) -> NewEvent:
    """A refund of a deal."""
    return NewEvent(
        id=uuid4(),
        source="stripe",
        external_id=name,
        type="payment.refunded",
        contract="payment.refunded/1",
        case_id=case,
        payload={"data": {}},
        occurred_at=datetime.now(UTC),
        status=status,
    )


async def test_an_event_that_comes_while_its_deal_is_retired_stays(ledger: Ledger, engine: AsyncEngine) -> None:
    """
    Given a paid deal that is due, and a page of retention that has gone over it
    When a refund comes in before that page is committed
    Then the old event is retired, the refund stays, and the next page leaves it alone.
    """
    case = uuid4()
    old, new = heard("old", case, EventStatus.DONE), heard("new", case, EventStatus.RECEIVED)
    async with ledger.begin() as books:
        await books.cases.open([case])
        await books.inbox.accept([old])
        await books.inbox.settle({old.id: EventStatus.DONE})
    async with engine.begin() as connection:
        await connection.execute(text("UPDATE cases SET stage = 'paid'"))
    await grows_old(engine, days=91)
    for _ in range(2):
        async with ledger.begin() as books:
            await books.retention.turn(UUID(int=0), stages=["paid"], shared=[], seconds=90 * DAY)
            async with ledger.begin() as others:
                await others.inbox.accept([new])
    async with ledger.begin() as books:
        assert [(row.id, row.status) for row in await books.inbox.of_case(case)] == [(new.id, "received")]
        assert await books.inbox.accept([old]) == set()
