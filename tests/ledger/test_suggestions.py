"""What stopped is proposed for once, corrected on record, answered once, and its outcome is kept."""

from __future__ import annotations

import asyncio
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import text

from contracts.autonomy import Level
from contracts.catalog import catalog
from contracts.errors import RefusedError
from ledger.correcting import accept, reject
from ledger.database import Ledger
from ledger.exceptions import NewException
from ledger.intake import leave, quarantine
from ledger.replaying import Choice, replay
from tests.suggesting import WORDS, considered, ends, event_of, is_left, open_of, past, stand, stops, suggestions_of


async def take(ledger: Ledger, event: UUID, value: str | None = None, by: str = "ada") -> Any:
    return await accept(ledger, catalog(), str(event), by=by, value=value)


async def outcomes(ledger: Ledger, event: UUID) -> list[str]:
    return [row.outcome for row in await suggestions_of(ledger, event)]


async def test_a_word_that_is_nearly_ours_is_suggested_once_with_its_reasons(ledger: Ledger) -> None:
    event = await stops(ledger, service="Implementaton")
    assert await considered(ledger) == 1
    assert await considered(ledger) == 0
    (row,) = await suggestions_of(ledger, event)
    assert (row.action, row.field, row.was, row.proposed) == (WORDS, "service", "Implementaton", "implementation")
    assert (row.level, row.treatment, row.outcome) == ("suggested", "suggested", "waiting")
    assert 0.6 <= row.confidence < 0.92
    assert "93% like what we know" in row.reasons
    assert set(row.parts) == {"match", "completeness", "freshness", "rules"}
    (exception,) = await open_of(ledger, event)
    assert "`towline suggestions`" in exception.route
    assert (await event_of(ledger, event)).status == "quarantined"


async def test_two_who_look_at_once_propose_once(ledger: Ledger) -> None:
    events = [await stops(ledger, service="Implementaton") for _ in range(5)]
    await asyncio.gather(considered(ledger), considered(ledger))
    await considered(ledger)
    assert [len(await suggestions_of(ledger, event)) for event in events] == [1] * 5


async def test_accepted_it_goes_on_corrected_and_what_was_received_is_kept(ledger: Ledger) -> None:
    event = await stops(ledger, service="Implementaton")
    received = (await event_of(ledger, event)).payload
    await considered(ledger)
    await take(ledger, event)
    row = await event_of(ledger, event)
    assert (row.status, row.payload["data"]["service"]) == ("received", "implementation")
    assert row.original == received
    assert {**row.payload, "data": {**row.payload["data"], "service": "Implementaton"}} == received
    (suggestion,) = await suggestions_of(ledger, event)
    assert (suggestion.outcome, suggestion.by, suggestion.given) == ("accepted", "ada", "implementation")
    assert await open_of(ledger, event) == []


async def test_a_second_answer_changes_nothing_and_is_told_the_first(ledger: Ledger) -> None:
    event = await stops(ledger, service="Implementaton")
    await considered(ledger)
    await take(ledger, event)
    before = await event_of(ledger, event), await suggestions_of(ledger, event)
    for again in (take(ledger, event, by="bob"), take(ledger, event, "support"), reject(ledger, str(event), by="bob")):
        with pytest.raises(RefusedError, match="accepted by ada already"):
            await again
    assert (await event_of(ledger, event), await suggestions_of(ledger, event)) == before


async def test_of_two_who_accept_at_once_one_does(ledger: Ledger) -> None:
    event = await stops(ledger, service="Implementaton")
    await considered(ledger)
    results = await asyncio.gather(take(ledger, event), take(ledger, event, "support"), return_exceptions=True)
    assert sorted(isinstance(one, RefusedError) for one in results) == [False, True]
    (row,) = await suggestions_of(ledger, event)
    assert (await event_of(ledger, event)).payload["data"]["service"] == row.given


async def test_another_value_is_an_override(ledger: Ledger) -> None:
    event = await stops(ledger, service="Implementaton")
    await considered(ledger)
    await take(ledger, event, "integration")
    assert await outcomes(ledger, event) == ["overridden"]
    assert (await event_of(ledger, event)).payload["data"]["service"] == "integration"


async def test_a_value_that_does_not_fit_either_is_refused_and_nothing_is_half_applied(ledger: Ledger) -> None:
    event = await stops(ledger, service="Implementaton")
    await considered(ledger)
    with pytest.raises(RefusedError, match="service: that value does not fit the contract either"):
        await take(ledger, event, "zebra")
    row = await event_of(ledger, event)
    assert (row.status, row.payload["data"]["service"], row.original) == ("quarantined", "Implementaton", None)
    assert await outcomes(ledger, event) == ["waiting"]


async def test_what_else_does_not_fit_is_proposed_for_next(ledger: Ledger) -> None:
    event = await stops(ledger, service="Implementaton", amount={"minor": 100, "currency": "Euro"})
    await considered(ledger)
    (first,) = await suggestions_of(ledger, event)
    _, prospect = await take(ledger, event)
    assert prospect.becomes == "does not fit its contract"
    assert (await event_of(ledger, event)).status == "quarantined"
    await considered(ledger)
    second, _ = await suggestions_of(ledger, event)
    assert {first.field, second.field} == {"service", "amount.currency"}
    await take(ledger, event)
    row = await event_of(ledger, event)
    assert (row.status, row.payload["data"]["amount"]["currency"], row.payload["data"]["service"]) == (
        "received",
        "EUR",
        "implementation",
    )
    assert (row.original["data"]["amount"]["currency"], row.original["data"]["service"]) == ("Euro", "Implementaton")


async def test_nothing_near_is_blocked_for_the_process_owner_until_a_person_gives_the_value(ledger: Ledger) -> None:
    event = await stops(ledger, service="zebra")
    await considered(ledger)
    (row,) = await suggestions_of(ledger, event)
    assert (row.treatment, row.outcome) == ("blocked", "waiting")
    (exception,) = await open_of(ledger, event)
    assert exception.owner == "sales-operations"
    assert exception.route.endswith("in doubt ask #ops")
    with pytest.raises(RefusedError, match="give the value with --value"):
        await take(ledger, event)
    await take(ledger, event, "training")
    assert await outcomes(ledger, event) == ["overridden"]


async def test_at_hand_it_is_not_shown_but_compared_with_what_a_person_does(ledger: Ledger) -> None:
    await stand(ledger, Level.HAND)
    event = await stops(ledger, service="Implementaton")
    (before,) = await open_of(ledger, event)
    await considered(ledger)
    (row,) = await suggestions_of(ledger, event)
    assert (row.treatment, row.proposed) == ("by hand", "implementation")
    (exception,) = await open_of(ledger, event)
    assert exception == before
    with pytest.raises(RefusedError, match="give the value with --value"):
        await take(ledger, event)
    await take(ledger, event, "implementation")
    assert await outcomes(ledger, event) == ["accepted"]


async def test_at_alone_what_is_sure_is_done_and_what_is_less_sure_is_suggested(ledger: Ledger) -> None:
    await stand(ledger, Level.ALONE)
    sure, doubtful = await stops(ledger, service="consulting"), await stops(ledger, service="Implementaton")
    await considered(ledger)
    row = await event_of(ledger, sure)
    assert (row.status, row.payload["data"]["service"], row.original["data"]["service"]) == ("received", "advisory", "consulting")
    (suggestion,) = await suggestions_of(ledger, sure)
    assert (suggestion.outcome, suggestion.by, suggestion.level) == ("alone", "towline", "alone")
    assert await open_of(ledger, sure) == []
    assert (await event_of(ledger, doubtful)).status == "quarantined"
    assert await outcomes(ledger, doubtful) == ["waiting"]


async def test_what_people_have_accepted_before_becomes_sure(ledger: Ledger) -> None:
    first = await stops(ledger, service="Implementaton")
    await considered(ledger)
    await take(ledger, first)
    await stand(ledger, Level.ALONE)
    second = await stops(ledger, service="implementaton")
    await considered(ledger)
    assert await outcomes(ledger, second) == ["alone"]


async def test_a_medium_risk_is_never_done_alone_however_it_stands(ledger: Ledger) -> None:
    await stand(ledger, Level.ALONE, action="correct_email")
    event = await stops(ledger, person={"name": "Ada Byron", "email": "ada@northwind,example"})
    await considered(ledger)
    (row,) = await suggestions_of(ledger, event)
    assert (row.action, row.level, row.outcome, row.proposed) == (
        "correct_email",
        "suggested",
        "waiting",
        "ada@northwind.example",
    )


async def test_a_company_is_matched_with_an_account_that_we_know(ledger: Ledger) -> None:
    known = await stops(ledger, service="consulting", company={"name": "Tailspin Toys GmbH", "domain": "tailspin.example"})
    await considered(ledger)
    await take(ledger, known)
    await ends(ledger, known, "done")
    event = await stops(ledger, company={"name": "Tailspin Toys Ltd"}, person={"name": "Bo", "email": "bo@gmail.com"})
    await considered(ledger)
    (row,) = await suggestions_of(ledger, event)
    assert (row.action, row.proposed, row.was) == ("match_company", "tailspin.example", None)
    await take(ledger, event)
    assert (await event_of(ledger, event)).payload["data"]["company"] == {
        "name": "Tailspin Toys Ltd",
        "domain": "tailspin.example",
    }


async def test_done_alone_it_is_completed_when_its_event_is_done(ledger: Ledger) -> None:
    await stand(ledger, Level.ALONE)
    event = await stops(ledger, service="consulting")
    await considered(ledger)
    assert [row.completed for row in await suggestions_of(ledger, event)] == [None]
    await ends(ledger, event, "done")
    assert [(row.outcome, row.completed) for row in await suggestions_of(ledger, event)] == [("alone", True)]


async def test_done_alone_and_left_by_a_person_it_was_wrong(ledger: Ledger) -> None:
    await stand(ledger, Level.ALONE)
    event = await stops(ledger, service="consulting")
    await considered(ledger)
    await is_left(ledger, event)
    assert await outcomes(ledger, event) == ["reverted"]


async def test_done_alone_and_then_given_another_value_it_was_wrong(ledger: Ledger) -> None:
    await stand(ledger, Level.ALONE)
    event = await stops(ledger, service="consulting")
    await considered(ledger)
    async with ledger.begin() as books:
        (row,) = await books.inbox.get([event])
        await books.inbox.correct(event, {**row.payload, "data": {**row.payload["data"], "service": "zebra"}})
        await quarantine(books, catalog(), await books.inbox.get([event]))
    await considered(ledger)
    await take(ledger, event, "training")
    assert await outcomes(ledger, event) == ["overridden", "reverted"]


async def test_done_alone_and_rejected_it_was_wrong_and_its_event_stays(ledger: Ledger) -> None:
    await stand(ledger, Level.ALONE)
    event = await stops(ledger, service="consulting")
    await considered(ledger)
    await reject(ledger, event.hex[:8], by="ada")
    assert await outcomes(ledger, event) == ["reverted"]
    assert (await event_of(ledger, event)).payload["data"]["service"] == "advisory"


async def test_an_event_that_is_not_done_a_day_later_was_not_completed(ledger: Ledger) -> None:
    event = await stops(ledger, service="Implementaton")
    await considered(ledger)
    await take(ledger, event)
    async with ledger.begin() as books:
        await books.suggestions.follow()
    assert [row.completed for row in await suggestions_of(ledger, event)] == [None]
    async with ledger.begin() as books:
        await books.effects._connection.execute(text("UPDATE suggestions SET settled_at = settled_at - interval '25 hours'"))
        await books.suggestions.follow()
    assert [row.completed for row in await suggestions_of(ledger, event)] == [False]


async def test_an_event_that_went_on_otherwise_says_nothing_about_what_was_suggested(ledger: Ledger) -> None:
    event = await stops(ledger, service="Implementaton")
    await considered(ledger)
    async with ledger.begin() as books:
        (row,) = await books.inbox.get([event])
        await books.inbox.correct(event, {**row.payload, "data": {**row.payload["data"], "service": "support"}})
    await replay(ledger, catalog(), Choice([event]))
    with pytest.raises(RefusedError, match="went on without it"):
        await take(ledger, event)
    async with ledger.begin() as books:
        await books.suggestions.follow()
    assert await outcomes(ledger, event) == ["passed"]
    assert (await event_of(ledger, event)).payload["data"]["service"] == "support"


async def test_a_rejected_suggestion_leaves_the_event_stopped(ledger: Ledger) -> None:
    event = await stops(ledger, service="Implementaton")
    await considered(ledger)
    await reject(ledger, str(event), by="ada")
    assert await outcomes(ledger, event) == ["rejected"]
    (exception,) = await open_of(ledger, event)
    assert exception.route.startswith("the suggestion was rejected")
    assert (await event_of(ledger, event)).status == "quarantined"
    assert await considered(ledger) == 0
    with pytest.raises(RefusedError, match="give the value with --value"):
        await take(ledger, event)
    await take(ledger, event, "support")
    assert await outcomes(ledger, event) == ["overridden"]


async def test_what_an_event_leaves_to_the_crm_is_corrected_there(ledger: Ledger) -> None:
    event = await stops(ledger, service="Implementaton", amount={"minor": 1, "currency": "EUR"})
    async with ledger.begin() as books:
        (row,) = await books.inbox.get([event])
        await books.inbox.correct(event, {**row.payload, "data": {"contact_id": "501", "service": "training"}})
        gate = NewException(
            event, row.case_id, row.type, row.contract, "gate/lead/domain_is_the_companys_own", "r", "route", "finance-operations"
        )
        await books.exceptions.close([event], closed_as="test")
        await books.exceptions.open([gate])
    await considered(ledger)
    (suggestion,) = await suggestions_of(ledger, event)
    assert (suggestion.treatment, suggestion.proposed) == ("by hand", None)
    (exception,) = await open_of(ledger, event)
    assert (exception.route, exception.owner) == ("route", "finance-operations")
    with pytest.raises(RefusedError, match=r"the event leaves company.domain to the CRM"):
        await take(ledger, event, "northwind.example")
    assert (await event_of(ledger, event)).payload["data"] == {"contact_id": "501", "service": "training"}


@pytest.mark.parametrize("named", ["", "-", "zebra", "74d125a4-367e-4f8f-a664-3f4870498768"])
async def test_what_nobody_suggested_cannot_be_answered(ledger: Ledger, named: str) -> None:
    with pytest.raises(RefusedError, match="nothing is suggested"):
        await accept(ledger, catalog(), named, by="ada")


async def test_an_id_that_two_events_begin_with_is_not_guessed_at(ledger: Ledger) -> None:
    events = [await stops(ledger, service="Implementaton") for _ in range(17)]
    await considered(ledger)
    first = [event.hex[0] for event in events]
    twice = next(digit for digit in first if first.count(digit) > 1)
    with pytest.raises(RefusedError, match="give more of it"):
        await accept(ledger, catalog(), twice, by="ada")


async def test_what_came_in_is_measured_as_it_came(ledger: Ledger) -> None:
    event = await stops(ledger, service="Implementaton")
    await considered(ledger)
    await take(ledger, event)
    async with ledger.begin() as books:
        now = await books.suggestions.now()
        (row,) = await books.received.since(now.replace(year=2000), after=0, limit=10)
    assert row.payload["data"]["service"] == "Implementaton"


async def test_retention_takes_the_values_and_leaves_the_outcome(ledger: Ledger) -> None:
    event = await stops(ledger, service="Implementaton")
    await considered(ledger)
    await take(ledger, event)
    row = await event_of(ledger, event)
    async with ledger.begin() as books:
        await books.cases.open([row.case_id])
        await books.cases.advance(
            [
                {
                    "id": row.case_id,
                    "stage": "paid",
                    "account_id": None,
                    "title": "",
                    "owner": None,
                    "amount_minor": None,
                    "currency": None,
                    "crm_deal_id": None,
                }
            ]
        )
    await ends(ledger, event, "done")
    async with ledger.begin() as books:
        await books.effects._connection.execute(text("UPDATE inbox SET finished_at = now() - interval '91 days', told = status"))
        turned = await books.retention.turn(UUID(int=0), stages=["paid"], shared=[], seconds=90 * 86400)
    assert turned.gone["inbox"] == 1
    (kept,) = await suggestions_of(ledger, event)
    assert (kept.was, kept.proposed, kept.given) == (None, None, None)
    assert (kept.outcome, kept.completed) == ("accepted", True)


async def test_a_past_of_other_actions_is_not_mixed_in(ledger: Ledger) -> None:
    await past(ledger, "accepted", 3, action="correct_email")
    await past(ledger, "overridden", 2)
    async with ledger.begin() as books:
        told = await books.suggestions.told(WORDS, None, limit=10)
        assert await books.suggestions.counted("correct_email") == {"accepted": 3}
    assert [row.is_right for row in told] == [False, False]


async def test_a_parked_event_that_a_person_leaves_says_nothing(ledger: Ledger) -> None:
    event = await stops(ledger, service="Implementaton")
    await considered(ledger)
    await ends(ledger, event, "parked")
    await leave(ledger, [event])
    async with ledger.begin() as books:
        await books.suggestions.follow()
    assert await outcomes(ledger, event) == ["passed"]
