"""A decision is about one content: what was changed, rejected, made up or answered already opens no door."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

import httpx
import pytest

from contracts.errors import RefusedError
from lifecycle.decisions import Verdict
from tests.journey import Deal, approve, deal_at, deals_at, goes, happen, reach
from tests.world import World


async def person_edits(world: World, document: str, text: str) -> int:
    """Write at the end of a document, as somebody with the document open; return what Google says."""
    body = {"requests": [{"insertText": {"endOfSegmentLocation": {}, "text": text}}]}
    async with httpx.AsyncClient(base_url=world.vendors.url, headers={"authorization": "Bearer somebody"}) as client:
        return (await client.post(f"/google/v1/documents/{document}:batchUpdate", json=body)).status_code


async def decisions(world: World, deal: Deal) -> list[Any]:
    async with world.house.ledger.begin() as books:
        return list(await books.decisions.of_case(deal.case))


async def proposals(world: World, deal: Deal) -> list[tuple[int, bool]]:
    async with world.house.ledger.begin() as books:
        rows = await books.documents.of_case(deal.case, None)
    return [(row.version, row.is_current) for row in rows if row.artefact == "proposal"]


async def open_work(world: World, deal: Deal) -> list[tuple[str, str]]:
    """Return cause and owner of every open exception of a deal."""
    async with world.house.ledger.begin() as books:
        rows = await books.exceptions.latest(limit=100)
    return [(row.cause, row.owner) for row in rows if row.case_id == deal.case]


async def test_a_proposal_that_is_edited_after_it_was_shown_is_asked_for_anew(world: World) -> None:
    """
    Given a proposal that waits for approval, and that somebody edits
    When it is approved
    Then the approval is void and undone, nothing is delivered, and somebody owns the work to decide on the new content
    And when that is approved, it is delivered, and nobody can edit the document any more.
    """
    deal = await deal_at(world, "proposed")
    (old,) = await decisions(world, deal)
    assert await person_edits(world, old.document, "And all of it for free") == 200
    (approval,) = await approve(world, [deal])
    before = await world.vendors.all_counts()
    await goes(world, approval)
    assert await world.status(approval) == "undone"
    assert (await world.case(deal.case)).stage == "proposed"
    assert await world.vendors.all_counts() == before
    assert await open_work(world, deal) == [("proposal/changed", "delivery-operations")]
    states = [(one.id == old.id, one.state, one.content_hash != old.content_hash) for one in await decisions(world, deal)]
    assert states == [(True, "void", False), (False, "waiting", True)]

    await reach(world, "delivery", [deal])
    assert await open_work(world, deal) == []
    assert await person_edits(world, old.document, "And a car on top") in (400, 403)


async def test_a_rejected_proposal_is_drafted_again_as_the_next_version(world: World) -> None:
    """
    Given a proposal that an approver rejects, which is the owner's work then
    When discovery is completed again with another amount
    Then the second version is the current one and waits for its own decision, and its approval closes the owner's work.
    """
    deal = await deal_at(world, "proposed")
    (work,) = await world.waiting()
    await world.decides(work.id, Verdict.REJECT, reason="too cheap")
    ((cause, _),) = await open_work(world, deal)
    assert cause == "proposal/rejected"
    amount = {"minor": 1_800_000, "currency": "EUR"}
    await goes(world, *await happen(world, "discovery.completed", [deal], amount=amount))
    assert await proposals(world, deal) == [(1, False), (2, True)]
    assert [(one.state, one.minor) for one in await decisions(world, deal)] == [("rejected", 1_500_000), ("waiting", 1_800_000)]
    await reach(world, "delivery", [deal])
    assert await open_work(world, deal) == []
    assert (await world.line(deal.case)).approved == 1_800_000


async def test_a_newer_draft_withdraws_what_was_asked_before(world: World) -> None:
    """
    Given a proposal that waits for approval
    When discovery is completed again
    Then only the new draft can be approved; an answer to the old one is refused.
    """
    deal = await deal_at(world, "proposed")
    (old,) = await world.waiting()
    await goes(world, *await happen(world, "discovery.completed", [deal], amount={"minor": 990_001, "currency": "EUR"}))
    assert [one.state for one in await decisions(world, deal)] == ["withdrawn", "waiting"]
    with pytest.raises(RefusedError):
        await world.decides(old.id, Verdict.APPROVE)
    await reach(world, "delivery", [deal])
    assert (await world.line(deal.case)).agreed == 990_001


async def test_an_approval_that_nobody_gave_changes_nothing(world: World) -> None:
    """
    Given proposals of which one is approved, one rejected and the others wait
    When events say that they are approved, each with a decision that does not say so: unknown, waiting, rejected, another deal's
    Then the gate parks each with its words, and nothing changes in any system.
    """
    deals = await deals_at(world, "proposed", "unknown", "waiting", "rejected", "foreign", "approved")
    asked = {deal.name: one.id for deal in deals for one in await decisions(world, deal)}
    await world.decides(asked["rejected"], Verdict.REJECT, reason="no")
    await approve(world, deals[4:])
    forged = {"unknown": uuid4(), "waiting": asked["waiting"], "rejected": asked["rejected"], "foreign": asked["approved"]}
    events = [(await happen(world, "proposal.approved", [deal], decision=str(forged[deal.name])))[0] for deal in deals[:4]]
    before = await world.vendors.all_counts()
    written = await world.vendors.last_request()
    await goes(world, *events)
    assert [await world.status(event) for event in events] == ["parked"] * 4
    causes = [(await world.exceptions(event))[0].cause.removeprefix("gate/delivery/").partition("/")[0] for event in events]
    assert causes == [
        "decision_is_on_record",
        "decision_is_an_approval",
        "decision_is_an_approval",
        "decision_is_about_this_deal",
    ]
    assert await world.vendors.all_counts() == before
    asked_of = {(one["system"], one["method"]) for one in await world.vendors.asked(since=written) if "/read" not in one["path"]}
    assert asked_of == set()
    assert {(await world.case(deal.case)).stage for deal in deals} == {"proposed"}


async def test_an_approval_that_is_announced_a_second_time_is_nothing_new(world: World) -> None:
    """
    Given a deal in delivery
    When another event says that its proposal was approved, by the decision that opened the delivery
    Then the client hears nothing again, nobody kicks off again, and the money stays as it was.
    """
    deal = await deal_at(world, "delivery")
    (decision,) = await decisions(world, deal)
    before = await world.vendors.all_counts()
    (again,) = await happen(world, "proposal.approved", [deal], decision=str(decision.id))
    await goes(world, again)
    assert await world.status(again) == "done"
    assert await world.vendors.all_counts() == before
    assert (await world.line(deal.case)).agreed == 1_500_000


async def test_an_offer_that_a_newer_one_has_replaced_cannot_be_accepted_any_more(world: World) -> None:
    """
    Given a proposal that waits for approval, and its estimate in billing
    When discovery is completed again and the new draft is approved
    Then only the new offer's estimate is open.
    """
    deal = await deal_at(world, "proposed")
    await goes(world, *await happen(world, "discovery.completed", [deal], amount={"minor": 990_001, "currency": "EUR"}))
    await reach(world, "delivery", [deal])
    quotes = {one["amount_total"]: one["status"] for one in await world.vendors.objects("billing", "quotes")}
    assert quotes == {1_500_000: "canceled", 990_001: "open"}
