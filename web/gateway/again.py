"""What nobody could read is read anew when a gateway starts: every repair is a release or a change that restarts it."""

from __future__ import annotations

import json
from typing import Any

from connectors.hooks import Incoming
from contracts.drift import UNREADABLE
from contracts.errors import TowlineError
from ledger.intake import leave
from ledger.tables import EventStatus
from runtime.logs import get_logger
from web.gateway.body import envelope_of
from web.house import House

CLOSED_AS = "read"
log = get_logger("gateway")


async def read_again(house: House) -> None:
    """Let what can be read by now go its way, and close its exception; the rest stays where it lies. Safe to stop and repeat."""
    try:
        async with house.ledger.begin() as books:
            ids = await books.inbox.chosen([EventStatus.QUARANTINED], event_type=UNREADABLE, since=None, until=None)
        for start in range(0, len(ids), 100):
            async with house.ledger.begin() as books:
                rows = await books.inbox.get(ids[start : start + 100])
            for row in rows:
                await _read(house, row)
    except TowlineError as error:
        log.warning("what could not be read was not looked at again; the next start does that", cause=error.cause)


async def _read(house: House, row: Any) -> None:
    source = house.sources.get(row.source)
    if source is None:
        return
    payload = row.payload["data"]["payload"]
    body = json.dumps([payload] if source.many else payload).encode()
    events = source.translate(Incoming("POST", "", {}, body, row.received_at)).events
    if any(event["type"] == UNREADABLE for event in events):
        return
    if events:
        await house.counter.hand_in([(envelope_of(event), event) for event in events])
    await leave(house.ledger, [row.id], closed_as=CLOSED_AS)
    log.info("what could not be read when it came was read", event_id=str(row.id), events=len(events))
