"""What people see and do in the console: a deal's story, what stopped, what waits for their decision; each role its own."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any
from uuid import UUID

import httpx
import pytest
from sqlalchemy import text

from ledger.database import Ledger
from ledger.decisions import NewDecision
from tests.cli.asking import ask, case_called, question, stand
from tests.web.sender import Sender, lead
from tests.web.visitor import Visitor, known

OWNER = "sales-1"
APPROVER = ("head-of-sales",)
BAD = {"owner": None}
"""A lead whose data does not fit is kept in quarantine, with an exception."""


async def sql(ledger: Ledger, statement: str) -> Sequence[Any]:
    async with ledger._engine.begin() as connection:
        answer = await connection.execute(text(statement))
        return [tuple(row) for row in answer.all()] if answer.returns_rows else []


async def signed_in(client: httpx.AsyncClient, ledger: Ledger, *roles: str, owners: tuple[str, ...] = ()) -> Visitor:
    visitor = Visitor(client)
    await known(ledger, "paula", *roles, owners=owners)
    assert (await visitor.sign_in("paula")).status_code == 303
    return visitor


@pytest.fixture
async def asked(ledger: Ledger) -> NewDecision:
    """A proposal that waits."""
    one = question(case_called("one"))
    await ask(ledger, one)
    return one


@pytest.fixture
async def stopped(sender: Sender) -> list[UUID]:
    """Two leads that do not fit."""
    return [UUID((await sender.event(lead(name, **BAD))).json()["id"]) for name in ("bad-1", "bad-2")]


async def test_a_deal_is_found_by_its_name_and_tells_its_story(
    client: httpx.AsyncClient, ledger: Ledger, asked: NewDecision
) -> None:
    visitor = await signed_in(client, ledger, "viewer")
    found = (await client.get("/deals?q=northWIND")).text
    assert f'href="/deals/{asked.case_id}"' in found
    assert "No deal has" in (await client.get("/deals?q=100%25")).text, "signs of the database are no wildcards"
    page = (await visitor.client.get(f"/deals/{asked.case_id}")).text
    for told in ("Northwind GmbH", "EUR 15,000.00", "sales-1", "proposal", "waiting", "c0ffeec0ffee"):
        assert told in page


async def test_a_deal_that_is_not_there_is_not_shown(client: httpx.AsyncClient, ledger: Ledger) -> None:
    await signed_in(client, ledger, "viewer")
    assert (await client.get("/deals/00000000-0000-0000-0000-000000000001")).status_code == 404
    assert (await client.get("/deals/northwind")).status_code == 404


async def test_what_somebody_sends_is_shown_as_text(client: httpx.AsyncClient, ledger: Ledger) -> None:
    case = case_called("script")
    await stand(ledger, case, "new")
    await sql(ledger, "UPDATE cases SET title = '<script>alert(1)</script>\"''&'")
    await signed_in(client, ledger, "viewer")
    for path in ("/deals", f"/deals/{case}", "/deals?q=<script>"):
        page = (await client.get(path)).text
        assert "<script" not in page
        assert "&lt;script&gt;" in page


async def test_what_stopped_is_shown_by_cause_and_retried_resolved_or_ignored(
    client: httpx.AsyncClient, ledger: Ledger, stopped: list[UUID]
) -> None:
    """Given two leads that stopped, when one is resolved by hand and one ignored, then both stand on record."""
    visitor = await signed_in(client, ledger, "operator")
    assert "contract/" in (await client.get("/exceptions")).text
    ((cause,),) = await sql(ledger, "SELECT DISTINCT cause FROM exceptions")
    page = (await client.get("/exceptions", params={"cause": cause})).text
    assert all(f'name="event.{event}"' in page for event in stopped)
    chosen = {f"event.{event}": "on" for event in stopped}
    assert '<a href="/runbooks/quarantine.md">quarantine</a>' in page
    listed = (await client.get("/runbooks")).text
    assert re.search(r'href="/runbooks/quarantine.md">.*</a></td><td class="number" data-label="Open">2<', listed)
    retried = await visitor.send("/exceptions", verb="retry", cause=cause, **chosen)
    assert retried.headers["location"] == "/exceptions?told=0%20of%202%20retried", "what does not fit still stays where it is"
    without = await visitor.send("/exceptions", verb="ignore", cause=cause, **chosen)
    assert (without.status_code, "say why" in without.text) == (400, True)
    unlisted = await visitor.send("/exceptions", verb="ignore", reason="r", because="mood", cause=cause, **chosen)
    assert (unlisted.status_code, "choose a cause of the list" in unlisted.text) == (400, True)
    for event, verb in zip(stopped, ("resolve", "ignore"), strict=True):
        form = {"reason": "a test of the form", "because": "source", "cause": cause, f"event.{event}": "on"}
        await visitor.send("/exceptions", verb=verb, **form)
    rows = await sql(ledger, "SELECT login, action, reason, before, after FROM user_actions ORDER BY id")
    assert rows[2:] == [
        ("paula", "resolve", "a test of the form", cause, "resolved by hand, source"),
        ("paula", "ignore", "a test of the form", cause, "ignored, source"),
    ]
    closed = await sql(ledger, "SELECT closed_as FROM exceptions WHERE closed_at IS NOT NULL ORDER BY closed_at")
    assert [row[0] for row in closed][-2:] == ["resolved by hand", "ignored"]
    top = (await client.get("/exceptions")).text
    behind = '<a href="/contracts">contract</a> <code>owner of lead.qualified, missing'
    for told in ("Most often in 30 days", behind, "it was wrong at its source"):
        assert told in top, told


@pytest.mark.parametrize("form", [{}, {"verb": "delete"}, {"verb": "retry"}, {"verb": "retry", "event.x": "on"}])
async def test_a_form_that_says_nothing_sensible_changes_nothing(
    client: httpx.AsyncClient, ledger: Ledger, stopped: list[UUID], form: dict[str, str]
) -> None:
    visitor = await signed_in(client, ledger, "operator")
    assert (await visitor.send("/exceptions", **form)).status_code == 400
    assert await sql(ledger, "SELECT * FROM user_actions") == []


async def test_an_approver_answers_the_content_that_they_saw_and_it_stands_on_record(
    client: httpx.AsyncClient, ledger: Ledger, asked: NewDecision
) -> None:
    visitor = await signed_in(client, ledger, "approver", owners=APPROVER)
    assert "Approve as head-of-sales" in (await client.get("/decisions")).text
    answer = await visitor.send(f"/decisions/{asked.id}", verdict="approve", content=asked.content_hash, by="head-of-sales")
    assert (answer.status_code, answer.headers["location"]) == (303, "/decisions?told=approved")
    again = await visitor.send(
        f"/decisions/{asked.id}", verdict="reject", reason="late", content=asked.content_hash, by="head-of-sales"
    )
    assert (again.status_code, "was approved by head-of-sales already" in again.text) == (409, True)
    assert await sql(ledger, "SELECT state, decided_by, door FROM decisions") == [("approved", "head-of-sales", "console")]
    ((login, action, subject),) = await sql(ledger, "SELECT login, action, subject FROM user_actions")
    assert (login, action, subject) == ("paula", "approve", f"decision {asked.id}")
    assert await sql(ledger, "SELECT count(*) FROM inbox WHERE type = 'proposal.approved'") == [(1,)]


@pytest.mark.parametrize(
    ("form", "status"),
    [
        ({"verdict": "approve", "content": "another"}, 409),
        ({"verdict": "approve"}, 409),
        ({"verdict": "perhaps", "content": "c0ffee" * 10}, 400),
        ({"content": "c0ffee" * 10}, 400),
        ({"verdict": "reject", "content": "c0ffee" * 10}, 409),
    ],
)
async def test_an_answer_to_something_else_or_without_a_reason_decides_nothing(
    client: httpx.AsyncClient, ledger: Ledger, asked: NewDecision, form: dict[str, str], status: int
) -> None:
    visitor = await signed_in(client, ledger, "approver", owners=APPROVER)
    assert (await visitor.send(f"/decisions/{asked.id}", by="head-of-sales", **form)).status_code == status
    assert await sql(ledger, "SELECT state FROM decisions") == [("waiting",)]


@pytest.mark.parametrize(
    ("roles", "owners"),
    [
        (("viewer",), APPROVER),
        (("operator",), APPROVER),
        (("administrator",), APPROVER),
        (("approver",), ()),
        (("approver",), ("delivery-operations",)),
    ],
)
async def test_who_may_not_decide_sees_no_button_and_is_refused(
    client: httpx.AsyncClient, ledger: Ledger, asked: NewDecision, roles: tuple[str, ...], owners: tuple[str, ...]
) -> None:
    visitor = await signed_in(client, ledger, *roles, owners=owners)
    assert "<button name" not in (await client.get("/decisions")).text
    answer = await visitor.send(f"/decisions/{asked.id}", verdict="approve", content=asked.content_hash, by="head-of-sales")
    assert answer.status_code == 403
    assert await sql(ledger, "SELECT state FROM decisions") == [("waiting",)]


@pytest.mark.parametrize("role", ["viewer", "approver"])
async def test_who_may_not_operate_sees_no_verb_and_is_refused(
    client: httpx.AsyncClient, ledger: Ledger, stopped: list[UUID], role: str
) -> None:
    visitor = await signed_in(client, ledger, role)
    ((cause,),) = await sql(ledger, "SELECT DISTINCT cause FROM exceptions")
    assert "checkbox" not in (await client.get("/exceptions", params={"cause": cause})).text
    answer = await visitor.send("/exceptions", verb="ignore", reason="r", **{f"event.{stopped[0]}": "on"})
    assert answer.status_code == 403


async def test_looking_decides_nothing(client: httpx.AsyncClient, ledger: Ledger, asked: NewDecision) -> None:
    """Given all that a link could carry, when it is opened, then nothing is decided: a GET, a HEAD, a preview only look."""
    await signed_in(client, ledger, "approver", owners=APPROVER)
    query = {"verdict": "approve", "content": asked.content_hash}
    for method in ("GET", "HEAD", "OPTIONS", "PUT", "DELETE"):
        answer = await client.request(method, f"/decisions/{asked.id}", params=query)
        assert answer.status_code == 405
    assert await sql(ledger, "SELECT state FROM decisions") == [("waiting",)]


async def test_a_browser_is_told_in_words_why_there_is_no_page_and_a_program_by_a_document(
    client: httpx.AsyncClient, ledger: Ledger
) -> None:
    await signed_in(client, ledger, "viewer")
    path = "/deals/00000000-0000-0000-0000-000000000001"
    page = await client.get(path, headers={"accept": "text/html,application/xhtml+xml,*/*;q=0.8"})
    assert (page.status_code, page.headers["content-type"]) == (404, "text/html; charset=utf-8")
    assert "There is no such deal." in page.text
    assert "Paula of Towline" in page.text
    document = await client.get(path)
    assert document.headers["content-type"] == "application/problem+json"
    lost = await client.get("/nowhere", headers={"accept": "text/html"})
    assert (lost.status_code, "There is nothing at this address." in lost.text) == (404, True)
