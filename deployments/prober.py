"""Finds out whether a system that was down is back: asks it, and when it answers lets one event through, which knows better."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Protocol
from uuid import uuid4

from contracts.errors import TowlineError
from contracts.systems import System
from lifecycle.circuits import Failure, failure_of
from runtime.logs import get_logger
from runtime.wiring import Runtime

PAUSE = 0.5
"""Seconds between looks at the circuits."""
EVERY = 1.0
"""Seconds between two questions to a system that does not answer; one call, by one worker of all."""
LOCKED_EVERY = 30.0
"""Seconds between two questions to one that does not take our credentials: vendors shut out who tries wrong ones too often."""
WITHIN = 3.0
"""Seconds within which an answer must come."""

ASK: Mapping[str, Callable[[Runtime], Awaitable[object]]] = {
    System.CRM: lambda house: house.crm.find("deal", [uuid4()]),
    System.DOCS: lambda house: house.docs.find([uuid4()]),
    System.CHAT: lambda house: house.chat.look(),
    System.MAIL: lambda house: house.mail.find([uuid4()]),
    System.BILLING: lambda house: house.billing.read_invoices(["in_0"]),
}
"""The cheapest question to each system. An answer is not enough, for one operation may fail alone; but without one none will."""

log = get_logger("prober")


class Gate(Protocol):
    """Who starts runs."""

    @property
    def has_place(self) -> bool:
        """Say whether a run can be started now."""

    def let_through(self, event: Any) -> None:
        """Start a run for one leased event."""


class Prober:
    """Tries systems whose circuit is open. It must not know what a path does."""

    def __init__(self, house: Runtime, gate: Gate) -> None:
        self._house = house
        self._gate = gate

    async def run(self) -> None:
        """Try until cancelled; a ledger that is gone is waited for."""
        while True:
            try:
                await self.look()
            except TowlineError as error:
                log.warning("the circuits could not be looked at", error=error.text)
            await asyncio.sleep(PAUSE)

    async def look(self) -> None:
        """Ask each system once whose circuits are due, and let an event through to those that answer."""
        async with self._house.ledger.begin() as books:
            due = await books.circuits.due(every=EVERY)
        await asyncio.gather(
            *(self._try(system, [row for row in due if row.system == system]) for system in {r.system for r in due})
        )

    async def _try(self, system: str, circuits: list[Any]) -> None:
        try:
            await asyncio.wait_for(ASK[system](self._house), WITHIN)
        except TimeoutError:
            return
        except TowlineError as error:
            if failure := failure_of(error, system):
                if failure is Failure.LOCKED:
                    async with self._house.ledger.begin() as books:
                        await books.circuits.put_off([row.id for row in circuits], seconds=LOCKED_EVERY)
                return
        for circuit in circuits:
            if self._gate.has_place:
                await self._let_through(circuit)

    async def _let_through(self, circuit: Any) -> None:
        """Lease the first candidate that is ready, and start it; close a circuit for which nobody waits."""
        house = self._house
        async with house.ledger.begin() as books:
            for event in await books.circuits.candidates(circuit):
                if await books.inbox.take([event], worker=house.worker, seconds=house.lease):
                    await books.circuits.let_through(circuit, event)
                    (row,) = await books.inbox.get([event])
                    break
            else:
                await books.circuits.forget(circuit)
                return
        log.info(
            "an event is let through", system=circuit.system, step=circuit.step, contract=row.contract, probes=circuit.probes + 1
        )
        self._gate.let_through(row)
