"""How fast leads are undone: so many done with the packets behind them, then rolled back by two people; says what stands.

python -m benchmarks.rollback [--leads 1000] [--limits on]
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import time
from collections import Counter
from datetime import UTC, datetime
from typing import Any

import uvloop

from benchmarks.bare import burst
from benchmarks.house import House, lead, stack, towline, visited

KINDS = {"crm": ("companies", "contacts", "deals"), "docs": ("folders", "documents"), "chat": ("messages",)}
OURS = ("Towline", "discovery-packet")


def main() -> None:
    """Start, measure, print, stop."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--leads", type=int, default=1000)
    parser.add_argument("--limits", default="on")
    arguments = parser.parse_args()
    with stack(TOWLINE_SANDBOX_LIMITS=arguments.limits) as settings:
        uvloop.run(measure(settings, arguments.leads))


async def measure(settings: Any, number: int) -> None:
    """Do leads, undo them, and count what stands."""
    async with visited(settings) as house:
        begun = datetime.now(UTC)
        events = [lead(f"undo-{n}") for n in range(number)]
        start = time.monotonic()
        await burst(settings.port, events, settings.events_secrets[0], 16)
        await house.until_done(seconds=600)
        print(f"{number} leads and their packets done after {time.monotonic() - start:.1f} s: {await standing(house)}")
        start = time.monotonic()
        since = ("--since", f"{begun:%FT%T}", "--by", "sales-operations", "--reason", "benchmark", "--json")
        plan = json.loads(await asyncio.to_thread(towline, dict(os.environ), "rollback", *since))
        print(f"   dry run of {plan['effects']} effects in {plan['cases']} deals: {time.monotonic() - start:.1f} s")
        start = time.monotonic()
        confirm = ("confirm", plan["id"], "--by", "head-of-sales", "--json")
        done = json.loads(await asyncio.to_thread(towline, dict(os.environ), "rollback", *confirm))
        print(f"   undone after {time.monotonic() - start:.1f} s; what stands: {await standing(house)}")
        print(f"   effects: {', '.join(f'{done[what]} {what}' for what in ('undone', 'kept', 'changed', 'failed'))}")
        asked = Counter(one["status"] for one in await house.sandbox("/requests?since=0"))
        print(f"   vendor calls by status {dict(asked)}")


async def standing(house: House) -> str:
    """Return how much stands in each system, what lies in the bin and what is ours from the start left out."""
    found = {system: await house.sandbox(f"/objects?system={system}") for system in KINDS}
    counts = {
        kind: sum(not one["object"].get("trashed") and one["object"].get("name") not in OURS for one in found[system][kind])
        for system, kinds in KINDS.items()
        for kind in kinds
    }
    return ", ".join(f"{count} {kind}" for kind, count in counts.items())


if __name__ == "__main__":
    main()
