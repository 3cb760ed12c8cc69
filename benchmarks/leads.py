"""How fast leads travel: 30 at a rate of one a second, then 847 at once over 16 connections; counts what stands afterwards.

python -m benchmarks.leads [--single 30] [--burst 847]
"""

from __future__ import annotations

import argparse
import asyncio
import time
from collections import Counter
from collections.abc import Sequence
from datetime import datetime
from typing import Any

import uvloop

from benchmarks.bare import burst
from benchmarks.house import House, lead, spread, stack, visited
from lifecycle.keys import event_id


def main() -> None:
    """Start, measure, print, stop."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--single", type=int, default=30)
    parser.add_argument("--burst", type=int, default=847)
    arguments = parser.parse_args()
    with stack() as settings:
        uvloop.run(measure(settings, arguments))


async def measure(settings: Any, arguments: argparse.Namespace) -> None:
    """Measure both figures on one stack."""
    async with visited(settings) as house:
        await one_a_second(house, "warm", 3, quiet=True)
        await one_a_second(house, "single", arguments.single)
        await at_once(house, arguments.burst)


async def one_a_second(house: House, name: str, number: int, *, quiet: bool = False) -> None:
    """Post a lead each second; print the time until its last effect, and until its discovery packet's last effect."""
    begun: dict[str, float] = {}
    for n in range(number):
        start = time.time()
        event, _ = await house.post(lead(f"{name}-{n}"))
        begun[event] = start
        await asyncio.sleep(max(0, start + 1 - time.time()))
    await house.until_done(seconds=60)
    first, last = [], []
    for event, start in begun.items():
        shown = await house.api(f"/events/{event}")
        case = await house.api(f"/cases/{shown['case']}")
        path = [when(effect["finished_at"]) - start for effect in shown["effects"]]
        after = [await house.api(f"/events/{follower['id']}") for follower in case["events"] if follower["id"] != event]
        whole = [when(effect["finished_at"]) - start for follower in after for effect in follower["effects"]]
        assert shown["status"] == "done", shown
        first.append(max(path) * 1000)
        last.append(max(whole) * 1000)
    if not quiet:
        spread(f"{number} leads, one a second: POST /events to last effect", first)
        spread("   and to the last effect of the discovery path behind it", last)


async def at_once(house: House, number: int) -> None:
    """Post all leads over 16 connections at once; print the answers' times, the time to the end, and what stands."""
    before = Counter({kind: len(objects) for kind, objects in (await house.sandbox("/objects?system=crm")).items()})
    requests = len(await house.sandbox("/requests?since=0"))
    events = [lead(f"burst-{n}") for n in range(number)]
    settings = house.settings
    start = time.time()
    posted, answers, statuses = await burst(settings.port, events, settings.events_secrets[0], 16)
    assert statuses == {202: number}, statuses
    await house.until_done(seconds=300)
    spread(f"{number} leads at once: gateway's answers", [seconds * 1000 for seconds in answers])
    ids = [str(event_id(event["source"], event["id"])) for event in events]
    await account(house, ids, start, posted, before, requests)


async def account(house: House, ids: Sequence[str], start: float, posted: float, before: Counter[str], requests: int) -> None:
    """Compare what stands in the sandbox with what was sent."""
    crm = await house.sandbox("/objects?system=crm")
    docs = await house.sandbox("/objects?system=docs")
    asked = (await house.sandbox("/requests?since=0"))[requests:]
    folders = [one["key"] for one in docs["folders"] if "burst-" in one["object"]["name"]]
    packets = [one["key"] for one in docs["documents"] if "burst-" in one["object"]["name"]]
    last, effects = await last_done(house, ids)
    rate = f"{len(ids) / (last - start):.0f} a second through {effects / len(ids):.0f} effects each"
    print(f"   posted within {posted:.1f} s, last lead done after {last - start:.1f} s: {rate}")
    print(f"   last call of the packets behind them after {asked[-1]['at'] - start:.1f} s")
    for kind in ("companies", "contacts", "deals"):
        print(f"   {kind}: {len(crm[kind]) - before[kind]} new of {len(ids)} wanted")
    print(f"   folders: {len(folders)} ({len(set(folders))} keys), packets: {len(packets)} ({len(set(packets))} keys)")
    calls, answers = Counter(one["system"] for one in asked), Counter(one["status"] for one in asked)
    print(f"   vendor calls: {len(asked)}, {dict(calls)}; by status {dict(answers)}")


async def last_done(house: House, ids: Sequence[str]) -> tuple[float, int]:
    """Return when the last effect of these events was done, and how many there were."""
    shown = [await house.api(f"/events/{event}") for event in ids]
    assert all(event["status"] == "done" for event in shown)
    ends = [when(effect["finished_at"]) for event in shown for effect in event["effects"]]
    return max(ends), len(ends)


def when(text: str) -> float:
    """Return a moment of the API in unix seconds."""
    return datetime.fromisoformat(text).timestamp()


if __name__ == "__main__":
    main()
