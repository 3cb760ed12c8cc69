"""The ledger's incidents: open once a field, looked at in turn, and gone with the papers of their deal."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime
from uuid import UUID, uuid4

import pytest
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

from contracts.records import Image, Ref
from ledger.database import Ledger
from ledger.effects import Intent
from ledger.inbox import NewEvent
from ledger.tables import EffectState, EventStatus
from lifecycle.reconciling import IncidentState, Kind
from tests.cli.test_incidents import incident

DAY = 24 * 3600.0


@pytest.fixture
async def engine(database_url: str) -> AsyncIterator[AsyncEngine]:
    engine = create_async_engine(database_url)
    yield engine
    await engine.dispose()


async def deal(ledger: Ledger, number: str, *values: str, stage: str = "qualified") -> UUID:
    """A deal whose folder's address we wrote, once for each value."""
    case = uuid4()
    blank = dict.fromkeys(("account_id", "owner", "amount_minor", "currency"))
    async with ledger.begin() as books:
        await books.cases.open([case])
        await books.cases.advance([{"id": case, "stage": stage, "title": number, "crm_deal_id": number, **blank}])
    for value in values:
        key = uuid4()
        async with ledger.begin() as books:
            await books.effects.intend([Intent(key, key, uuid4(), case, "link_folder", "crm", "restore_deal")])
            await books.effects.picture({key: Image({}, {"towline_folder_url": value})})
        async with ledger.begin() as books:
            await books.effects.settle({key: Ref(number)}, {key: EffectState.DONE})
    return case


async def test_what_is_expected_is_what_was_written_last_and_not_taken_back(ledger: Ledger) -> None:
    """
    Given a deal whose folder's address we wrote twice, of which the second is taken back
    Then the second is expected, and after that the first.
    """
    await deal(ledger, "1", "first", "second")
    expected = []
    for _ in range(2):
        async with ledger.begin() as books:
            record = (await books.incidents.expected(Kind.DEAL, ["1", "2"]))["1"]
            expected.append(record.fields["towline_folder_url"].value)
            *_, latest = await books.effects.by_records("crm", ["1"])
            await books.effects.undone({latest.key: 0})
    assert expected == ["second", "first"]


async def test_records_come_in_turn_those_first_that_were_not_looked_at_for_longest(ledger: Ledger) -> None:
    for number in ("1", "2", "3"):
        await deal(ledger, number, "value")
    order = []
    for looked in ("2", "1"):
        async with ledger.begin() as books:
            await books.incidents.looked("crm", {(looked, "opportunity"): 1})
        async with ledger.begin() as books:
            order.append(await books.incidents.records(Kind.DEAL))
    assert order == [["1", "3", "2"], ["3", "2", "1"]]


async def test_a_deal_that_ended_long_ago_is_not_compared_any_more(ledger: Ledger, engine: AsyncEngine) -> None:
    case = await deal(ledger, "1", "value", stage="paid")
    for days, left in ((0, ["1"]), (31, [])):
        async with engine.begin() as connection:
            moved = text("UPDATE cases SET changed_at = now() - make_interval(days => :days) WHERE id = :case")
            await connection.execute(moved, {"days": days, "case": case})
        async with ledger.begin() as books:
            assert await books.incidents.records(Kind.DEAL) == left


async def test_of_a_field_one_incident_is_open_at_a_time(ledger: Ledger) -> None:
    async with ledger.begin() as books:
        (first,) = await books.incidents.open([incident()])
    with pytest.raises(IntegrityError):
        async with ledger.begin() as books:
            await books.incidents.open([incident()])
    async with ledger.begin() as books:
        await books.incidents.close([first.id], IncidentState.SETTLED)
        await books.incidents.open([incident()])


async def test_closed_incidents_go_with_the_papers_of_their_deal(ledger: Ledger, engine: AsyncEngine) -> None:
    """
    Given a paid deal of long ago, with an incident that is closed and one that is open
    When its papers are retired
    Then the open one stays on its owner's desk.
    """
    case = await deal(ledger, "1", stage="paid")
    event = NewEvent(uuid4(), "test", "1", "payment.confirmed", "payment.confirmed/1", case, {"data": {}}, datetime.now(UTC))
    async with ledger.begin() as books:
        await books.inbox.accept([event])
        await books.inbox.settle({event.id: EventStatus.DONE})
        closed, _ = await books.incidents.open([incident(case_id=case, field=field) for field in ("folder_url", "stage")])
        await books.incidents.close([closed.id], IncidentState.TAKEN_OVER)
    async with engine.begin() as connection:
        await connection.execute(text("UPDATE inbox SET finished_at = finished_at - interval '91 days', told = status"))
    async with ledger.begin() as books:
        turned = await books.retention.turn(UUID(int=0), stages=["paid"], shared=[], seconds=90 * DAY)
        assert turned.gone["incidents"] == 1
        assert [row.field for row in await books.incidents.latest(limit=10, closed=True)] == ["stage"]
