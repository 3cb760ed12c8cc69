"""An event that comes too early waits for its case; one that names a deal we come to know finds its way home."""

from __future__ import annotations

from datetime import UTC, datetime
from uuid import UUID, uuid4

import pytest

from ledger.database import Ledger
from ledger.documents import NewDocument
from ledger.inbox import NewEvent
from ledger.tables import EventStatus

NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)
CASE = UUID(int=7)


def event(name: str, data: dict[str, str], *, case: UUID | None = None) -> NewEvent:
    payload = {"data": data}
    return NewEvent(uuid4(), "test", name, "delivery.completed", "delivery.completed/1", case or uuid4(), payload, NOON)


async def waits(ledger: Ledger, one: NewEvent) -> None:
    async with ledger.begin() as books:
        await books.inbox.accept([one])
        await books.early.wait([one.id])


async def status(ledger: Ledger, one: NewEvent) -> str:
    async with ledger.begin() as books:
        (row,) = await books.inbox.get([one.id])
        return str(row.status)


async def opened(ledger: Ledger, case: UUID, deal: str) -> None:
    async with ledger.begin() as books:
        await books.cases.open([case])
        fields = dict.fromkeys(("account_id", "owner", "amount_minor", "currency"))
        await books.cases.advance([{**fields, "id": case, "stage": "delivery", "title": "", "crm_deal_id": deal}])


@pytest.mark.parametrize(
    ("cases", "named", "roused"),
    [
        pytest.param([CASE], [], True, id="its case moved"),
        pytest.param([], ["456"], True, id="its request became known"),
        pytest.param([uuid4()], ["457"], False, id="another one's did"),
        pytest.param([], [], False, id="nothing did"),
    ],
)
async def test_an_early_event_goes_on_when_what_it_waits_for_happens(
    ledger: Ledger, cases: list[UUID], named: list[str], roused: bool
) -> None:
    one = event("early", {"request_id": "456"}, case=CASE)
    await waits(ledger, one)
    async with ledger.begin() as books:
        await books.early.rouse(cases, named)
    assert await status(ledger, one) == (EventStatus.RECEIVED if roused else EventStatus.WAITING)


async def test_an_event_whose_deal_turned_out_to_be_a_cases_is_roused_by_the_sweep(ledger: Ledger) -> None:
    known, unknown = event("known", {"deal_id": "77"}), event("unknown", {"deal_id": "78"})
    for one in (known, unknown):
        await waits(ledger, one)
    await opened(ledger, CASE, "77")
    async with ledger.begin() as books:
        assert await books.early.rouse_resolved() == [known.id]
    assert await status(ledger, unknown) == EventStatus.WAITING


async def test_what_waits_for_long_is_told_of_once(ledger: Ledger) -> None:
    one = event("early", {"deal_id": "77"})
    await waits(ledger, one)
    async with ledger.begin() as books:
        assert await books.early.waiting_since(3600) == []
        assert [row.id for row in await books.early.waiting_since(-1)] == [one.id]


async def test_references_lead_to_the_case_they_were_given_first(ledger: Ledger) -> None:
    await opened(ledger, CASE, "77")
    async with ledger.begin() as books:
        await books.cases.refer({"request:456": CASE})
        await books.cases.refer({"request:456": uuid4()})
        found = await books.cases.of_references(["deal:77", "request:456", "request:457", "invoice:77"])
    assert found == {"deal:77": CASE, "request:456": CASE}


async def test_a_new_version_of_a_document_takes_the_place_of_the_one_before(ledger: Ledger) -> None:
    first, second = uuid4(), uuid4()

    def version(event_id: UUID, number: int) -> NewDocument:
        return NewDocument(CASE, uuid4(), CASE, event_id, "proposal", number, f"v{number}", f"doc-{number}", "https://doc")

    async with ledger.begin() as books:
        assert await books.documents.versions("proposal", {first: CASE}) == {first: 1}
        await books.documents.enter([version(first, 1)])
        assert await books.documents.versions("proposal", {first: CASE, second: CASE}) == {first: 1, second: 2}
        await books.documents.enter([version(second, 2)])
        await books.documents.enter([version(second, 2)])
        await books.documents.approve("doc-2", by="head-of-sales", content_hash="aa", delivery_item="request 456")
        current = (await books.documents.current([CASE], "proposal"))[CASE]
        documents = await books.documents.of_case(CASE, None)
    assert (current.version, current.approved_by, current.delivery_item) == (2, "head-of-sales", "request 456")
    assert [(row.version, row.is_current) for row in documents] == [(1, False), (2, True)]
