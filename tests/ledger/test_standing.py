"""An action goes up a level when its outcomes have earned it and its owner says so, and falls back by itself when they break."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from contracts.autonomy import Level, autonomy
from contracts.catalog import catalog
from contracts.errors import MisconfiguredError, RefusedError
from ledger.database import Ledger
from ledger.deciding import decide
from ledger.standing import Standing, fall_back, move, standings
from lifecycle.decisions import Verdict
from tests.cli.asking import ask, case_called, question
from tests.suggesting import WORDS, considered, event_of, good_weeks, past, stand, stops

OWNER = "sales-operations"


async def where(ledger: Ledger, action: str = WORDS) -> Standing:
    async with ledger.begin() as books:
        (found,) = await standings(books, autonomy(), [action])
    return found


async def up(ledger: Ledger, wanted: Level = Level.ALONE, action: str = WORDS, by: str = OWNER, reason: str = "earned") -> None:
    await move(ledger, autonomy(), action, wanted, by=by, reason=reason)


async def told(ledger: Ledger) -> list[Any]:
    async with ledger.begin() as books:
        return [row for row in await books.exceptions.latest(limit=10) if row.cause.startswith("autonomy/")]


async def test_four_good_weeks_earn_the_next_step(ledger: Ledger) -> None:
    await good_weeks(ledger)
    assert (await where(ledger)).level is Level.SUGGESTED
    await up(ledger)
    standing = await where(ledger)
    assert (standing.level, standing.next_level) == (Level.ALONE, None)
    event = await stops(ledger, service="consulting")
    await considered(ledger)
    assert (await event_of(ledger, event)).status == "received"


@pytest.mark.parametrize(
    ("weeks", "each", "wrong", "incomplete", "lacks"),
    [
        (3, 30, 0, 0, "3 of 4 weeks with outcomes"),
        (4, 12, 0, 0, "48 of 50 outcomes"),
        (4, 20, 2, 0, "2.439 % of 82 proposals were wrong, allowed 2 %"),
        (4, 20, 0, 1, "98.77 % of 81 corrected events were done, needed 99.9 %"),
        (0, 0, 0, 0, "0 of 4 weeks with outcomes; 0 of 50 outcomes; no corrected event has ended"),
    ],
)
async def test_what_is_missing_is_said_with_its_figures(
    ledger: Ledger, weeks: int, each: int, wrong: int, incomplete: int, lacks: str
) -> None:
    if weeks:
        await good_weeks(ledger, weeks, each=each)
    await past(ledger, "overridden", wrong, days=2)
    await past(ledger, "accepted", incomplete, days=2, completed=False)
    with pytest.raises(RefusedError) as refused:
        await up(ledger)
    assert refused.value.text == f"{WORDS} has not earned “alone”: {lacks}"
    assert (await where(ledger)).level is Level.SUGGESTED


async def test_what_was_not_sure_enough_does_not_count_for_doing_it_alone(ledger: Ledger) -> None:
    await good_weeks(ledger)
    await past(ledger, "overridden", 40, confidence=0.8)
    await up(ledger)
    assert (await where(ledger)).level is Level.ALONE


async def test_what_came_before_the_last_step_does_not_count_for_the_next(ledger: Ledger) -> None:
    await good_weeks(ledger, 8)
    await stand(ledger, Level.HAND, days=10)
    with pytest.raises(RefusedError, match="2 of 4 weeks"):
        await up(ledger, Level.SUGGESTED)


@pytest.mark.parametrize(
    ("action", "wanted", "by", "why"),
    [
        (WORDS, Level.ALONE, "finance-operations", "is raised by its owner, sales-operations"),
        ("correct_email", Level.ALONE, OWNER, "never passes “suggested” while contracts/autonomy.yaml says so"),
        ("approve_pricing", Level.ALONE, "head-of-sales", "never passes “suggested”"),
        ("commit_contract", Level.ALONE, "head-of-sales", "never passes “suggested”"),
        ("critical_sla_exception", Level.ALONE, "delivery-operations", "never passes “suggested”"),
        ("critical_sla_exception", Level.SUGGESTED, "delivery-operations", "has not earned"),
        ("approve_pricing", Level.HAND, "head-of-sales", "is a person's in any case"),
    ],
)
async def test_who_may_not_or_what_may_not_is_refused_with_perfect_evidence(
    ledger: Ledger, action: str, wanted: Level, by: str, why: str
) -> None:
    if action != "critical_sla_exception":
        await good_weeks(ledger, 6, action=action)
    before = await where(ledger, action)
    with pytest.raises(RefusedError, match=why):
        await up(ledger, wanted, action, by)
    assert (await where(ledger, action)).level is before.level


async def test_nobody_skips_a_step(ledger: Ledger) -> None:
    await good_weeks(ledger)
    await stand(ledger, Level.HAND, days=40)
    with pytest.raises(RefusedError, match="one step at a time"):
        await up(ledger)
    await up(ledger, Level.SUGGESTED)
    assert (await where(ledger)).level is Level.SUGGESTED


async def test_a_level_in_the_ledger_above_the_ceiling_counts_as_the_ceiling(ledger: Ledger) -> None:
    await stand(ledger, Level.ALONE, action="approve_pricing")
    assert (await where(ledger, "approve_pricing")).level is Level.SUGGESTED


async def test_anybody_takes_an_action_down_and_says_why(ledger: Ledger) -> None:
    await stand(ledger, Level.ALONE)
    with pytest.raises(MisconfiguredError, match="say why"):
        await up(ledger, Level.HAND, by="ada", reason=" ")
    await up(ledger, Level.HAND, by="ada", reason="new form on the website")
    assert (await where(ledger)).level is Level.HAND
    with pytest.raises(MisconfiguredError, match="there is no action paint"):
        await up(ledger, action="paint")


async def test_it_falls_back_by_itself_and_its_owner_reads_which_clause_broke(ledger: Ledger) -> None:
    await good_weeks(ledger)
    await stand(ledger, Level.ALONE, days=27)
    await past(ledger, "alone", 40, level="alone")
    assert await fall_back(ledger, autonomy()) == []
    await past(ledger, "reverted", 3, level="alone")
    assert await fall_back(ledger, autonomy()) == [WORDS]
    assert (await where(ledger)).level is Level.SUGGESTED
    (exception,) = await told(ledger)
    assert (exception.cause, exception.owner) == (f"autonomy/{WORDS}", OWNER)
    assert exception.reason == (
        f"{WORDS} fell back from “alone” to “suggested”: 2.439 % of 123 proposals were wrong, allowed 2 %"
    )
    assert f"`towline autonomy {WORDS} suggested --by {OWNER}`" in exception.route
    assert await fall_back(ledger, autonomy()) == []
    event = await stops(ledger, service="consulting")
    await considered(ledger)
    assert (await event_of(ledger, event)).status == "quarantined"


async def test_events_that_are_not_done_make_it_fall_back_too(ledger: Ledger) -> None:
    await stand(ledger, Level.ALONE, days=20)
    await past(ledger, "alone", 60, level="alone")
    await past(ledger, "alone", 1, level="alone", completed=False)
    assert await fall_back(ledger, autonomy()) == [WORDS]
    (exception,) = await told(ledger)
    assert exception.reason.endswith("98.36 % of 61 corrected events were done, needed 99.9 %")


async def test_one_slip_among_few_is_no_reason_and_two_are(ledger: Ledger) -> None:
    await stand(ledger, Level.ALONE, days=3)
    await past(ledger, "reverted", 1, level="alone")
    assert await fall_back(ledger, autonomy()) == []
    await past(ledger, "reverted", 1, level="alone")
    assert await fall_back(ledger, autonomy()) == [WORDS]


async def test_slips_of_long_ago_are_no_reason(ledger: Ledger) -> None:
    await stand(ledger, Level.ALONE, days=90)
    await past(ledger, "reverted", 9, days=29, level="alone")
    assert await fall_back(ledger, autonomy()) == []


async def test_two_workers_that_see_it_take_it_down_one_step(ledger: Ledger) -> None:
    await stand(ledger, Level.ALONE, days=3)
    await past(ledger, "reverted", 5, level="alone")
    fallen = await asyncio.gather(*(fall_back(ledger, autonomy()) for _ in range(3)))
    assert sorted(fallen) == [[], [], [WORDS]]
    assert (await where(ledger)).level is Level.SUGGESTED
    assert len(await told(ledger)) == 1


async def test_somebody_confirms_where_it_fell_to_and_the_alert_is_over(ledger: Ledger) -> None:
    await stand(ledger, Level.ALONE, days=3)
    await past(ledger, "reverted", 5, level="alone")
    await fall_back(ledger, autonomy())
    since = (await where(ledger)).since
    await up(ledger, Level.SUGGESTED, reason="")
    assert await told(ledger) == []
    assert (await where(ledger)).since == since


async def test_prices_are_judged_by_what_people_decided_and_never_fall(ledger: Ledger) -> None:
    asked = [question(case_called(str(number))) for number in range(4)]
    await ask(ledger, *asked)
    for one, verdict in zip(asked, (Verdict.APPROVE, Verdict.REJECT, Verdict.REJECT), strict=False):
        await decide(ledger, catalog(), one.id, verdict, by="head-of-sales", door="test", reason="because")
    for action in ("approve_pricing", "commit_contract"):
        assert [one.is_right for one in (await where(ledger, action)).told] == [False, False, True]
    assert await fall_back(ledger, autonomy()) == []
    assert (await where(ledger, "approve_pricing")).level is Level.SUGGESTED
