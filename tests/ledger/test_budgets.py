"""An account's calls are given away once each, whoever asks, and come back when the vendor has forgotten them."""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator
from itertools import pairwise

import pytest
from sqlalchemy import text

from contracts.budgets import SLOT, Ask, Drawn, Limit
from ledger.database import Ledger

WINDOW = Limit(name="calls", calls=50, seconds=10)
EVEN = Limit(name="writes", calls=60, seconds=600, rate=0.1, burst=50)


@pytest.fixture
async def other(database_url: str) -> AsyncIterator[Ledger]:
    """The same ledger, as another process opens it."""
    book = Ledger(database_url, pool=4)
    yield book
    await book.close()


async def draw(ledger: Ledger, needed: int, *, limit: Limit = WINDOW, last: Drawn | None = None, unused: int = 0) -> Drawn:
    return await ask(ledger, Ask("crm", limit, 1, needed, 0, 0.0, unused, last.mark if last else 0))


async def ask(ledger: Ledger, question: Ask) -> Drawn:
    async with ledger.at_once() as books:
        return await books.budgets.draw(question)


async def passes(ledger: Ledger, seconds: float) -> None:
    """Let time pass for everything that was drawn."""
    async with ledger.begin() as books:
        await books.budgets._connection.execute(text("UPDATE budgets SET at = at - :seconds"), {"seconds": seconds})


async def test_two_processes_that_draw_at_once_get_together_what_there_is(ledger: Ledger, other: Ledger) -> None:
    drawn = await asyncio.gather(*(draw(book, 3) for book in (ledger, other) for _ in range(20)))
    assert sum(one.granted for one in drawn) == WINDOW.calls
    assert min(one.left for one in drawn) == 0


async def test_in_no_window_of_the_vendor_are_there_more_calls_than_it_lets_pass(ledger: Ledger, other: Ledger) -> None:
    """Two processes draw at random, keep what they draw for as long as they may, and hand some of it back."""
    chance = random.Random(11)  # noqa: S311
    now, made = 0.0, list[tuple[float, int]]()
    last: dict[Ledger, tuple[Drawn, float, int]] = {}
    for _ in range(90):
        book = chance.choice([ledger, other])
        before, drawn_at, unused = last.get(book, (None, 0.0, 0))
        mark = before.mark - round((now - drawn_at) / SLOT) if before else 0
        drawn = await ask(book, Ask("crm", WINDOW, 1, chance.randint(1, 9), 0, 0.0, unused, mark))
        unused = chance.randint(0, drawn.granted)
        made.append((now + chance.choice([0, WINDOW.keeps]), drawn.granted - unused))
        last[book] = drawn, now, unused
        pause = SLOT * chance.choice([0, 0, 0, 1, 2, 8])
        await passes(ledger, pause)
        now += pause
    busiest = max(sum(calls for moment, calls in made if end - WINDOW.seconds < moment <= end) for end, _ in made)
    assert WINDOW.calls * 0.8 < busiest <= WINDOW.calls
    assert now > 3 * WINDOW.seconds


async def test_calls_that_come_back_evenly_come_back_so_many_a_second_up_to_the_burst(ledger: Ledger) -> None:
    assert (await draw(ledger, 60, limit=EVEN)).granted == 50
    await passes(ledger, 205)
    assert (await draw(ledger, 60, limit=EVEN)).granted == 20
    await passes(ledger, 100_000)
    assert (await draw(ledger, 60, limit=EVEN)).granted == 50


async def test_what_was_not_used_is_handed_back_once(ledger: Ledger) -> None:
    first = await draw(ledger, 10)
    second = await draw(ledger, 10, last=first, unused=8)
    assert second.left == 50 - 2 - 10
    await passes(ledger, 12)
    long_ago = Drawn(0, 0, 0, first.mark - round(12 / SLOT))
    assert (await draw(ledger, 1, last=long_ago, unused=8)).left == 49


async def test_a_share_is_left_to_what_is_more_critical(ledger: Ledger) -> None:
    levels = [(await ask(ledger, Ask("crm", WINDOW, 1, 40, 0, reserve))).granted for reserve in (0.5, 0.5, 0.2, 0.2, 0.0, 0.0)]
    assert levels == [25, 0, 15, 0, 10, 0]


async def test_calls_are_drawn_ahead_while_there_are_plenty(ledger: Ledger) -> None:
    limit = Limit(name="calls", calls=190, seconds=10)
    lefts = [190.0]
    while lefts[-1] > 20:
        lefts.append((await ask(ledger, Ask("crm", limit, 1, 1, 10, 0.0))).left)
    granted = [before - after for before, after in pairwise(lefts)]
    assert granted[0] == 9
    assert granted == sorted(granted, reverse=True)
    assert granted[-1] == 1


async def test_a_call_that_costs_more_is_given_as_a_whole_or_not_at_all(ledger: Ledger) -> None:
    assert (await ask(ledger, Ask("mail", WINDOW, 30, 30, 0, 0.0))).granted == 30
    assert (await ask(ledger, Ask("mail", WINDOW, 30, 30, 0, 0.0))).granted == 0
    assert (await ask(ledger, Ask("mail", WINDOW, 20, 20, 0, 0.0))).granted == 20


async def test_what_a_vendor_wants_no_calls_of_is_held_back_from_all(ledger: Ledger, other: Ledger) -> None:
    await draw(ledger, 1)
    async with ledger.at_once() as books:
        await books.budgets.hold("crm", 5)
    held = await draw(other, 1)
    assert (held.granted, 4 < held.held <= 5) == (0, True)
    await passes(ledger, 0)
    async with ledger.at_once() as books:
        (row,) = await books.budgets.standing()
    assert (row.name, row.size, row.left, row.held_seconds > 4) == ("crm", 50, 49, True)


async def test_a_limit_that_was_changed_in_its_file_begins_anew(ledger: Ledger) -> None:
    await draw(ledger, 50)
    assert (await draw(ledger, 1)).granted == 0
    larger = Limit(name="calls", calls=70, seconds=10)
    assert (await draw(ledger, 60, limit=larger)).granted == 60
