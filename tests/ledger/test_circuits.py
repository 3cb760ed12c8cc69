"""Circuits are counted in the ledger: across runs, closed by any answer, and one event at a time finds out."""

from __future__ import annotations

from uuid import UUID, uuid4

from contracts.catalog import catalog
from contracts.errors import RetryableError
from contracts.event import Envelope
from contracts.records import Ref
from ledger.database import Ledger
from ledger.intake import receive
from tests.world import lead

DOWN = RetryableError("crm: no connection", cause="crm.unreachable")
FAULT = RetryableError("crm: HTTP 500", cause="crm.http_500")
STEP = ("crm", "upsert_contact")


async def arrives(ledger: Ledger, number: int) -> list[UUID]:
    leads = [lead(f"form-{n}", of=f"company{n}") for n in range(number)]
    return [receipt.id for receipt in await receive(ledger, catalog(), [(Envelope.model_validate(one), one) for one in leads])]


async def hear(ledger: Ledger, outcome: object, *events: UUID, times: int = 1) -> bool:
    """Let a step come to this for these events, so many times; say whether its circuit is open then."""
    is_open = False
    for _ in range(times):
        async with ledger.begin() as books:
            is_open = await books.circuits.hear(*STEP, dict.fromkeys(events, outcome))  # type: ignore[arg-type]  # any outcome
    return is_open


async def test_three_failures_in_a_row_open_a_circuit_and_an_answer_between_them_does_not_let_them(ledger: Ledger) -> None:
    event = uuid4()
    assert not await hear(ledger, DOWN, event, times=2)
    assert not await hear(ledger, Ref("there"), uuid4())
    assert not await hear(ledger, DOWN, event, times=2)
    assert await hear(ledger, DOWN, event)
