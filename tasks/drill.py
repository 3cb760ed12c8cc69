"""A test alert: something that stops on purpose, and a look at whether its owner's channel has heard of it."""

from __future__ import annotations

import asyncio
from datetime import datetime

from contracts.systems import System
from ledger.exceptions import NewException
from lifecycle import keys
from lifecycle.alerting import DRILL
from runtime.wiring import Runtime

LOOK = 1.0
FLOW_NAME = "drill"
ROUTE = "read the runbook: alerts do not arrive"


async def stop_on_purpose(house: Runtime, moment: datetime) -> str | None:
    """Open the exception of a test, in the place of an earlier one, and return its cause; None while chat is paused."""
    cause = f"{DRILL}{moment:%Y-%m-%dT%H:%M:%S}"
    owner = next(one.process_owner for one in house.catalog.operations if one.flow == FLOW_NAME)
    async with house.ledger.begin() as books:
        if await books.switches.pauses("", System.CHAT):
            return None
        for row in await books.exceptions.causes():
            if row.cause.startswith(DRILL):
                await books.exceptions.close_cause(row.cause, closed_as="another drill began")
        reason = "a test of the way that alerts go; nothing has stopped"
        await books.exceptions.open([NewException(None, None, FLOW_NAME, "", cause, reason, ROUTE, owner)])
    return cause


async def has_arrived(house: Runtime, cause: str, *, seconds: float) -> bool:
    """Wait until the test's message stands in its channel; then close the test, and say that it has arrived.

    A test that does not arrive stays open, with that as its reason.
    """
    for _ in range(max(1, int(seconds / LOOK))):
        if await _stands(house, cause):
            async with house.ledger.begin() as books:
                await books.exceptions.close_cause(cause, closed_as="the alert arrived")
            return True
        await asyncio.sleep(LOOK)
    async with house.ledger.begin() as books:
        await books.exceptions.restate(cause, f"a test alert did not arrive in chat within {seconds:.0f} s")
    return False


async def _stands(house: Runtime, cause: str) -> bool:
    """Say whether chat itself shows the message: what the ledger has written down is not enough."""
    async with house.ledger.begin() as books:
        alert = await books.alerts.of_cause(cause)
    if alert is None or not alert.message_id:
        return False
    key = keys.effect_key(keys.HOUSE, f"alert {alert.id}")
    return key in await house.chat.find(alert.channel, [key])
