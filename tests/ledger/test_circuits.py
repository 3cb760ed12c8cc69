"""Circuits are counted in the ledger: across runs, closed by any answer, and one event at a time finds out."""

from __future__ import annotations

from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import text

from contracts.catalog import catalog
from contracts.errors import RefusedError, RetryableError
from contracts.event import Envelope
from contracts.records import Ref
from ledger.database import Books, Ledger
from ledger.intake import receive
from ledger.tables import EventStatus
from tests.world import event, lead, sample

DOWN = RetryableError("crm: no connection", cause="crm.unreachable")
FAULT = RetryableError("crm: HTTP 500", cause="crm.http_500")
STEP = ("crm", "upsert_contact")


async def arrives(ledger: Ledger, *events: dict[str, Any]) -> list[UUID]:
    return [receipt.id for receipt in await receive(ledger, catalog(), [(Envelope.model_validate(one), one) for one in events])]


async def leads(ledger: Ledger, number: int) -> list[UUID]:
    return await arrives(ledger, *(lead(f"form-{n}", of=f"company{n}") for n in range(number)))


async def hear(ledger: Ledger, outcome: Any, *events: UUID, times: int = 1, step: tuple[str, str] = STEP) -> bool:
    """Let a step come to this for these events, so many times; say whether its circuit is open then."""
    is_open = False
    for _ in range(times):
        async with ledger.begin() as books:
            is_open = await books.circuits.hear(*step, dict.fromkeys(events, outcome))
    return is_open


async def claim(books: Books, event_type: str) -> set[UUID]:
    return {row.id for row in await books.inbox.claim(event_type, limit=100, worker="w", seconds=30)}


async def overdue(books: Books) -> None:
    """Let all pauses between probes be over."""
    await books.circuits._connection.execute(text("UPDATE circuits SET probe_at = now()"))


async def test_three_failures_in_a_row_open_a_circuit_and_an_answer_between_them_starts_the_count_again(ledger: Ledger) -> None:
    one = uuid4()
    for answer in (Ref("there"), RefusedError("crm: HTTP 404", cause="crm.http_404")):
        assert not await hear(ledger, DOWN, one, times=2)
        assert not await hear(ledger, answer, uuid4())
    assert not await hear(ledger, DOWN, one, times=2)
    assert await hear(ledger, DOWN, one)
    assert not await hear(ledger, Ref("there"), one)
    async with ledger.begin() as books:
        assert await books.circuits.open() == []


async def test_one_success_among_many_failures_of_a_batch_is_an_answer(ledger: Ledger) -> None:
    good, *bad = [uuid4() for _ in range(4)]
    for _ in range(5):
        async with ledger.begin() as books:
            assert not await books.circuits.hear(*STEP, {**dict.fromkeys(bad, DOWN), good: Ref("there")})


async def test_while_a_step_fails_the_paths_that_have_it_wait_and_all_others_are_claimed(ledger: Ledger) -> None:
    await leads(ledger, 1)
    paid = event("payment.confirmed", "p-1", sample("payment.confirmed", "smallest"))
    (payment,) = await arrives(ledger, paid)
    folder = RetryableError("docs: HTTP 503", cause="docs.http_503")
    assert await hear(ledger, folder, uuid4(), times=3, step=("docs", "create_account_folder"))
    async with ledger.begin() as books:
        assert await claim(books, "lead.qualified") == set()
        assert await claim(books, "payment.confirmed") == {payment}


async def test_one_event_at_a_time_is_let_through_in_turns_with_others_and_passes_what_stops_the_rest(ledger: Ledger) -> None:
    first, second, third = await leads(ledger, 3)
    assert await hear(ledger, DOWN, second, third, times=3)
    async with ledger.begin() as books:
        assert await books.circuits.due(every=1) == []  # the first pause is not over
        await overdue(books)
        (circuit,) = await books.circuits.due(every=1)
        assert await books.circuits.due(every=1) == []  # another worker
        assert list(await books.circuits.candidates(circuit)) == [second, first, third]
        await books.circuits.let_through(circuit, second)
        await overdue(books)
        (circuit,) = await books.circuits.due(every=1)
        assert list(await books.circuits.candidates(circuit)) == [first, third, second]
        step = catalog_step()
        assert await books.switches.stops("lead.qualified", step, [second]) is None
        assert (await books.switches.stops("lead.qualified", step, [first])).name == "crm"  # type: ignore[union-attr]


def catalog_step() -> Any:
    from lifecycle.paths import PATHS

    return PATHS["lead.qualified"][STEP[1]]


async def test_an_event_that_opened_a_circuit_alone_which_another_closed_opens_none_again(ledger: Ledger) -> None:
    bad, good = uuid4(), uuid4()
    assert await hear(ledger, DOWN, bad, times=3)
    await hear(ledger, Ref("there"), good)
    assert not await hear(ledger, DOWN, bad, times=9)
    assert await hear(ledger, DOWN, good, times=3)


async def test_a_fault_of_one_event_opens_nothing_until_another_meets_it(ledger: Ledger) -> None:
    assert not await hear(ledger, FAULT, uuid4(), times=5)
    assert await hear(ledger, FAULT, uuid4())


async def test_a_circuit_for_which_nobody_waits_any_more_is_closed(ledger: Ledger) -> None:
    (one,) = await leads(ledger, 1)
    assert await hear(ledger, DOWN, one, times=3)
    async with ledger.begin() as books:
        (circuit,) = await books.circuits.open()
        assert not await books.circuits.forget(circuit)
        await books.inbox.settle({one: EventStatus.PARKED})
        assert await books.circuits.forget(circuit)
        assert await books.circuits.open() == []


async def test_who_waits_is_counted_while_it_lasts_and_as_it_was_when_it_is_over(ledger: Ledger) -> None:
    one, two = await leads(ledger, 2)
    assert await hear(ledger, DOWN, one, times=3)
    async with ledger.begin() as books:
        (circuit,) = await books.circuits.open()
        (now,) = await books.circuits.affected(["lead.qualified"], since=circuit.began_at, until=None)
        assert (now.type, now.events) == ("lead.qualified", 2)
        assert await books.circuits.at_stake(["lead.qualified"]) == {"EUR": 3000000}
    await hear(ledger, Ref("there"), one)
    async with ledger.begin() as books:
        await books.inbox.settle({one: EventStatus.DONE, two: EventStatus.DONE})
    await leads(ledger, 3)
    async with ledger.begin() as books:
        (over,) = await books.circuits.closed_since("crm", circuit.began_at)
        (then,) = await books.circuits.affected(["lead.qualified"], since=over.began_at, until=over.closed_at)
        assert then.events == 2
        assert then.seconds >= 0
