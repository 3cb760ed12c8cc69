"""How fast waiting leads travel when a system is back: the CRM is down, 847 leads come in, it is back, all are done.

python -m benchmarks.outage [--leads 847] [--seconds 20]
"""

from __future__ import annotations

import argparse
import asyncio
import time
from collections import Counter
from typing import Any

import uvloop

from benchmarks.bare import burst
from benchmarks.house import House, lead, stack, visited
from benchmarks.leads import last_done
from lifecycle.keys import event_id

DOWN = {"system": "crm", "status": 503, "count": -1}


def main() -> None:
    """Start, measure, print, stop."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--leads", type=int, default=847)
    parser.add_argument("--seconds", type=float, default=20, help="how long the CRM is down after the last lead has come in")
    arguments = parser.parse_args()
    with stack() as settings:
        uvloop.run(measure(settings, arguments.leads, arguments.seconds))


async def measure(settings: Any, number: int, seconds: float) -> None:
    """Let the CRM be down for a while, and time what happens when it is back."""
    async with visited(settings) as house:
        await house.post(lead("warm"))
        await house.until_done(seconds=60)
        before = await standing(house)
        await control(house, "POST", DOWN)
        events = [lead(f"outage-{n}") for n in range(number)]
        _, _, answers = await burst(settings.port, events, settings.events_secrets[0], 16)
        print(f"{number} leads while the CRM is down: answers {dict(answers)}")
        await asyncio.sleep(seconds)
        await waiting(house)
        asked, back = len(await house.sandbox("/requests?since=0")), time.time()
        await control(house, "DELETE")
        ids = [str(event_id(event["source"], event["id"])) for event in events]
        await until_leads_are_done(house)
        print(f'   from "CRM is back" to the last effect of the leads: {(await last_done(house, ids))[0] - back:.1f} s')
        await house.until_done(seconds=300)
        await account(house, before, number, asked, back)


async def control(house: House, method: str, fault: Any = None) -> None:
    """Set the fault, or take all away."""
    answer = await house.client.request(method, f"{house.settings.sandbox_url}/_sandbox/faults", json=fault)
    answer.raise_for_status()


async def waiting(house: House) -> None:
    """Print who waits, what the owner was told, and what the CRM was asked meanwhile."""
    status = await house.api("/status")
    print(f"   waiting: {[(row['type'], row['status'], row['events']) for row in status['work']]}")
    print(f"   stopped for a person: {[cause['cause'] for cause in status['causes']]}")
    print(f"   alerts: {await alerts(house)}")
    asked = Counter(one["status"] for one in await house.sandbox("/requests?since=0") if one["system"] == "crm")
    print(f"   calls to the CRM by status: {dict(asked)}")


async def until_leads_are_done(house: House) -> None:
    """Wait until no lead is waiting or running; the packets behind them take longer."""
    while any(row["type"] == "lead.qualified" for row in (await house.api("/status"))["work"]):  # noqa: ASYNC110
        await asyncio.sleep(0.2)


async def standing(house: House) -> Counter[str]:
    """Count what stands in the CRM, and the folders."""
    crm, docs = await house.sandbox("/objects?system=crm"), await house.sandbox("/objects?system=docs")
    return Counter({kind: len(crm[kind]) for kind in ("companies", "contacts", "deals")} | {"folders": len(docs["folders"])})


async def account(house: House, before: Counter[str], number: int, asked: int, back: float) -> None:
    """Compare what stands with what was sent."""
    after, requests = await standing(house), (await house.sandbox("/requests?since=0"))[asked:]
    differing = {kind: after[kind] - before[kind] for kind in before if after[kind] - before[kind] != number}
    print(f"   {'nothing missing, nothing double' if not differing else f'DIFFERS: {differing} new of {number} wanted'}")
    print(f"   last call of the packets behind them after {requests[-1]['at'] - back:.1f} s")
    print(
        f"   vendor calls: {dict(Counter(one['system'] for one in requests))}; {dict(Counter(one['status'] for one in requests))}"
    )
    print(f"   alerts: {await alerts(house)}")


async def alerts(house: House) -> list[str]:
    """Return what the CRM's owner was told."""
    texts = [one["object"]["text"] for one in (await house.sandbox("/objects?system=chat"))["messages"]]
    return [text for text in texts if "CRM" in text]


if __name__ == "__main__":
    main()
