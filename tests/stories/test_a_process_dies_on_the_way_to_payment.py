"""A process that dies while a vendor's answer is on its way, at any write from discovery to payment: everything stands once."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any
from uuid import UUID

from contracts.errors import UncertainError
from runtime.wiring import using
from tests.journey import Deal, approve, clients_pay, deals_at, goes, happen
from tests.world import World

SYSTEMS = ("crm", "docs", "chat", "mail", "billing")
READS = ("/search", "/batch/read", "/conversations.history", "/token")
NOBODYS = ("/messages/batchModify", "/v1/products")
"""Writes that end no run or are no deal's: the label of a letter that is sent, a product that all offers share."""
NOTES = [{"text": "The first site is live", "approved_by": "delivery-1"}]
Ready = Callable[[Sequence[Deal]], Awaitable[Sequence[UUID]]]


class Killed(BaseException):
    """Stands for SIGKILL: no code of ours handles it."""


class Mortal:
    """A port whose process dies when an answer does not come."""

    def __init__(self, port: Any) -> None:
        self._port = port

    def __getattr__(self, name: str) -> Any:
        act = getattr(self._port, name)
        if not asyncio.iscoroutinefunction(act):
            return act

        async def performed_but_never_heard_of(*given: Any, **named: Any) -> Any:
            try:
                answer = await act(*given, **named)
            except UncertainError:
                raise Killed from None
            if isinstance(answer, Mapping) and any(isinstance(one, UncertainError) for one in answer.values()):
                raise Killed
            return answer

        return performed_but_never_heard_of


@dataclass(frozen=True, slots=True)
class Write:
    """A call that changes something: the so-manieth of its method that a path makes of a system."""

    system: str
    method: str
    path: str
    before: int


async def writes_of(world: World, run: Awaitable[Any]) -> list[Write]:
    """Let a run go through and return what it has written."""
    since = await world.vendors.last_request()
    await run
    seen: Counter[tuple[str, str]] = Counter()
    writes: list[Write] = []
    for one in await world.vendors.asked(since=since):
        kind = one["system"], one["method"]
        if one["path"].endswith(NOBODYS):
            continue
        if one["method"] != "GET" and not one["path"].endswith(READS):
            writes.append(Write(*kind, one["path"], seen[kind]))
        seen[kind] += 1
    return writes


async def dies(world: World, event: UUID, write: Write) -> None:
    """Run the event's path in a process that dies when this write is done, and let the next one of its name take over."""
    if write.before:
        await world.vendors.fault(write.system, write.method, latency_ms=0.1, count=write.before)
    await world.vendors.fault(write.system, write.method, lose_answer=True)
    mortal: dict[str, Any] = {system: Mortal(getattr(world.house, system)) for system in SYSTEMS}
    died = False
    with using(replace(world.house, **mortal)):
        try:
            await goes(world, event)
        except Killed:
            died = True
    assert died, write
    assert await world.vendors.control("GET", "faults") == []
    async with world.house.ledger.begin() as books:
        assert [row.id for row in await books.inbox.release_of(world.house.worker)] == [event]


async def dies_everywhere(world: World, deals: Sequence[Deal], ready: Ready) -> list[Write]:
    """Let the first deal's event go through, let each of the next die at another write, and take them all up together."""
    first, *others = await ready(deals)
    writes = await writes_of(world, goes(world, first))
    assert 0 < len(writes) <= len(others)
    for event, write in zip(others, writes, strict=False):
        await dies(world, event, write)
    await goes(world, *others)
    stands = {row.id: row.status for row in await world.events()}
    assert [stands[event] for event in (first, *others)] == ["done"] * len(deals), writes
    return writes


async def test_deals_whose_process_dies_after_every_single_write_are_paid_and_everything_stands_once(world: World) -> None:
    """
    Given nine deals in discovery
    When on each path to payment a process dies after each write that the path makes, at another deal each time
    And the next process takes up what is left, all deals in one batch
    Then all are paid, and in every system each thing stands once for each of them.
    """
    deals = await deals_at(world, "discovery", *(f"company{letter}" for letter in "abcdefghi"))

    async def issued(_deals: Sequence[Deal]) -> list[UUID]:
        return [row.id for row in await world.events() if (row.type, row.status) == ("invoice.issued", "received")]

    paths: list[Ready] = [
        lambda some: happen(world, "discovery.completed", some),
        lambda some: approve(world, some),
        lambda some: happen(world, "milestone.reached", some, milestone="Go-live", notes=NOTES),
        lambda some: happen(world, "delivery.completed", some),
        issued,
        lambda some: clients_pay(world, some),
    ]
    writes = [await dies_everywhere(world, deals, path) for path in paths]
    assert {write.system for path in writes for write in path} == set(SYSTEMS)
    for deal in deals:
        assert (await world.case(deal.case)).stage == "paid"
        money = await world.line(deal.case)
        assert (money.approved, money.changed, money.delivered, money.invoiced, money.paid) == (1_500_000, 0, *[1_500_000] * 3)
    each = {"companies": 1, "contacts": 1, "deals": 1, "tickets": 1, "notes": 1, "folders": 2, "documents": 2}
    each |= {"customers": 1, "quotes": 1, "invoices": 1, "letters": 3}
    counts = await world.vendors.all_counts()
    assert {kind: counts[kind] for kind in each} == {kind: len(deals) * number for kind, number in each.items()}
    assert await told(world, deals) == {deal.name: 8 for deal in deals}
    assert await kept(world) == {"locked": len(deals), "application/pdf": len(deals)}


async def test_cancellations_whose_process_dies_after_every_single_write_take_back_everything_once(world: World) -> None:
    """
    Given deals whose invoices are out
    When they are cancelled, and a process dies after each write of that, at another deal each time
    Then all are cancelled, nothing binds any of them any more, and each has one note and one message about it.
    """
    deals = await deals_at(world, "invoiced", *(f"company{letter}" for letter in "abcdefg"))
    before = await told(world, deals)
    await dies_everywhere(world, deals, lambda some: happen(world, "deal.cancelled", some, reason="the client was bought"))
    assert [(await world.case(deal.case)).stage for deal in deals] == ["cancelled"] * len(deals)
    bound = [(kind, one["status"]) for kind in ("quotes", "invoices") for one in await world.vendors.objects("billing", kind)]
    assert Counter(bound) == {("quotes", "canceled"): len(deals), ("invoices", "void"): len(deals)}
    counts = await world.vendors.all_counts()
    assert (counts["notes"], counts["tickets"]) == (len(deals), len(deals))
    assert await told(world, deals) == {name: lines + 1 for name, lines in before.items()}


async def told(world: World, deals: Sequence[Deal]) -> dict[str, int]:
    """Count the lines about each deal in all messages: one message may speak of several deals."""
    messages = await world.vendors.objects("chat", "messages")
    texts = ["\n".join(block["text"]["text"] for block in one["blocks"][1:] if block["type"] == "section") for one in messages]
    lines = [line for text in texts for line in text.splitlines()]
    return {deal.name: sum(f"{deal.name.title()} GmbH" in line for line in lines) for deal in deals}


async def kept(world: World) -> dict[str, int]:
    """Count locked documents and PDFs in the documents system."""
    found = (await world.vendors.control("GET", "objects?system=docs")).values()
    files = [one["object"] for kind in found for one in kind]
    locked = sum(any(lock.get("readOnly") for lock in file.get("contentRestrictions", ())) for file in files)
    return {"locked": locked, "application/pdf": sum(file["mimeType"] == "application/pdf" for file in files)}
