"""A process stops what it does when its lease is over, by a clock that nobody sets."""

from __future__ import annotations

import asyncio

from deployments.lease import LOOK, Lease, moment


async def test_a_lease_that_is_not_prolonged_in_time_lapses_once() -> None:
    lapses: list[float] = []
    lease = Lease(lambda: lapses.append(moment()))
    lease.prolong(moment() + 60)
    await asyncio.sleep(LOOK * 1.2)
    assert lapses == []
    lease.prolong(moment() - 0.1)
    await asyncio.sleep(LOOK * 2.2)
    assert len(lapses) == 1
