"""*Now*: the path as lanes, what is stuck and what that costs; open pages are told what changes while their session lasts."""

from __future__ import annotations

import asyncio
import re
from uuid import UUID, uuid4

import httpx
import pytest

from ledger.database import Books, Ledger
from tests.cli.asking import ask, case_called, question, stand
from tests.web.sender import Sender, lead
from tests.web.test_console import signed_in, sql
from tests.web.watcher import watching
from web.live import Live


@pytest.fixture
async def visitor(client: httpx.AsyncClient, ledger: Ledger) -> httpx.AsyncClient:
    return (await signed_in(client, ledger, "viewer")).client


@pytest.fixture
async def held_up(sender: Sender, ledger: Ledger) -> UUID:
    """A lead of EUR 15,000 that waits for two hours."""
    event = UUID((await sender.event(lead("late"))).json()["id"])
    await sql(ledger, "UPDATE inbox SET received_at = now() - interval '2 hours'")
    return event


def figures(page: str) -> str:
    """A page's text without its tags."""
    return " ".join(re.sub(r"<[^>]+>", " ", page).split())


async def test_nobody_in_particular_sees_no_deal_and_who_is_signed_in_sees_lanes(
    client: httpx.AsyncClient, ledger: Ledger
) -> None:
    await stand(ledger, case_called("one"), "proposed")
    start = (await client.get("/")).text
    assert ("Northwind" in start, "/now" in start) == (False, False)
    await signed_in(client, ledger, "viewer")
    page = (await client.get("/")).text
    assert "Northwind GmbH" in page
    assert 'href="/deals?stage=proposed"' in page
    assert "EUR 15,000" in figures(page)
    assert 'data-from="/now"' in page


async def test_an_empty_house_says_so(visitor: httpx.AsyncClient) -> None:
    told = figures((await visitor.get("/")).text)
    for said in ("0 deals are stuck", "0 decisions wait", "No event came in today", "Qualified 0", "CRM up nothing waits"):
        assert said in told
    assert "No deal is stuck." in (await visitor.get("/stuck")).text
    assert "Nothing that came in today" in (await visitor.get("/inbox")).text


async def test_what_waits_is_shown_with_its_money_its_cost_and_what_holds_it_up(
    visitor: httpx.AsyncClient, ledger: Ledger, held_up: UUID
) -> None:
    """Given a lead that waits for two hours, at EUR 5 an hour, while the CRM is down: its page says all of that."""
    columns = "system, step, event_id, cause, failures, silent, several, began_at, opened_at, probes"
    values = f"'crm', 'open_deal', '{held_up}', 'crm.http_503', 3, true, true, now(), now(), 0"
    await sql(ledger, f"INSERT INTO circuits ({columns}) VALUES ({values})")  # noqa: S608
    try:
        for path in ("/", "/stuck"):
            told = figures((await visitor.get(path)).text)
            assert "EUR 15,000 in it" in told
            assert "EUR 10" in told
            assert "CRM is down" in told
        assert "CRM down for" in figures((await visitor.get("/")).text)
        systems = figures((await visitor.get("/systems")).text)
        assert "open_deal fails by crm.http_503; what waits for it goes on by itself" in systems
    finally:
        await sql(ledger, "DELETE FROM circuits")


async def test_what_is_paused_holds_up_only_its_own(visitor: httpx.AsyncClient, ledger: Ledger, held_up: UUID) -> None:
    async with ledger.begin() as books:
        await books.switches.pause("path", "payment", reason="a test", by="ada")
    assert "waits its turn" in (await visitor.get("/stuck")).text
    async with ledger.begin() as books:
        await books.switches.pause("path", "lead", reason="a test", by="ada")
    assert "the path lead.qualified is paused" in (await visitor.get("/stuck")).text


async def test_what_stopped_leads_to_its_cause_its_deal_and_its_records(
    visitor: httpx.AsyncClient, sender: Sender, ledger: Ledger
) -> None:
    await sender.event(lead("bad", owner=None))
    await sql(ledger, "UPDATE inbox SET received_at = now()")
    ((case, cause),) = await sql(ledger, "SELECT case_id, cause FROM exceptions")
    page = (await visitor.get("/")).text
    assert f'href="/deals/{case}"' in page
    assert f'href="/exceptions?cause={cause.replace("/", "%2F")}"' in page or f'href="/exceptions?cause={cause}"' in page
    assert "0.0 % done today 0 of 1 events" in figures(page)
    assert str(case) in (await visitor.get("/inbox?status=stopped&order=slowest")).text
    assert str(case) not in (await visitor.get("/inbox?status=done")).text


@pytest.mark.parametrize("path", ["/inbox?status=odd", "/inbox?order=odd", "/deals?stage=odd", "/deals?stage=%00"])
async def test_a_filter_that_does_not_exist_is_refused(visitor: httpx.AsyncClient, path: str) -> None:
    assert (await visitor.get(path)).status_code == 400


async def test_deals_are_listed_by_stage(visitor: httpx.AsyncClient, ledger: Ledger) -> None:
    await stand(ledger, case_called("one"), "proposed")
    assert "Northwind" in (await visitor.get("/deals?stage=proposed&q=north")).text
    assert "No deal stands there." in (await visitor.get("/deals?stage=paid")).text


async def test_an_open_page_is_told_what_changes(visitor: httpx.AsyncClient, sender: Sender, ledger: Ledger) -> None:
    """Given an open page, when a lead stops and a proposal waits, then the page is told each."""
    async with watching(visitor) as watcher:
        assert "0 deals are stuck" in figures(await watcher.until("lanes"))
        assert (watcher.status, watcher.headers["content-type"]) == (200, "text/event-stream; charset=utf-8")
        await sender.event(lead("bad", owner=None))
        assert "1 deal is stuck" in figures(await watcher.until("is stuck"))
        await ask(ledger, question(case_called("one")))
        assert "1 decision waits" in figures(await watcher.until("decision waits"))


async def test_to_watch_takes_a_session_and_does_not_prolong_it(client: httpx.AsyncClient, ledger: Ledger) -> None:
    """Given a page that nobody looks at any more, then its session ends as any other, and it is told nothing after that."""
    assert (await client.get("/now")).status_code == 401
    visitor = await signed_in(client, ledger, "viewer")
    await sql(ledger, "UPDATE sessions SET seen_at = now() - interval '10 minutes'")
    before = await sql(ledger, "SELECT seen_at FROM sessions")
    async with watching(visitor.client) as watcher:
        assert await watcher.part()
        await ask(ledger, question(case_called("one")))
        await watcher.until("decision waits")
        assert await sql(ledger, "SELECT seen_at FROM sessions") == before
        await sql(ledger, "UPDATE sessions SET seen_at = now() - interval '16 minutes'")
        await ask(ledger, question(case_called("two")))
        assert await watcher.part() is None
    assert (await client.get("/now")).status_code == 401


async def test_one_look_at_the_ledger_serves_all_who_watch_and_nobody_is_looked_for(ledger: Ledger) -> None:
    """Given two pages, when something changes, then it is read once; when both are left, nothing is read any more."""
    live, read = Live(ledger), 0

    async def reading(books: Books) -> str:
        nonlocal read
        read += 1
        return str((await books.lanes.asked()).decisions)

    one, two = live.texts(reading), live.texts(reading)
    assert (await anext(one), await anext(two), read) == ("0", "0", 1)
    await ask(ledger, question(case_called("one")))
    assert (await anext(one), await anext(two), read) == ("1", "1", 2)
    await one.aclose()
    await two.aclose()
    looking = live._looking
    assert looking is not None
    async with asyncio.timeout(30):
        await looking
    await ask(ledger, question(case_called("two")))
    again = live.texts(reading)
    assert await anext(again) == "2", "who comes later reads anew"
    await again.aclose()


async def test_all_who_watch_are_let_go_when_the_process_ends_and_when_the_ledger_is_away(ledger: Ledger) -> None:
    async def reading(_books: Books) -> str:
        return "read"

    live = Live(ledger)
    texts = live.texts(reading)
    assert await anext(texts) == "read"
    live.end()
    assert [text async for text in texts] == []
    nowhere = Ledger(f"postgresql+asyncpg://postgres@/towline?host=/nowhere/{uuid4()}")
    assert [text async for text in Live(nowhere).texts(reading)] == []
    await nowhere.close()
