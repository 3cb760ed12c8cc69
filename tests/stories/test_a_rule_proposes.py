"""When too much goes wrong the owner is told once, with the figures, and told again when it is over."""

from __future__ import annotations

import json
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import text

from contracts.rules import Then
from contracts.rules import rules as house_rules
from contracts.values import Money
from deployments.alerts import Alerts
from deployments.watch import Watch
from ledger.effects import Intent
from ledger.exceptions import NewException
from ledger.inbox import NewEvent
from ledger.tables import EventStatus
from runtime.wiring import Runtime
from tests.ledger.test_inbox import event
from tests.world import DAY, Vendors


async def arrive(house: Runtime, number: int, event_type: str = "lead.qualified") -> list[UUID]:
    events: list[NewEvent] = [event(str(uuid4()), event_type=event_type) for _ in range(number)]
    async with house.ledger.begin() as books:
        await books.inbox.accept(events)
    return [one.id for one in events]


async def end(house: Runtime, events: list[UUID], status: EventStatus, cause: str = "lead/open_deal/crm.http_503") -> None:
    """Let events end as their run would have it, each with a change outside."""
    async with house.ledger.begin() as books:
        rows = {row.id: row for row in await books.inbox.get(events)}
        intents = [Intent(key := uuid4(), key, one, rows[one].case_id, "upsert_company", "crm", None) for one in events]
        await books.effects.intend(intents)
        await books.inbox.settle(dict.fromkeys(events, status))
        await books.effects._connection.execute(text("UPDATE effects SET state = 'done'"))
        if status is EventStatus.PARKED:
            await books.exceptions.open([_exception(rows[one], cause) for one in events])


def _exception(row: Any, cause: str) -> NewException:
    return NewException(
        row.id, row.case_id, row.type, row.contract, cause, "the CRM does not answer", "replay", "sales-operations"
    )


async def passes(house: Runtime, minutes: float) -> None:
    """Let time pass for everything that has come and ended."""
    older = "finished_at = finished_at - make_interval(mins => :m), received_at = received_at - make_interval(mins => :m)"
    async with house.ledger.begin() as books:
        await books.effects._connection.execute(text(f"UPDATE inbox SET {older}"), {"m": minutes})  # noqa: S608


async def said(house: Runtime, *, closed: bool = False) -> list[tuple[str, str]]:
    """What the rules have said, and what they still say."""
    which = "IS NOT NULL" if closed else "IS NULL"
    query = f"SELECT cause, reason FROM exceptions WHERE cause LIKE 'rules/%' AND closed_at {which} ORDER BY id"  # noqa: S608
    async with house.ledger.begin() as books:
        return [(row.cause, row.reason) for row in await books.effects._connection.execute(text(query))]


async def told(vendors: Vendors) -> list[str]:
    return [
        json.dumps(one, ensure_ascii=False) for one in await vendors.objects("chat", "messages") if "rules.md" in json.dumps(one)
    ]


async def test_an_error_spike_is_one_exception_with_its_figures_until_it_is_over(house: Runtime, vendors: Vendors) -> None:
    """
    Given a path on which 38 leads were done
    When 2 of 40 have stopped, then 5 of 43, then 8 of 46
    Then the first are no reason, the next are said to the owner, and the last bring that up to date
    And when they lie a quarter of an hour back, the exception closes by itself, and so does the alert.
    """
    watch, alerts = Watch(house), Alerts(house, now=lambda: DAY)
    await end(house, await arrive(house, 38), EventStatus.DONE)
    await end(house, await arrive(house, 2), EventStatus.PARKED)
    await watch.look()
    assert await said(house) == []
    await end(house, await arrive(house, 3), EventStatus.PARKED)
    await watch.look()
    ((cause, reason),) = await said(house)
    assert cause == "rules/error_rate/lead"
    assert reason.startswith("error rate of lead: 11.6 % of 43 events in 45 s, allowed 5 %; a rollback since ")
    assert "would touch 5 deals: `towline rollback --since 20" in reason
    await alerts.look()
    (alert,) = await told(vendors)
    assert "Lead qualified: error rate of lead: 11.6 %" in alert
    await end(house, await arrive(house, 3), EventStatus.PARKED)
    await watch.look()
    ((cause, reason),) = await said(house)
    assert reason.startswith("error rate of lead: 17.4 % of 46 events in 45 s")
    await passes(house, 16)
    await watch.look()
    assert await said(house) == []
    assert [cause for cause, _ in await said(house, closed=True)] == ["rules/error_rate/lead"]
    await alerts.look()
    messages = [one["text"] for one in await vendors.objects("chat", "messages")]
    assert "Over: the rule no longer holds" in messages


async def test_a_critical_path_that_is_down_is_said_until_something_gets_through(house: Runtime) -> None:
    """
    Given leads that wait, and opportunities that wait, which are less critical
    When half an hour has passed in which none was done
    Then the owner of the leads is told that their path is down
    And when one of them gets through, it is over, although others still wait.
    """
    watch = Watch(house)
    await end(house, await arrive(house, 1), EventStatus.DONE)
    await passes(house, 10)
    first, *_ = await arrive(house, 3)
    await arrive(house, 3, "opportunity.created")
    await passes(house, 29)
    await watch.look()
    assert await said(house) == []
    await passes(house, 2)
    await watch.look()
    ((cause, reason),) = await said(house)
    assert cause == "rules/path_down/lead"
    assert reason.startswith("lead is down: 3 of high criticality wait, the first for 31 min, and none was done for 41 min")
    await end(house, [first], EventStatus.DONE)
    await watch.look()
    assert await said(house) == []


async def test_deals_whose_data_is_wrong_do_not_make_a_path_look_down(house: Runtime) -> None:
    """
    Given a lead that the gate has stopped, and nothing else for an hour
    When the rules are looked at
    Then nobody is told that the path is down; and a lead that failed behind it is another matter.
    """
    watch = Watch(house)
    await end(house, await arrive(house, 1), EventStatus.PARKED, "gate/lead/owner_is_known")
    await passes(house, 60)
    await watch.look()
    assert await said(house) == []
    await end(house, await arrive(house, 1), EventStatus.PARKED)
    await passes(house, 31)
    await watch.look()
    assert [cause for cause, _ in await said(house)] == ["rules/path_down/lead"]


async def test_what_waits_for_too_much_money_is_said_until_less_waits(house: Runtime) -> None:
    """
    Given rules that allow waiting to cost EUR 100 an hour, and a lead that costs EUR 5
    When 21 leads have waited for two minutes
    Then integration is told what that costs; and when one of them is done, it is over.
    """
    allowed = house_rules().cost_rate.model_copy(update={"over_an_hour": Money(minor=10_000, currency="EUR")})
    watch = Watch(house, house_rules().model_copy(update={"cost_rate": allowed}))
    first, *_ = await arrive(house, 21)
    await watch.look()
    assert await said(house) == []
    await passes(house, 2)
    await watch.look()
    ((cause, reason),) = await said(house)
    assert (cause, reason.partition(". ")[0]) == (
        "rules/cost_rate/all",
        "what waits costs EUR 105.00 an hour, allowed EUR 100.00: 21 of lead",
    )
    await end(house, [first], EventStatus.DONE)
    await watch.look()
    assert await said(house) == []


async def test_a_rule_that_may_pauses_its_path_once_and_leaves_it_to_a_person_to_go_on(house: Runtime) -> None:
    """
    Given a rule for error rates that pauses
    When it fires
    Then the path is paused, and the owner reads how to let it go on
    And it stays said while the path is paused, also when the failures lie long back
    And when a person lets the path go on, it is over, and the path is not paused again.
    """
    pauses = house_rules().error_rate.model_copy(update={"then": Then.PAUSE})
    watch = Watch(house, house_rules().model_copy(update={"error_rate": pauses}))
    await end(house, await arrive(house, 20), EventStatus.PARKED)
    await watch.look()
    async with house.ledger.begin() as books:
        (switch,) = await books.switches.open()
    assert (switch.scope, switch.name, switch.by) == ("path", "lead.qualified", "rules")
    ((cause, reason),) = await said(house)
    assert cause == "rules/error_rate/lead"
    assert "the path is paused until a person lets it go on: `towline resume --path lead`. " in reason
    await passes(house, 40)
    await watch.look()
    assert [cause for cause, _ in await said(house)] == ["rules/error_rate/lead"]
    async with house.ledger.begin() as books:
        await books.switches.resume("path", "lead", by="ada")
    await end(house, await arrive(house, 1), EventStatus.DONE)
    await watch.look()
    assert await said(house) == []
    async with house.ledger.begin() as books:
        assert await books.switches.open() == []


async def test_two_workers_that_look_say_it_once(house: Runtime) -> None:
    """
    Given a path on which everything stops
    When a worker looks while another one is looking
    Then it leaves that to the other, and there is one exception.
    """
    await end(house, await arrive(house, 20), EventStatus.PARKED)
    async with house.ledger.begin() as other:
        assert await other.rules.figures(["lead.qualified"], [60])
        await Watch(house).look()
        assert await said(house) == []
    await Watch(house).look()
    await Watch(house).look()
    assert len(await said(house)) == 1
