"""How fast whole deals travel: lead to payment through all eight events, people acting at once, by the wire of each system.

python -m benchmarks.deals [--single 20] [--burst 200]
"""

from __future__ import annotations

import argparse
import asyncio
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

import uvloop
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

from benchmarks.house import House, lead, spread, stack, visited
from contracts.catalog import catalog
from ledger.database import Ledger
from ledger.deciding import decide
from lifecycle.decisions import Verdict

LOOK = text(
    """
SELECT c.id, c.stage, c.crm_deal_id,
       (SELECT d.id FROM decisions d WHERE d.case_id = c.id AND d.state = 'waiting') AS decision,
       (SELECT substr(r.reference, 9) FROM case_references r WHERE r.case_id = c.id AND r.reference LIKE 'request:%') AS request,
       (SELECT substr(r.reference, 9) FROM case_references r WHERE r.case_id = c.id AND r.reference LIKE 'invoice:%') AS invoice,
       EXISTS (SELECT 1 FROM inbox i WHERE i.case_id = c.id AND i.type = 'milestone.reached' AND i.status = 'done') AS milestone
FROM cases c WHERE c.id = ANY(:cases)
"""
)
PER_DEAL = {
    "crm": {"deals": 1, "tickets": 1, "notes": 1, "companies": 1, "contacts": 1},
    "docs": {"folders": 2, "documents": 2, "files": 1},
    "billing": {"customers": 1, "quotes": 1, "invoices": 1},
    "mail": {"messages": 2},
}
"""What one deal leaves behind; chat messages are shared by batches."""
QUICK, CALM = 0.02, 0.1
"""Seconds between looks: one deal is timed, two hundred should not be slowed by being watched."""


@dataclass
class Trip:
    """One deal under way: what people have done for it already, and when it was paid."""

    begun: float
    acted: set[str] = field(default_factory=set)
    paid: float = 0.0


class People:
    """Everybody who acts on deals, as soon as they can: in the CRM, with the proposal, and the client who pays."""

    def __init__(self, house: House, ledger: Ledger, engine: AsyncEngine) -> None:
        self._house, self._ledger, self._engine = house, ledger, engine
        self.trips: dict[UUID, Trip] = {}

    async def carry(self, events: Sequence[dict[str, Any]], *, pause: float = QUICK) -> None:
        """Post leads at once, act on each as soon as it waits for a person, until all are paid."""
        begun = time.time()
        posted = await asyncio.gather(*(self._house.post(event) for event in events))
        shown = [await self._house.api(f"/events/{event}") for event, _ in posted]
        self.trips = {UUID(one["case"]): Trip(begun) for one in shown}
        while not all(trip.paid for trip in self.trips.values()):
            await self._look()
            await asyncio.sleep(pause)

    async def _look(self) -> None:
        open_cases = [case for case, trip in self.trips.items() if not trip.paid]
        async with self._engine.connect() as connection:
            rows = (await connection.execute(LOOK, {"cases": open_cases})).all()
        await asyncio.gather(*(self._act(row) for row in rows))

    async def _act(self, row: Any) -> None:
        trip = self.trips[UUID(str(row.id))]
        deal, request = str(row.crm_deal_id), str(row.request)
        if row.stage == "paid":
            trip.paid = trip.paid or time.time()
        elif row.stage == "discovery":
            await self._once(trip, "discovered", lambda: self._changes("crm", "deals", deal, dealstage="decisionmakerboughtin"))
        elif row.stage == "proposed" and row.decision:
            await self._once(trip, "approved", lambda: self._approves(row.decision))
        elif row.stage == "delivery" and row.request:
            await self._once(trip, "milestone", lambda: self._changes("crm", "tickets", request, towline_milestone="Go-live"))
            if row.milestone:
                await self._once(trip, "closed", lambda: self._changes("crm", "tickets", request, hs_pipeline_stage="4"))
        elif row.stage == "invoiced" and row.invoice:
            await self._once(trip, "pays", lambda: self._changes("billing", "invoices", str(row.invoice), status="paid"))

    async def _once(self, trip: Trip, what: str, act: Callable[[], Awaitable[None]]) -> None:
        if what not in trip.acted:
            trip.acted.add(what)
            await act()

    async def _changes(self, system: str, kind: str, record: str, **properties: str) -> None:
        change = {"system": system, "kind": kind, "id": record, "properties": properties}
        answer = await self._house.client.patch(f"{self._house.settings.sandbox_url}/_sandbox/people", json=change, timeout=60)
        answer.raise_for_status()

    async def _approves(self, decision: Any) -> None:
        await decide(self._ledger, catalog(), UUID(str(decision)), Verdict.APPROVE, by="head-of-sales", door="command line")


def main() -> None:
    """Start, measure, print, stop."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--single", type=int, default=20)
    parser.add_argument("--burst", type=int, default=200)
    parser.add_argument("--limits", choices=("on", "off"), default="on", help="the vendors' rate limits in the sandbox")
    arguments = parser.parse_args()
    with stack(TOWLINE_SANDBOX_LIMITS=arguments.limits) as settings:
        uvloop.run(measure(settings, arguments))


async def measure(settings: Any, arguments: argparse.Namespace) -> None:
    """Measure both figures on one stack."""
    ledger, engine = Ledger(settings.database()), create_async_engine(settings.database())
    try:
        async with visited(settings) as house:
            await one_by_one(house, People(house, ledger, engine), "warm", 2, quiet=True)
            await one_by_one(house, People(house, ledger, engine), "single", arguments.single)
            await at_once(house, People(house, ledger, engine), arguments.burst)
    finally:
        await engine.dispose()
        await ledger.close()


async def one_by_one(house: House, people: People, name: str, number: int, *, quiet: bool = False) -> None:
    """Carry deals one after the other; print the time from the lead to the closed case."""
    times = []
    for n in range(number):
        await people.carry([lead(f"{name}-{n}")])
        (trip,) = people.trips.values()
        times.append((trip.paid - trip.begun) * 1000)
    if not quiet:
        spread(f"{number} whole deals, one after the other: lead to payment", times)


async def at_once(house: House, people: People, number: int) -> None:
    """Carry deals at once; print the rate, and what is missing or double."""
    before = await standing(house)
    begun = time.time()
    await people.carry([lead(f"burst-{n}") for n in range(number)], pause=CALM)
    seconds = max(trip.paid for trip in people.trips.values()) - begun
    print(f"{number} whole deals at once: all paid after {seconds:.1f} s, {number / seconds:.1f} deals a second")
    after = await standing(house)
    wanted = Counter({f"{system} {kind}": n * number for system, kinds in PER_DEAL.items() for kind, n in kinds.items()})
    grown = Counter({name: after[name] - before[name] for name in wanted})
    print(
        "   nothing missing, nothing double" if grown == wanted else f"   DIFFERS: {grown - wanted} more, {wanted - grown} less"
    )
    causes = (await house.api("/exceptions"))["causes"]
    print(f"   exceptions: {len(causes)} causes {[cause['cause'] for cause in causes]}")
    asked = Counter(f"{one['system']} {one['status']}" for one in await house.sandbox("/requests?since=0"))
    print(f"   vendor calls so far: {dict(asked)}")


async def standing(house: House) -> Counter[str]:
    """Count what stands in the sandbox."""
    return Counter(
        {
            f"{system} {kind}": len(objects)
            for system in PER_DEAL
            for kind, objects in (await house.sandbox(f"/objects?system={system}")).items()
        }
    )


if __name__ == "__main__":
    main()
