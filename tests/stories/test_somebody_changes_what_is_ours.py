"""What somebody changes past us in the outside systems is found by one look, told once, and goes its way."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

import pytest

from connectors.guard import speaking_for
from contracts.errors import HeldError, RefusedError, RetryableError, UncertainError
from contracts.records import DealChange, Wanted
from contracts.systems import Route
from deployments.reconciling import put_back, take_over
from ledger.inbox import NewEvent
from ledger.tables import EventStatus
from lifecycle.keys import event_id
from lifecycle.reconciling import Finding, Kind
from lifecycle.switches import Scope
from runtime.wiring import Runtime
from tasks.comparing import compare
from tasks.putting_back import put_back as write_back
from tests.changing import (
    Deal,
    asked,
    billed,
    deal_is_deleted,
    deals,
    incidents,
    other_program_changes,
    reconciled,
    won,
)
from tests.undoing import SECOND
from tests.world import Vendors

FOLDER, STAGE = "towline_folder_url", "dealstage"
ELSEWHERE = "https://drive.example/elsewhere"


async def says(vendors: Vendors, name: str) -> Any:
    """What a property of the only deal says."""
    (deal,) = await vendors.objects("crm", "deals")
    return deal["properties"].get(name)


async def customer(vendors: Vendors) -> Any:
    (one,) = await vendors.objects("billing", "customers")
    return one


async def edit(vendors: Vendors, deal: Deal, text: str = "EUR 12,000.00") -> None:
    """Let somebody lift a document's lock and write into it."""
    await vendors.person_changes("docs", "documents", deal.document, {"unlock": True})
    await vendors.person_changes("docs", "documents", deal.document, {"text": text})


async def undo(vendors: Vendors, deal: Deal, text: str = "EUR 12,000.00") -> None:
    """Let somebody bring the approved text back."""
    await vendors.person_changes("docs", "documents", deal.document, {"without": text})


def arriving(deal: Deal) -> NewEvent:
    """The CRM's event that a deal was moved on."""
    event, envelope = event_id("hubspot/1", deal.id), {"data": {"deal_id": deal.id}}
    return NewEvent(
        event, "hubspot/1", deal.id, "discovery.completed", "discovery.completed/1", deal.case, envelope, datetime.now(UTC)
    )


async def test_what_we_wrote_ourselves_is_no_incident(house: Runtime) -> None:
    await billed(house)
    found = await reconciled(house)
    assert (found[Finding.FINE] > 0, found.total() - found[Finding.FINE]) == (True, 0)
    assert await incidents(house) == []


async def test_what_our_own_app_wrote_is_none_though_the_ledger_does_not_know_of_it(house: Runtime, vendors: Vendors) -> None:
    (deal,) = await deals(house, 1)
    with speaking_for("docs"):
        await house.crm.change_deals([Wanted(uuid4(), DealChange(deal.id, folder_url=ELSEWHERE))])
    assert (await reconciled(house))[Finding.NEW] == 0
    assert await says(vendors, FOLDER) == ELSEWHERE


@pytest.mark.parametrize("by", ["person", "import", "API"])
async def test_a_mirror_that_was_edited_is_put_back_and_it_is_known_by_what(house: Runtime, vendors: Vendors, by: str) -> None:
    """
    Given a deal whose folder's address we wrote
    When a person, an import, or another program writes another one over it
    Then one look puts ours back, with an effect that says what it found, and keeps who it was; a second look has nothing to say.
    """
    (deal,) = await deals(house, 1)
    ours = await says(vendors, FOLDER)
    if by == "API":
        await other_program_changes(vendors, deal.id, {FOLDER: ELSEWHERE})
    else:
        way = "hand" if by == "person" else by
        await vendors.person_changes("crm", "deals", deal.id, {FOLDER: ELSEWHERE}, by=way)
    assert (await reconciled(house))[Finding.NEW] == 1
    assert await says(vendors, FOLDER) == ours
    (one,) = await incidents(house)
    assert (one.entity, one.field, one.by, one.route, one.state) == ("opportunity", "folder_url", by, "put back", "put back")
    assert one.changed_at <= one.seen_at
    assert one.who
    assert ELSEWHERE not in str(one)
    async with house.ledger.begin() as books:
        effects = {row.step: row for row in await books.effects.by_records("crm", [deal.id])}
    assert (effects["put_back"].state, effects["put_back"].undo) == ("done", "restore_deal")
    before = len(await vendors.asked(system="crm"))
    again = await reconciled(house)
    assert (again[Finding.NEW], again[Finding.TOLD]) == (0, 0)
    assert not [one for one in (await vendors.asked(system="crm"))[before:] if one["path"].endswith("/update")]
    assert len(await incidents(house)) == 1


async def test_who_writes_again_what_was_put_back_is_asked(house: Runtime, vendors: Vendors) -> None:
    """
    Given a mirror that was edited and put back
    When another value is written into it, and then that one again
    Then the first is put back, too, and about the second the owner is asked; taken over, it stands.
    """
    (deal,) = await deals(house, 1)
    for value in (ELSEWHERE, f"{ELSEWHERE}/2", f"{ELSEWHERE}/2"):
        await vendors.person_changes("crm", "deals", deal.id, {FOLDER: value})
        await reconciled(house)
    found = await incidents(house)
    assert [(one.route, one.state) for one in found] == [("put back", "put back"), ("put back", "put back"), ("ask", "open")]
    await take_over(house.ledger, house.catalog, found[2].id, by=SECOND)
    assert ((await reconciled(house))[Finding.NEW], await says(vendors, FOLDER)) == (0, f"{ELSEWHERE}/2")


async def test_a_stage_that_was_moved_behind_our_back_is_for_the_owner_to_decide(house: Runtime, vendors: Vendors) -> None:
    """
    Given a deal that is qualified
    When a person moves it to won, without any approval, and we look twice
    Then its owner is asked once, with hashes and the two commands, and without the stages
    And the owner's word puts it back; nobody is asked any more.
    """
    (deal,) = await deals(house, 1)
    stands = await says(vendors, STAGE)
    await vendors.person_changes("crm", "deals", deal.id, {STAGE: "closedwon"})
    assert (await reconciled(house))[Finding.NEW] == 1
    assert (await reconciled(house))[Finding.TOLD] == 1
    (one,), (exception,) = await incidents(house), await asked(house)
    assert (exception.cause, exception.owner, exception.case_id) == ("reconcile/opportunity.stage", one.owner, deal.case)
    for part in (one.our_hash[:12], one.found_hash[:12], "by hand"):
        assert part in exception.reason
    for command in (f"towline incidents put-back {one.id}", f"towline incidents take-over {one.id}"):
        assert command in exception.route
    assert "closedwon" not in f"{exception} {one}"
    with pytest.raises(RefusedError, match=r"nobody in contracts/owners\.yaml"):
        await put_back(house, one.id, by="a passer-by")
    assert (await put_back(house, one.id, by=SECOND)).state == "put back"
    assert (await says(vendors, STAGE), await asked(house)) == (stands, [])
    with pytest.raises(RefusedError, match="is put back already"):
        await put_back(house, one.id, by=SECOND)
    assert [(one.state, one.decided_by) for one in await incidents(house)] == [("put back", SECOND)]


async def test_a_stage_that_an_event_on_its_way_explains_is_no_incident(house: Runtime, vendors: Vendors) -> None:
    """
    Given a deal that a person has moved on in the CRM
    When the event that tells of it may still come, or is here and not done yet
    Then it is none; and it is one when no event is.
    """
    (deal,) = await deals(house, 1)
    await vendors.person_changes("crm", "deals", deal.id, {STAGE: "decisionmakerboughtin"})
    assert (await reconciled(house, young=3600))[Finding.NEW] == 0
    async with house.ledger.begin() as books:
        await books.inbox.accept([arriving(deal)])
    assert (await reconciled(house))[Finding.NEW] == 0
    async with house.ledger.begin() as books:
        await books.inbox.settle({arriving(deal).id: EventStatus.DONE})
    assert (await reconciled(house))[Finding.NEW] == 1


async def test_what_is_the_crms_own_to_decide_about_may_be_changed_there(house: Runtime, vendors: Vendors) -> None:
    (deal,) = await deals(house, 1)
    changed = {"dealname": "Northwind, bigger", "amount": "20000", "towline_owner": "sales-2", "towline_service": "training"}
    await vendors.person_changes("crm", "deals", deal.id, changed)
    assert (await reconciled(house))[Finding.NEW] == 0


async def test_an_approved_document_that_was_changed_becomes_a_change_request(house: Runtime, vendors: Vendors) -> None:
    """
    Given a deal in delivery whose proposal is locked
    When somebody lifts the lock, writes into it, and we look twice
    Then there is one change request with who, when and both hashes, and its owner is asked
    And taken over, it is drafted anew; when it is written into once more, there is another.
    """
    deal = await won(house)
    await edit(vendors, deal)
    await reconciled(house)
    await reconciled(house)
    (one,), (exception,) = await incidents(house), await asked(house)
    assert (one.entity, one.field, one.by, one.state, one.case_id) == ("document", "content", "person", "open", deal.case)
    assert (one.who, one.our_hash != one.found_hash, one.changed_at <= one.seen_at) == ("09876543210987654321", True, True)
    for part in (one.our_hash[:12], one.found_hash[:12], "by hand"):
        assert part in exception.reason
    assert await requested(house) == []
    await take_over(house.ledger, house.catalog, one.id, by=SECOND)
    assert await requested(house) == [(f"incident/{one.id}", deal.id)]
    assert await asked(house) == []
    assert (await reconciled(house))[Finding.NEW] == 0
    await edit(vendors, deal, "EUR 11,000.00")
    await reconciled(house)
    assert [one.state for one in await incidents(house)] == ["taken over", "open"]


@pytest.mark.parametrize("is_said", [True, False], ids=["said", "unsaid"])
async def test_an_approved_document_whose_text_is_back_is_locked_again(house: Runtime, vendors: Vendors, is_said: bool) -> None:
    """
    Given a locked proposal that somebody opened and changed
    When its owner wants it put back, before its text is
    Then it stays open; and once the approved text is back, told or not, the document is locked and the change request is over.
    """
    deal = await won(house)
    await edit(vendors, deal)
    await reconciled(house)
    (one,) = await incidents(house)
    if is_said:
        assert (await put_back(house, one.id, by=SECOND)).state == "open"
    await undo(vendors, deal)
    assert (await house.docs.look("file", [deal.document]))[deal.document]["lock"] is None
    if is_said:
        assert (await put_back(house, one.id, by=SECOND)).state == "put back"
    await reconciled(house)
    lock = (await house.docs.look("file", [deal.document]))[deal.document]["lock"]
    assert lock == "Approved by head-of-sales; a change needs a change request"
    ((state, by),) = [(one.state, one.decided_by) for one in await incidents(house)]
    assert (state, by) == ("put back", SECOND if is_said else None)
    assert await asked(house) == []
    assert (await reconciled(house))[Finding.NEW] == 0


async def test_a_document_that_cannot_be_locked_again_stays_open(house: Runtime, vendors: Vendors) -> None:
    """Given a text that is back while docs is paused, when we look, then nothing is over; resumed, the lock is back."""
    deal = await won(house)
    await edit(vendors, deal)
    await reconciled(house)
    await undo(vendors, deal)
    async with house.ledger.begin() as books:
        await books.switches.pause(Scope.SYSTEM, "docs", reason="a test", by="tests")
    with pytest.raises(HeldError):
        await reconciled(house)
    assert [one.state for one in await incidents(house)] == ["open"]
    async with house.ledger.begin() as books:
        await books.switches.resume(Scope.SYSTEM, "docs", by="tests")
    await reconciled(house)
    assert [one.state for one in await incidents(house)] == ["put back"]
    assert (await house.docs.look("file", [deal.document]))[deal.document]["lock"]


async def requested(house: Runtime) -> list[tuple[str, str]]:
    async with house.ledger.begin() as books:
        rows = list(reversed(await books.inbox.latest(limit=100)))
    return [(row.external_id, row.payload["data"]["deal_id"]) for row in rows if row.type == "change.requested"]


async def test_a_document_that_was_changed_when_delivery_is_over_is_for_the_owner(house: Runtime, vendors: Vendors) -> None:
    deal = await billed(house)
    await edit(vendors, deal)
    await reconciled(house)
    (one,), (exception,) = await incidents(house), await asked(house)
    assert (one.route, one.state, exception.cause) == ("ask", "open", "reconcile/document.content")
    assert f"towline incidents put-back {one.id}" in exception.route
    with pytest.raises(RefusedError, match="in delivery only"):
        await take_over(house.ledger, house.catalog, one.id, by=SECOND)
    assert [one.state for one in await incidents(house)] == ["open"]


async def test_an_invoice_that_is_not_what_was_approved_any_more_is_for_finance(house: Runtime, vendors: Vendors) -> None:
    """
    Given an invoice that is out
    When finance credits a part of it
    Then the owner is asked, with the amount of the deal; taken over, it counts, and nobody is asked again.
    """
    deal = await billed(house)
    await vendors.person_changes("billing", "invoices", deal.invoice, {"status": "credited", "amount": 50_000})
    await reconciled(house)
    (one,), (exception,) = await incidents(house), await asked(house)
    assert (one.entity, one.field, one.by, exception.amount_minor) == ("invoice", "lines", "unknown", 1_500_000)
    assert (await take_over(house.ledger, house.catalog, one.id, by=SECOND)).state == "taken over"
    assert (await reconciled(house))[Finding.NEW] == 0
    assert await asked(house) == []
    await vendors.person_changes("billing", "invoices", deal.invoice, {"status": "credited", "amount": 1})
    assert (await reconciled(house))[Finding.NEW] == 1


async def test_an_invoice_that_was_taken_back_is_nothing_to_compare(house: Runtime, vendors: Vendors) -> None:
    deal = await billed(house)
    await vendors.person_changes("billing", "invoices", deal.invoice, {"status": "void"})
    assert (await reconciled(house))[Finding.NEW] == 0


async def test_by_rule_the_name_that_finance_gives_counts_and_an_address_is_asked_about(house: Runtime, vendors: Vendors) -> None:
    """
    Given a customer that we made from the CRM
    When somebody gives it another name and another address in billing
    Then the name counts, and its owner decides about the address, which is written back on their word.
    """
    deal = await won(house)
    change = {"name": "Northwind Holding GmbH", "email": "billing@northwind.example"}
    await vendors.person_changes("billing", "customers", deal.customer, change)
    await reconciled(house)
    found = {(one.entity, one.field): one for one in await incidents(house)}
    assert {key: one.state for key, one in found.items()} == {("account", "name"): "taken over", ("contact", "email"): "open"}
    await put_back(house, found["contact", "email"].id, by=SECOND)
    now = await customer(vendors)
    assert (now["name"], now["email"]) == ("Northwind Holding GmbH", "ada@northwind.example")
    assert (await reconciled(house))[Finding.NEW] == 0


async def test_a_record_that_is_gone_is_for_its_owner(house: Runtime, vendors: Vendors) -> None:
    (deal,) = await deals(house, 1)
    await deal_is_deleted(vendors, deal.id)
    await reconciled(house)
    await reconciled(house)
    (one,), (exception,) = await incidents(house), await asked(house)
    assert (one.entity, one.field, one.route) == ("opportunity", "record", "ask")
    assert "a record is gone" in exception.reason
    with pytest.raises(RefusedError, match="earlier versions"):
        await put_back(house, one.id, by=SECOND)
    await take_over(house.ledger, house.catalog, one.id, by=SECOND)
    assert ((await reconciled(house))[Finding.NEW], await asked(house)) == (0, [])


async def test_what_was_changed_once_more_is_not_put_back(house: Runtime, vendors: Vendors) -> None:
    """
    Given an incident that is to be put back
    When the field is changed once more before that is done
    Then the newer value stays, and the next look judges that one.
    """
    (deal,) = await deals(house, 1)
    await vendors.person_changes("crm", "deals", deal.id, {FOLDER: ELSEWHERE})
    await compare(house, Kind.DEAL, [deal.id])
    await vendors.person_changes("crm", "deals", deal.id, {FOLDER: f"{ELSEWHERE}/2"})
    async with house.ledger.begin() as books:
        await write_back(house, await books.incidents.latest(limit=10, route=Route.PUT_BACK))
    assert await says(vendors, FOLDER) == f"{ELSEWHERE}/2"
    await reconciled(house)
    assert [one.state for one in await incidents(house)] == ["overtaken", "put back"]


async def test_what_a_person_sets_right_is_over(house: Runtime, vendors: Vendors) -> None:
    (deal,) = await deals(house, 1)
    stands = await says(vendors, STAGE)
    await vendors.person_changes("crm", "deals", deal.id, {STAGE: "closedwon"})
    await reconciled(house)
    await vendors.person_changes("crm", "deals", deal.id, {STAGE: stands})
    assert (await reconciled(house))[Finding.OVER] == 1
    assert ([one.state for one in await incidents(house)], await asked(house)) == (["settled"], [])


async def test_an_outage_in_the_middle_keeps_what_was_seen(house: Runtime, vendors: Vendors) -> None:
    """
    Given a changed deal and a changed customer
    When billing is away while we look, and is back the next time
    Then the deal's incident is kept, the customer's found then, and the deal's not told again.
    """
    deal = await won(house)
    await vendors.person_changes("crm", "deals", deal.id, {STAGE: "closedlost"})
    await vendors.person_changes("billing", "customers", deal.customer, {"email": "billing@northwind.example"})
    await vendors.fault("billing", status=503, count=-1)
    with pytest.raises(RetryableError):
        await reconciled(house)
    assert [one.field for one in await incidents(house)] == ["stage"]
    await vendors.heal()
    await reconciled(house)
    assert [one.field for one in await incidents(house)] == ["stage", "email"]


async def test_a_lost_answer_to_putting_back_is_found_out_by_the_next_look(house: Runtime, vendors: Vendors) -> None:
    """
    Given a field that is put back, whose answer never comes
    When we look again
    Then the incident is over, and nothing was written twice.
    """
    (deal,) = await deals(house, 1)
    ours = await says(vendors, FOLDER)
    await vendors.person_changes("crm", "deals", deal.id, {FOLDER: ELSEWHERE})
    await vendors.fault("crm", "POST /crm/v3/objects/deals/batch/update", lose_answer=True, count=20)
    try:
        await reconciled(house)
    except (RetryableError, UncertainError):
        await vendors.heal()
        await reconciled(house)
    assert await says(vendors, FOLDER) == ours
    assert [one.state in ("settled", "put back") for one in await incidents(house)] == [True]
    assert (await reconciled(house))[Finding.NEW] == 0


async def test_what_is_refused_becomes_the_owners(house: Runtime, vendors: Vendors) -> None:
    """
    Given a field that goes back by rule
    When the CRM refuses that
    Then its owner is asked, with what the CRM said; on their word, and when the CRM takes it again, it is put back.
    """
    (deal,) = await deals(house, 1)
    ours = await says(vendors, FOLDER)
    await vendors.person_changes("crm", "deals", deal.id, {FOLDER: ELSEWHERE})
    await vendors.fault("crm", "POST /crm/v3/objects/deals/batch/update", status=400, count=-1)
    await reconciled(house)
    (one,), (exception,) = await incidents(house), await asked(house)
    assert (one.state, one.route) == ("open", "ask")
    assert "HTTP 400" in exception.reason
    await vendors.heal()
    await reconciled(house)
    assert len(await asked(house)) == 1
    assert (await put_back(house, one.id, by=SECOND)).state == "put back"
    assert (await says(vendors, FOLDER), await asked(house)) == (ours, [])


async def test_a_deal_that_is_worked_on_is_left_to_the_next_look(house: Runtime, vendors: Vendors) -> None:
    (deal,) = await deals(house, 1)
    await vendors.person_changes("crm", "deals", deal.id, {FOLDER: ELSEWHERE})
    event = arriving(deal)
    async with house.ledger.begin() as books:
        await books.inbox.accept([event])
        await books.inbox.claim(event.type, limit=1, worker="another", seconds=30)
    assert (await reconciled(house)).total() == 0
    assert await says(vendors, FOLDER) == ELSEWHERE


async def test_while_somebody_has_paused_nothing_is_put_back(house: Runtime, vendors: Vendors) -> None:
    """
    Given a mirror that was edited, and a pause of the CRM
    When we look
    Then the incident is written down and nothing is written outside; when the pause is lifted, ours is put back.
    """
    (deal,) = await deals(house, 1)
    await vendors.person_changes("crm", "deals", deal.id, {FOLDER: ELSEWHERE})
    async with house.ledger.begin() as books:
        await books.switches.pause(Scope.SYSTEM, "crm", reason="a test", by="tests")
    with pytest.raises(HeldError):
        await reconciled(house)
    assert await says(vendors, FOLDER) == ELSEWHERE
    async with house.ledger.begin() as books:
        await books.switches.resume(Scope.SYSTEM, "crm", by="tests")
    await reconciled(house)
    assert [one.state for one in await incidents(house)] == ["put back"]


async def test_two_who_look_at_once_tell_it_once(house: Runtime, vendors: Vendors) -> None:
    (deal,) = await deals(house, 1)
    await vendors.person_changes("crm", "deals", deal.id, {STAGE: "closedlost"})
    counted = await asyncio.gather(*(compare(house, Kind.DEAL, [deal.id], young=0) for _ in range(4)))
    assert sorted(one[Finding.NEW] for one in counted) == [0, 0, 0, 1]
    assert (len(await incidents(house)), len(await asked(house))) == (1, 1)


async def test_the_meter_says_how_much_of_what_is_ours_people_change_by_hand(house: Runtime, vendors: Vendors) -> None:
    """
    Given ten deals, with two fields each that are ours
    When a person changes one of them twice, an import one of another deal, and a deal is deleted
    Then the meter shows one field each, of the eighteen that could be compared last.
    """
    found = await deals(house, 10)
    for value in ("1", "2"):
        await vendors.person_changes("crm", "deals", found[0].id, {FOLDER: f"{ELSEWHERE}/{value}"})
        await reconciled(house)
    await vendors.person_changes("crm", "deals", found[1].id, {STAGE: "closedlost"}, by="import")
    await reconciled(house)
    await deal_is_deleted(vendors, found[2].id)
    await reconciled(house)
    async with house.ledger.begin() as books:
        meter = [tuple(row) for row in await books.incidents.meter()]
    assert meter == [("opportunity", 18, "import", 1), ("opportunity", 18, "person", 1)]
