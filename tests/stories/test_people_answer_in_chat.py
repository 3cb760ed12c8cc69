"""A decision is answered in chat by a named approver, about the content that was shown, once; everybody sees by whom."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from contracts.catalog import catalog
from deployments.asks import Asks
from ledger.database import Ledger
from ledger.deciding import decide
from lifecycle.decisions import Verdict
from tests.talking import Talk, proposal, talking


@pytest.fixture
async def talk(ledger: Ledger, database_url: str, tmp_path: Path) -> AsyncIterator[Talk]:
    async with talking(ledger, database_url, tmp_path) as found:
        yield found


STRANGER = (
    "delivery-operations is not an approver of a proposal in contracts/owners.yaml, and stands in for nobody who may answer this"
)


def buttons(message: dict[str, Any]) -> list[str]:
    return [one["action_id"] for block in message["blocks"] if block["type"] == "actions" for one in block["elements"]]


def shown(message: dict[str, Any]) -> str:
    return json.dumps(message["blocks"], ensure_ascii=False)


async def events(talk: Talk) -> list[str]:
    async with talk.house.ledger.begin() as books:
        return [row.type for row in await books.inbox.latest(limit=50) if row.type == "proposal.approved"]


async def test_an_approver_approves_and_the_message_shows_who_and_when_without_buttons(talk: Talk) -> None:
    """
    Given a proposal that is asked about in chat, with its content's hash on the buttons
    When the head of sales presses Approve
    Then it is approved in their name by that door, once, delivery begins, the person stands on record
    And the message shows who and when, and its buttons are gone.
    """
    one = proposal()
    place = await talk.asks(one)
    assert buttons(await talk.message(place)) == ["approve", "reject", "question"]
    await talk.presses("approve", place)
    row, message = await talk.state(one), await talk.message(place)
    assert (row.state, row.decided_by, row.door) == ("approved", "head-of-sales", "Slack")
    assert await events(talk) == ["proposal.approved"]
    assert (buttons(message), message["text"]) == ([], "Northwind GmbH: approved")
    assert f"*approved* by Head of sales, {row.decided_at:%d %b %Y %H:%M} UTC, by Slack" in shown(message)
    assert await talk.answers() == []


async def test_a_rejection_asks_for_its_reason_and_keeps_it(talk: Talk) -> None:
    """
    Given a proposal
    When an approver presses Reject, and sends the form with a reason
    Then it is rejected with that reason, and what was typed is kept nowhere else.
    """
    one = proposal()
    place = await talk.asks(one)
    await talk.presses("reject", place)
    assert (await talk.state(one)).state == "waiting"
    await talk.sends(reason="the second line is too dear")
    row = await talk.state(one)
    assert (row.state, row.reason, row.decided_by) == ("rejected", "the second line is too dear", "head-of-sales")
    assert "*rejected* by Head of sales" in shown(await talk.message(place))
    async with talk.house.ledger.begin() as books:
        assert await books.interactions.take(seconds=1) is None


async def test_a_question_goes_on_the_deals_record_and_to_its_owner_and_decides_nothing(talk: Talk) -> None:
    """
    Given a proposal of a deal that sales operations own
    When an approver asks a question
    Then it stands on the deal's record and, once, in the owner's channel, and the decision waits as before.
    """
    one = proposal(owner="sales-operations")
    place = await talk.asks(one)
    await talk.presses("question", place)
    await talk.sends(question="Is training <in> it?")
    async with talk.house.ledger.begin() as books:
        (record,) = await books.records.of_case(one.case_id)
    assert (record.kind, record.words, record.by) == ("question", "Is training <in> it?", "head-of-sales")
    assert record.author == "head-of-sales@towline.example"
    told = [one for one in await talk.vendors.objects("chat", "messages") if one["text"].startswith("A question about")]
    assert len(told) == 1
    assert "Is training &lt;in&gt; it?" in shown(told[0])
    assert (await talk.state(one)).state == "waiting"
    assert await talk.answers() == ["asked in #sales"]


@pytest.mark.parametrize(
    ("user", "owner", "why"),
    [
        ("sales-1", "sales-2", "you speak for nobody of contracts/owners.yaml"),
        (
            "delivery-1",
            "sales-1",
            STRANGER,
        ),
        ("head-of-sales", "head-of-sales", "head-of-sales owns this deal, and nobody approves their own proposal"),
        ("finance-1", "finance-1", "finance-operations owns this deal, and nobody approves their own proposal"),
    ],
)
async def test_who_may_not_answer_is_told_so_alone_and_nothing_changes(talk: Talk, user: str, owner: str, why: str) -> None:
    one = proposal(owner=owner)
    place = await talk.asks(one)
    before = await talk.message(place)
    await talk.presses("approve", place, user)
    assert (await talk.state(one)).state == "waiting"
    assert await talk.answers() == [why]
    assert await talk.message(place) == before


async def test_a_button_of_other_content_decides_nothing(talk: Talk) -> None:
    """Given a message whose button carries another hash than what is asked about, when it is pressed, then nothing is decided."""
    one = proposal()
    place = await talk.asks(one)
    async with talk.house.ledger._engine.begin() as connection:
        await connection.exec_driver_sql("UPDATE decisions SET content_hash = 'other'")
    await talk.presses("approve", place)
    assert (await talk.state(one)).state == "waiting"
    assert await talk.answers() == ["the content is not what this message has shown; it is asked anew"]


async def test_a_double_click_and_a_late_answer_change_nothing(talk: Talk) -> None:
    """
    Given a proposal, and three people who press at once: approve, approve, approve
    When the desk has worked all of it off
    Then one answer counts, one event follows, and the others were told who was first.
    """
    one = proposal()
    place = await talk.asks(one)
    clicks = [talk.does("clicks", action="approve", message=place, user=user) for user in ("head-of-sales",) * 2 + ("finance-1",)]
    assert [answer["status"] for answer in await asyncio.gather(*clicks)] == [200] * 3
    await asyncio.gather(talk.works(), talk.works())
    assert await events(talk) == ["proposal.approved"]
    by = (await talk.state(one)).decided_by
    assert await talk.answers() == [f"this was approved by {by} already"] * 2


async def test_what_was_decided_by_another_door_is_shown_and_the_buttons_go(talk: Talk) -> None:
    """Given two proposals in one message, when one is answered on the command line, then its buttons go, and the other's stay."""
    first, second = proposal(), proposal("contoso", title="Contoso Ltd")
    place = await talk.asks(first, second)
    await decide(talk.house.ledger, catalog(), first.id, Verdict.APPROVE, by="finance-operations", door="command line")
    await Asks(talk.house).look()
    message = await talk.message(place)
    assert buttons(message) == ["approve", "reject", "question"]
    assert "by Finance operations" in shown(message)
    assert message["text"] == "Proposal waits for approval: Contoso Ltd"
    since = await talk.vendors.last_request()
    await Asks(talk.house).look()
    assert await talk.vendors.asked(since=since, system="chat") == []


async def test_what_is_acknowledged_outlives_the_process_that_was_to_do_it(talk: Talk) -> None:
    """
    Given an approval that was acknowledged, and taken by a worker that is then killed before it is done
    When another worker looks, after the lease
    Then the approval is taken.
    """
    one = proposal()
    place = await talk.asks(one)
    await talk.does("clicks", action="approve", message=place, user="head-of-sales")
    async with talk.house.ledger.begin() as books:
        assert await books.interactions.take(seconds=30) is not None
    await talk.works()
    assert (await talk.state(one)).state == "waiting"
    async with talk.house.ledger._engine.begin() as connection:
        await connection.exec_driver_sql("UPDATE interactions SET taken_until = now()")
    await talk.works()
    assert (await talk.state(one)).state == "approved"


async def test_a_form_that_comes_too_late_says_so(talk: Talk) -> None:
    one = proposal()
    place = await talk.asks(one)
    await talk.vendors.fault("chat", "POST /views.open", status=503)
    await talk.presses("reject", place)
    assert await talk.vendors.objects("chat", "views") == []
    async with talk.house.ledger._engine.begin() as connection:
        await connection.exec_driver_sql("UPDATE interactions SET taken_until = now(), trigger = '1.2.gone'")
    await talk.works()
    assert await talk.answers() == ["that took too long; please do it again"]


async def test_commands_tell_of_deals_and_decisions_to_whoever_speaks_for_an_owner(talk: Talk) -> None:
    """
    Given two proposals that wait
    When an approver, somebody else and a stranger to the catalog type commands
    Then the approver's own come first, names are shown as text, and the stranger is told nothing.
    """
    await talk.asks(proposal(owner="head-of-sales"), proposal("contoso", title="<!channel> Ltd"))
    for user, text in (
        ("head-of-sales", "waiting"),
        ("delivery-1", "deal  northWIND"),
        ("delivery-1", "deal nobody"),
        ("delivery-1", "dance"),
        ("sales-1", "waiting"),
    ):
        assert (await talk.does("commands", user=user, text=text))["status"] == 200
    await talk.works()
    waiting, deals, none, usage, stranger = await talk.answers()
    assert "&lt;!channel&gt; Ltd" in waiting.splitlines()[0]
    assert "yours to answer" in waiting.splitlines()[0]
    assert "yours" not in waiting.splitlines()[1]
    assert "Northwind GmbH" in deals
    assert "/deals/" in deals
    assert none == "no deal has that in its name"
    assert "`/towline deal NAME`" in usage
    assert stranger == "you speak for nobody of contracts/owners.yaml"


async def test_while_chat_is_paused_what_people_do_there_waits(talk: Talk) -> None:
    one = proposal()
    place = await talk.asks(one)
    async with talk.house.ledger.begin() as books:
        await books.switches.pause("system", "chat", reason="r", by="ada")
    await talk.presses("approve", place)
    assert (await talk.state(one)).state == "waiting"
    async with talk.house.ledger.begin() as books:
        await books.switches.resume("system", "chat", by="ada")
    await talk.works()
    assert (await talk.state(one)).state == "approved"


async def test_content_that_changed_after_its_approval_is_asked_about_anew_in_the_same_message(talk: Talk) -> None:
    """
    Given an approved proposal whose content is changed, so that the approval is void and the new content waits
    When the messages are brought up to date, and an approver answers again
    Then the message has the buttons of the new content, and it is the new content that is approved.
    """
    one = proposal()
    place = await talk.asks(one)
    await talk.presses("approve", place)
    fresh = proposal(content="beef" * 15, event_id=(await talk.state(one)).event_id)
    async with talk.house.ledger.begin() as books:
        await books.decisions.void([one.id])
        await books.decisions.ask([fresh])
    await Asks(talk.house).look()
    message = await talk.message(place)
    assert buttons(message) == ["approve", "reject", "question"]
    assert "*void*" in shown(message)
    assert "content beefbeef" in shown(message)
    await talk.presses("approve", place)
    assert ((await talk.state(one)).state, (await talk.state(fresh)).state) == ("void", "approved")
