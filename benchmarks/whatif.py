"""How long it takes to judge what the ledger holds by the contracts as they stand: 100,000 leads.

python -m benchmarks.whatif [--events 100000]
"""

from __future__ import annotations

import argparse
import asyncio
import os
import time

from benchmarks.gateway import postgres
from benchmarks.house import lead
from cli.diff import replayed
from contracts.catalog import catalog
from contracts.event import Envelope
from ledger.database import Ledger
from ledger.intake import receive

PARCEL = 500


def main() -> None:
    """Fill a ledger, measure, print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--events", type=int, default=100_000)
    number = parser.parse_args().events
    with postgres() as url:
        asyncio.run(filled(url, number))
        os.environ["TOWLINE_DATABASE_URL"] = url
        began = time.perf_counter()
        found = asyncio.run(replayed(30))
        seconds = time.perf_counter() - began
    print(f"{found.events} events judged in {seconds:.1f} s, {found.events / seconds:.0f} a second")
    print(f"   {found.text()}")


async def filled(url: str, number: int) -> None:
    """Take leads in as the gateway does."""
    ledger, began = Ledger(url.replace("postgresql://", "postgresql+asyncpg://")), time.perf_counter()
    for first in range(0, number, PARCEL):
        events = [lead(f"whatif-{n}") for n in range(first, min(first + PARCEL, number))]
        await receive(ledger, catalog(), [(Envelope.model_validate(event), event) for event in events])
    await ledger.close()
    print(f"{number} events taken in within {time.perf_counter() - began:.0f} s")


if __name__ == "__main__":
    main()
