"""A process draws few calls ahead, leaves to what is critical what is critical's, and waits for its turn with an end."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from connectors import budget as budgets
from connectors.budget import AGEING, PATIENCE, RESERVES, Budget, at_work, reserve_for
from contracts.budgets import ON_THE_WAY, Ask, Drawn, Limit
from contracts.budgets import budgets as published
from contracts.catalog import Criticality
from contracts.errors import RetryableError

LIMIT = Limit(name="calls", calls=100, seconds=10)
CALL = "POST /things"


class Book:
    """A budget that nobody else draws of, and that does not come back by itself."""

    def __init__(self, left: int = 100) -> None:
        self.left = left
        self.asks: list[Ask] = []
        self.holds: list[tuple[str, float]] = []
        self.held = 0.0
        self.is_there = True

    async def draw(self, ask: Ask) -> Drawn:
        self.asks.append(ask)
        if not self.is_there:
            raise RetryableError("the ledger is not available")
        self.left += ask.unused
        most = int(self.left - ask.reserve * ask.limit.size)
        granted = 0 if most < ask.cost or self.held else min(most, max(ask.needed, ask.ahead))
        self.left -= granted
        return Drawn(granted, self.left, self.held, 0)

    async def hold(self, name: str, seconds: float) -> None:
        self.holds.append((name, seconds))


class Time:
    """A clock that goes on while somebody sleeps."""

    def __init__(self) -> None:
        self.now = 100.0

    def clock(self) -> float:
        return self.now

    async def sleep(self, seconds: float) -> None:
        self.now += seconds
        await asyncio.sleep(0)


async def until(what: Callable[[], bool]) -> None:
    for _ in range(1000):
        if what():
            return
        await asyncio.sleep(0)
    raise AssertionError


def budget(book: Book, time: Time | None = None, limit: Limit = LIMIT) -> Budget:
    time = time or Time()
    return Budget("crm", "hubspot", [limit], book, clock=time.clock, sleep=time.sleep)


async def test_calls_are_drawn_ahead_and_asked_for_once() -> None:
    book = Book()
    shared = budget(book)
    for _ in range(budgets.BLOCK):
        await shared.take(CALL)
    assert [(ask.name, ask.cost, ask.needed) for ask in book.asks] == [("hubspot.calls", 1, 1)]


async def test_what_was_drawn_is_good_for_a_moment_and_handed_back_with_the_next_draw() -> None:
    book, time = Book(), Time()
    shared = budget(book, time)
    await shared.take(CALL)
    time.now += LIMIT.keeps
    await shared.take(CALL)
    assert [ask.unused for ask in book.asks] == [0, budgets.BLOCK - 1]
    assert book.left == 100 - 1 - budgets.BLOCK


async def test_what_is_less_critical_leaves_the_rest_to_what_is_more() -> None:
    book = Book(left=45)
    time = Time()
    shared = budget(book, time)
    went: list[str] = []

    async def call(criticality: Criticality) -> None:
        at_work.set(criticality)
        await shared.take(CALL)
        went.append(f"{criticality} after {time.now - 100:.0f}")

    await asyncio.gather(*(call(one) for one in (Criticality.LOW, Criticality.NORMAL, Criticality.HIGH)))
    assert went[:2] == ["normal after 0", "high after 0"]
    assert went[2].startswith("low after ")
    assert 0 < time.now - 100 < AGEING


async def test_what_was_drawn_for_critical_work_is_not_used_by_other_work() -> None:
    book = Book(left=15)
    shared = budget(book)
    at_work.set(Criticality.HIGH)
    await shared.take(CALL)
    at_work.set(Criticality.NORMAL)
    waiting = asyncio.create_task(shared.take(CALL))
    await asyncio.sleep(0)
    assert not waiting.done()
    waiting.cancel()


async def test_a_call_whose_turn_does_not_come_may_be_made_later() -> None:
    book, time = Book(left=0), Time()
    shared = Budget("crm", "hubspot", [LIMIT], book, clock=time.clock, patience=0.05)
    with pytest.raises(RetryableError) as raised:
        await shared.take(CALL)
    assert raised.value.cause == "crm.budget"


async def test_without_its_book_a_process_goes_on_and_asks_again_later() -> None:
    book, time = Book(), Time()
    book.is_there = False
    shared = budget(book, time)
    for _ in range(50):
        await shared.take(CALL)
    assert len(book.asks) == 1
    time.now += budgets.WITHOUT_BOOK
    book.is_there = True
    await shared.take(CALL)
    assert len(book.asks) == 2


async def test_a_vendor_that_wants_no_call_is_told_to_the_book_and_heard_of_from_it() -> None:
    book, time = Book(), Time()
    shared = budget(book, time)
    await shared.take(CALL)
    await shared.refused(CALL, 3)
    await shared.refused(CALL, 4000)
    assert book.holds == [("hubspot.calls", 3), ("hubspot.calls", budgets.LONGEST_HOLD)]
    book.held = 7.0
    waiting = asyncio.create_task(shared.take(CALL))
    await until(lambda: time.now >= 107)
    book.held = 0.0
    await waiting


async def test_a_limit_of_each_channel_counts_each_for_itself() -> None:
    book = Book()
    shared = budget(book, limit=Limit(name="messages", calls=1, seconds=1, on="POST chat", each_channel=True))  # type: ignore[arg-type]
    await shared.take("POST chat.postMessage", "#sales")
    await shared.take("POST chat.postMessage", "#ops")
    await shared.take("GET conversations.list")
    assert [ask.name for ask in book.asks] == ["hubspot.messages #sales", "hubspot.messages #ops"]


@given(st.sampled_from(Criticality), st.floats(0, 100), st.floats(0, 100))
def test_what_is_kept_back_from_a_call_shrinks_to_nothing(criticality: Criticality, one: float, other: float) -> None:
    sooner, later = sorted((one, other))
    assert RESERVES[criticality] >= reserve_for(criticality, sooner) >= reserve_for(criticality, later) >= 0
    assert reserve_for(criticality, AGEING) == 0
    assert AGEING < PATIENCE


@pytest.mark.parametrize(
    ("vendor", "operation", "counted"),
    [
        ("hubspot", "POST /crm/v3/objects/companies/search", {"calls": 1, "searches": 1}),
        ("hubspot", "GET /crm/v3/owners", {"calls": 1}),
        ("google", "POST /drive/v3/files", {"drive": 1}),
        ("google", "POST /upload/drive/v3/files", {"drive": 1}),
        ("google", "POST /v1/documents/1:batchUpdate", {"docs-writes": 1}),
        ("google", "GET /v1/documents/1", {"docs-reads": 1}),
        ("gmail", "POST /gmail/v1/users/me/messages/send", {"units": 100}),
        ("gmail", "POST /upload/gmail/v1/users/me/messages/send", {"units": 100}),
        ("gmail", "POST /gmail/v1/users/me/messages/batchModify", {"units": 50}),
        ("gmail", "GET /gmail/v1/users/me/messages/17?format=metadata", {"units": 20}),
        ("gmail", "GET /gmail/v1/users/me/labels", {"units": 5}),
        ("slack", "POST chat.postMessage", {"messages": 1}),
        ("slack", "POST chat.update", {"updates": 1}),
        ("stripe", "POST /v1/invoices", {"calls": 1}),
    ],
)
def test_an_operation_counts_against_the_limits_that_are_published_for_it(
    vendor: str, operation: str, counted: dict[str, int]
) -> None:
    limits = published()[vendor].limits
    assert {limit.name: cost for limit in limits if (cost := limit.cost_of(operation))} == counted


@pytest.mark.parametrize("limit", [limit for one in published().values() for limit in one.limits], ids=lambda limit: limit.name)
def test_calls_that_come_back_evenly_are_together_within_what_is_published(limit: Limit) -> None:
    """What is drawn may go later and be on its way for longer; Slack lets short bursts of five pass."""
    if limit.rate is None:
        return
    assert limit.burst is not None
    if limit.seconds > 1:
        assert limit.burst + limit.rate * (limit.keeps + ON_THE_WAY) <= limit.calls
    else:
        assert limit.burst + limit.rate * (limit.keeps + limit.seconds * (not limit.each_channel)) <= max(limit.calls, 5)


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"rate": 5}, "stand together"),
        ({"rate": 11, "burst": 10}, "more than `calls` in `seconds`"),
        ({"costs": [{"on": "POST", "calls": 101}]}, "more than may go at once"),
        ({"on": "("}, "regular expression"),
    ],
)
def test_a_limit_that_makes_no_sense_is_refused(wrong: dict[str, object], said: str) -> None:
    with pytest.raises(ValidationError, match=said):
        Limit.model_validate({"name": "calls", "calls": 100, "seconds": 10} | wrong)
