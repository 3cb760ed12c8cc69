"""An alert is seen by somebody or goes on; it wakes nobody for what can wait; and a chat that takes none is an alarm by mail."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from contracts.alerting import alerting
from contracts.records import Ref
from contracts.systems import System
from deployments.alerts import Alerts
from ledger.database import Ledger
from ledger.exceptions import NewException
from tasks.drill import has_arrived, stop_on_purpose
from tests.talking import Talk, talking

DAY, NIGHT = datetime(2026, 11, 25, 12, tzinfo=UTC), datetime(2026, 11, 25, 23, tzinfo=UTC)
CAUSE = "lead/open_deal/crm.http_422"


@pytest.fixture
async def talk(ledger: Ledger, database_url: str, tmp_path: Path) -> AsyncIterator[Talk]:
    async with talking(ledger, database_url, tmp_path) as found:
        await found.house.mail.prepare()
        yield found


def alerts(talk: Talk, now: datetime = DAY) -> Alerts:
    return Alerts(talk.house, alerting(), now=lambda: now)


async def stops(talk: Talk, event: str = "lead.qualified", owner: str = "sales-operations", cause: str = CAUSE) -> None:
    one = NewException(None, None, event, f"{event}/1", cause, "it was refused", "correct it", owner)
    async with talk.house.ledger.begin() as books:
        await books.exceptions.open([one])


async def sql(talk: Talk, statement: str) -> None:
    async with talk.house.ledger._engine.begin() as connection:
        await connection.exec_driver_sql(statement)


async def later(talk: Talk, minutes: float) -> None:
    """Let so much time have passed since alerts were opened and posted."""
    span = f"interval '{minutes * 60} seconds'"
    moved = ", ".join(f"{name} = {name} - {span}" for name in ("opened_at", "posted_at", "acknowledged_at", "changed_at"))
    await sql(talk, f"UPDATE alerts SET {moved}")  # noqa: S608


async def messages(talk: Talk) -> list[dict[str, Any]]:
    return await talk.vendors.objects("chat", "messages")


async def letters(talk: Talk) -> list[dict[str, Any]]:
    return await talk.vendors.objects("mail", "messages")


def shown(message: dict[str, Any]) -> str:
    return json.dumps(message["blocks"], ensure_ascii=False)


def channel_of(talk: Talk, message: dict[str, Any], channels: list[dict[str, Any]]) -> str:
    return next(one["name"] for one in channels if one["id"] == message["channel"])


async def test_an_alert_shows_who_has_seen_it_and_goes_no_further(talk: Talk) -> None:
    """
    Given an alert with its owner's name and a button
    When somebody who speaks for its owner acknowledges it, and the time for that passes
    Then the message says who has seen it, the button is gone, no other channel hears of it, and the time is measured.
    """
    await stops(talk)
    await alerts(talk).look()
    (posted,) = await messages(talk)
    assert "Sales operations" in shown(posted)
    await later(talk, 3)
    await talk.presses("acknowledge", f"{posted['channel']}:{posted['ts']}", "sales-2")
    await later(talk, 20)
    await alerts(talk).look()
    (now,) = await messages(talk)
    assert "Seen by Sales operations" in shown(now)
    assert '"actions"' not in shown(now)
    async with talk.house.ledger.begin() as books:
        (seen,) = await books.alerts.seen()
        assert (await books.alerts.standing()).unseen == 0
    assert (seen.level, seen.alerts) == ("owner", 1)
    assert 180 <= seen.median < 240


async def test_what_nobody_acknowledges_goes_on_along_the_catalogs_route(talk: Talk) -> None:
    """
    Given an alert about a path of high criticality
    When nobody has seen it for a quarter of an hour, and somebody looks several times
    Then the next channel of the route is told once, the thread says so, and an acknowledgement there is shown in both
    And when its cause is gone, both say so.
    """
    await stops(talk)
    look = alerts(talk).look
    await look()
    await later(talk, 14)
    await look()
    assert len(await messages(talk)) == 1
    await later(talk, 2)
    await asyncio.gather(look(), look())
    await look()
    first, *others = await messages(talk)
    channels = await talk.vendors.objects("chat", "channels")
    went = {channel_of(talk, one, channels): one for one in others}
    assert set(went) == {"ops", "sales"}
    assert went["ops"]["text"].startswith("Nobody has seen this for 15 min: 1 deal waits at “Lead qualified”")
    assert went["sales"]["thread_ts"] == first["ts"]
    await talk.presses("acknowledge", f"{went['ops']['channel']}:{went['ops']['ts']}", "ops-1")
    await look()
    now = await messages(talk)
    assert sum("Seen by Integration engineering" in shown(one) for one in now) == 2
    async with talk.house.ledger.begin() as books:
        (seen,) = await books.alerts.seen()
        await books.exceptions.close_cause(CAUSE, closed_as="mended")
    assert seen.level == "escalated"
    await look()
    assert [one["text"] for one in await messages(talk)].count("Solved: the deal goes on") == 2


async def test_an_acknowledgement_counts_once_and_only_of_somebody(talk: Talk) -> None:
    await stops(talk)
    await alerts(talk).look()
    (posted,) = await messages(talk)
    place = f"{posted['channel']}:{posted['ts']}"
    await talk.presses("acknowledge", place, "sales-1")
    async with talk.house.ledger.begin() as books:
        assert (await books.alerts.standing()).unseen == 1
    await talk.presses("acknowledge", place, "sales-2")
    await talk.presses("acknowledge", place, "ops-1")
    async with talk.house.ledger.begin() as books:
        await books.exceptions.close_cause(CAUSE, closed_as="mended")
        (row,) = await books.alerts.open()
    assert row.acknowledged_by == "sales-operations"
    answers = ["you speak for nobody of contracts/owners.yaml", "somebody has acknowledged this already"]
    assert await talk.answers() == answers


async def test_at_night_only_what_is_critical_is_told_and_the_rest_in_the_morning(talk: Talk) -> None:
    """
    Given at midnight by the owners' clock one cause of high and one of normal criticality
    When owners are told, the time to see it passes, and morning comes
    Then the critical one is told and goes on at night, and the other one is told in the morning, and is not late then.
    """
    await stops(talk)
    await stops(talk, "discovery.completed", "head-of-sales", "proposal/open_estimate/billing.http_422")
    await alerts(talk, NIGHT).look()
    (told,) = await messages(talk)
    assert "Lead qualified" in told["text"]
    await later(talk, 70)
    await alerts(talk, NIGHT).look()
    assert len(await messages(talk)) == 3
    await alerts(talk, DAY).look()
    texts = [one["text"] for one in await messages(talk)]
    assert sum("Discovery completed" in one or "estimate" in one for one in texts) == 1
    assert await letters(talk) == []


async def test_what_was_told_by_day_goes_on_in_the_morning_not_at_night(talk: Talk) -> None:
    await stops(talk, "discovery.completed", "head-of-sales", "proposal/open_estimate/billing.http_422")
    await alerts(talk, DAY).look()
    await later(talk, 70)
    await alerts(talk, NIGHT).look()
    assert len(await messages(talk)) == 1
    await alerts(talk, DAY).look()
    assert len(await messages(talk)) == 3


@pytest.mark.parametrize("status", [401, 403, 503])
async def test_a_chat_that_takes_no_alert_is_an_alarm_by_mail(talk: Talk, status: int) -> None:
    """
    Given a chat that refuses alerts, or is down
    When an alert has not been taken for two minutes
    Then those who speak for its owner get one letter, which says what chat would have said, and who nobody is; and when chat
    takes messages again, it is posted there.
    """
    await talk.vendors.fault("chat", status=status, count=-1)
    await stops(talk)
    look = alerts(talk).look
    await look()
    await look()
    assert await letters(talk) == []
    await later(talk, 3)
    for _ in range(3):
        await look()
    (letter,) = await letters(talk)
    headers = {one["name"]: one["value"] for one in letter["payload"]["headers"]}
    assert "sales-2@towline.example" in headers["To"]
    assert headers["Subject"].startswith("Alerts do not reach #sales")
    await talk.vendors.heal()
    await look()
    (posted,) = await messages(talk)
    assert "1 deal waits" in posted["text"]


async def test_a_letter_whose_answer_is_lost_is_written_once_and_mail_that_is_down_is_tried_again(talk: Talk) -> None:
    await talk.vendors.fault("chat", status=503, count=-1)
    await talk.vendors.fault("mail", "POST", lose_answer=True)
    await stops(talk)
    await alerts(talk).look()
    await later(talk, 3)
    for _ in range(2):
        await alerts(talk).look()
    assert len(await letters(talk)) == 1


async def test_while_chat_is_paused_nothing_goes_by_mail(talk: Talk) -> None:
    async with talk.house.ledger.begin() as books:
        await books.switches.pause("system", System.CHAT, reason="r", by="ada")
    await stops(talk)
    await alerts(talk).look()
    await later(talk, 10)
    await alerts(talk).look()
    assert (await messages(talk), await letters(talk)) == ([], [])
    assert await stop_on_purpose(talk.house, DAY) is None


async def test_a_drill_proves_the_whole_way_and_closes_itself(talk: Talk) -> None:
    """
    Given a drill that lets something stop on purpose
    When owners are told meanwhile
    Then the drill finds its message in the channel itself, closes, and the message says that it has arrived.
    """
    cause = await stop_on_purpose(talk.house, NIGHT)
    assert cause is not None
    await alerts(talk, NIGHT).look()
    assert await has_arrived(talk.house, cause, seconds=1)
    await alerts(talk, NIGHT).look()
    (message,) = await messages(talk)
    assert message["text"] == "Drill: this test alert has arrived"
    async with talk.house.ledger.begin() as books:
        assert (await books.alerts.standing()).drilled is not None
        assert await books.exceptions.causes() == []


async def test_a_drill_that_does_not_arrive_says_so_and_stays_open_until_the_next(talk: Talk) -> None:
    """Given an alert whose message is not in the channel, when the drill looks there, then it has not arrived."""
    cause = await stop_on_purpose(talk.house, DAY)
    assert cause is not None
    await alerts(talk).look()
    (message,) = await messages(talk)
    await talk.house.chat.delete(Ref(f"{message['channel']}:{message['ts']}"))
    assert not await has_arrived(talk.house, cause, seconds=1)
    async with talk.house.ledger.begin() as books:
        (still,) = await books.exceptions.causes()
    assert (still.cause, still.reason) == (cause, "a test alert did not arrive in chat within 1 s")
    again = await stop_on_purpose(talk.house, NIGHT)
    async with talk.house.ledger.begin() as books:
        assert [row.cause for row in await books.exceptions.causes()] == [again]
