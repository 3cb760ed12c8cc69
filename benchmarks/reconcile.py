"""How fast records are compared with the ledger: so many leads done, ten of their deals changed by hand, then one look.

python -m benchmarks.reconcile [--leads 1000] [--limits on]
"""

from __future__ import annotations

import argparse
import random
import time
from collections import Counter
from typing import Any

import uvloop

from benchmarks.bare import burst
from benchmarks.house import House, lead, stack, visited
from lifecycle.reconciling import Finding, Kind
from runtime.wiring import assembled
from tasks.comparing import compare
from tasks.reconciling import PAGE

CHANGED = 10
ELSEWHERE = "https://drive.example/elsewhere"


def main() -> None:
    """Start, measure, print, stop."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--leads", type=int, default=1000)
    parser.add_argument("--limits", default="on")
    arguments = parser.parse_args()
    with stack(TOWLINE_SANDBOX_LIMITS=arguments.limits) as settings:
        uvloop.run(measure(settings, arguments.leads))


async def measure(settings: Any, number: int) -> None:
    """Do leads, change some of their deals, and look."""
    async with visited(settings) as house:
        await burst(settings.port, [lead(f"look-{n}") for n in range(number)], settings.events_secrets[0], 16)
        await house.until_done(seconds=600)
        changed = await change(house)
    async with assembled(settings, worker="benchmark") as ours:
        start, counted = time.monotonic(), Counter[str]()
        async with ours.ledger.begin() as books:
            ids = await books.incidents.records(Kind.DEAL)
        for first in range(0, len(ids), PAGE):
            counted.update(await compare(ours, Kind.DEAL, ids[first : first + PAGE]))
        seconds = time.monotonic() - start
        async with ours.ledger.begin() as books:
            found = {row.vendor_id for row in await books.incidents.latest(limit=number)}
    print(f"{len(ids)} deals, {counted.total()} fields compared in {seconds:.1f} s: {len(ids) / seconds:.0f} deals a second")
    print(f"   {counted[Finding.NEW]} incidents; missed {len(changed - found)}, false {len(found - changed)}")


async def change(house: House) -> set[str]:
    """Change the folder's address of some deals by hand; return which."""
    deals = [one["id"] for one in (await house.sandbox("/objects?system=crm"))["deals"]]
    chosen = random.Random(0).sample(deals, CHANGED)  # noqa: S311 - repeatable
    for deal in chosen:
        edit = {"system": "crm", "kind": "deals", "id": deal, "properties": {"towline_folder_url": ELSEWHERE}}
        (await house.client.patch(f"{house.settings.sandbox_url}/_sandbox/people", json=edit)).raise_for_status()
    return set(chosen)


if __name__ == "__main__":
    main()
