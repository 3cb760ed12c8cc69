"""A client reads one thread of letters, made of what somebody has approved for them, and nothing of it twice."""

from __future__ import annotations

import base64
from collections.abc import Iterator, Mapping
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID

from prefect.settings import PREFECT_API_URL, temporary_settings

from flows.ageing import ageing
from tests.journey import Deal, deals_at, goes, happen, invoices, travel
from tests.world import World


def texts(part: Mapping[str, Any]) -> Iterator[str]:
    """Yield the decoded text of a letter's parts."""
    if part["mimeType"].startswith("text/"):
        yield base64.urlsafe_b64decode(part["body"]["data"]).decode()
    for inner in part.get("parts", ()):
        yield from texts(inner)


async def letters(world: World, deal: Deal) -> list[dict[str, Any]]:
    """Return what a deal's client has got, oldest first: thread and text of each letter."""
    found = []
    for letter in await world.vendors.objects("mail", "messages"):
        headers = {one["name"]: one["value"] for one in letter["payload"]["headers"]}
        if f"@{deal.name}.example" in headers["To"]:
            text = "".join([headers["Subject"], letter["snippet"], *texts(letter["payload"])])
            found.append({"thread": letter["threadId"], "text": text, "answers": headers.get("In-Reply-To")})
    return found


async def somebody_notes(world: World, deal: Deal, text: str, *, approved_by: str = "") -> None:
    """Let a person write a note on the deal in the CRM, and release it for the client or not."""
    properties = {"hs_note_body": text, "towline_approved_by": approved_by}
    await world.vendors.person_makes("notes", properties, deal=deal.id)


async def reaches(world: World, deal: Deal, milestone: str, *notes: dict[str, str]) -> None:
    (event,) = await happen(world, "milestone.reached", [deal], milestone=milestone, notes=list(notes))
    await goes(world, event)
    assert await world.status(event) == "done", await world.exceptions(event)


async def test_only_what_was_approved_reaches_the_client_and_once(world: World) -> None:
    """
    Given notes on a deal, in the CRM and with its milestones, some approved for the client and some not
    When one milestone after the other is reached, and everything is delivered
    Then each approved note is told in one letter, no other one in any, a milestone without news sends none
    And all letters of the deal are one thread, which is not the other deal's.
    """
    deal, other = await deals_at(world, "delivery", "northwind", "contoso")
    await somebody_notes(world, deal, "The plan is confirmed", approved_by="delivery-1")
    await somebody_notes(world, deal, "They are slow to answer")
    site = {"text": "The first site is live", "approved_by": "delivery-1"}
    await reaches(world, deal, "Pilot", site, {"text": "We have burnt the budget"})
    await reaches(world, deal, "Acceptance")
    await somebody_notes(world, deal, "The training is done", approved_by="delivery-1")
    await reaches(world, deal, "Training")
    await reaches(world, other, "Pilot", {"text": "Nobody has seen this"})
    await travel(world, [deal, other], "delivered")

    got, others = await letters(world, deal), await letters(world, other)
    assert (len(got), len(others)) == (4, 2)
    approved = ["The plan is confirmed", "The first site is live", "The training is done"]
    assert [[note in letter["text"] for letter in got] for note in approved] == [
        [False, True, False, False],
        [False, True, False, False],
        [False, False, True, False],
    ]
    everything = "".join(letter["text"] for letter in (*got, *others))
    assert [secret for secret in ("slow", "burnt", "Nobody has seen") if secret in everything] == []
    assert len({letter["thread"] for letter in got}) == len({letter["thread"] for letter in others}) == 1
    assert got[0]["thread"] != others[0]["thread"]
    assert [bool(letter["answers"]) for letter in got] == [False, True, True, True]


async def aged(world: World, day: date) -> None:
    """Look at open invoices on a day."""
    with temporary_settings({PREFECT_API_URL: world.prefect}):
        await ageing(day)


async def overdue(world: World) -> list[UUID]:
    return [row.id for row in await world.events() if (row.type, row.status) == ("invoice.overdue", "received")]


async def test_a_client_is_reminded_three_times_and_not_when_they_have_paid(world: World) -> None:
    """
    Given two clients whose invoices are not paid a week after they were due
    When one of them pays before the reminder goes out, and the other one never does
    Then the first gets no reminder, and the second gets three, after 7, 14 and 30 days, however often we look.
    """
    late, prompt = await deals_at(world, "invoiced", "late", "prompt")
    bills = await invoices(world)
    due_on = datetime.fromtimestamp(bills[late.id]["due_date"], UTC).date()
    before = {deal.name: len(await letters(world, deal)) for deal in (late, prompt)}
    await aged(world, due_on + timedelta(days=7))
    events = await overdue(world)
    assert len(events) == 2
    await world.vendors.person_changes("billing", "invoices", bills[prompt.id]["id"], {"status": "paid"})
    await goes(world, *events)
    assert {await world.status(event) for event in events} == {"done"}
    reminders = [len(await letters(world, late)) - before["late"]]
    for days in (8, 14, 29, 30, 45):
        await aged(world, due_on + timedelta(days=days))
        await world.settles()
        reminders.append(len(await letters(world, late)) - before["late"])
    assert reminders == [1, 1, 2, 2, 3, 3]
    assert len(await letters(world, prompt)) == before["prompt"]
    assert (await world.case(prompt.case)).stage == "paid"
    assert len({letter["thread"] for letter in await letters(world, late)}) == 1
