"""Tells Prefect what happens to events, ids only, so that a team can hang its own automations on it.

Nothing of ours depends on that: what Prefect was not told is told later, and a path never waits for it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from typing import Any

from prefect.client.orchestration import PrefectClient
from prefect.events import Event, RelatedResource, Resource

from contracts.catalog import Catalog
from contracts.errors import TowlineError
from contracts.event import CONTRACTS
from deployments.runs import PREFECT_GONE
from ledger.tables import EventStatus
from lifecycle import keys
from runtime.logs import get_logger
from runtime.wiring import Runtime

PAUSE = 1.0
"""Seconds between two parcels."""
PARCEL = 100
"""Inbox rows a parcel, two events each at most: 200 a second, for which a Prefect server takes a fifth of a core."""
SMALL_PARCEL = 20
"""The same while runs are under way, which come first."""
SETTLING = 2.0
"""Seconds for which a new event is the dispatcher's alone."""
LONG_PAUSE = 15.0
"""Seconds after which a Prefect server that did not take a parcel is tried again."""
TIMEOUT = 10.0
OUTCOMES = (EventStatus.DONE, EventStatus.PARKED, EventStatus.WAITING, EventStatus.UNDONE)

log = get_logger("herald")


class Herald:
    """Brings what Prefect was told of events up to date. Of several workers one at a time speaks."""

    def __init__(self, house: Runtime, client: PrefectClient, *, busy: Callable[[], object] = lambda: False) -> None:
        self._house = house
        self._client = client
        self._busy = busy
        self._unheard = False

    async def run(self) -> None:
        """Tell until cancelled; a Prefect server that is gone or does not take events is mentioned once, and tried again."""
        while True:
            try:
                await self.look()
                self._unheard = False
                await asyncio.sleep(PAUSE)
            except (*PREFECT_GONE, TowlineError) as error:
                if not self._unheard:
                    log.warning("Prefect is not told of events, its automations wait", error=type(error).__name__)
                self._unheard = True
                await asyncio.sleep(LONG_PAUSE)

    async def look(self, *, settling: float = SETTLING) -> int:
        """Tell one parcel of what is untold; return how many events of the inbox it was about.

        Raises:
            httpx.HTTPError: Prefect is gone, or does not take it; the same parcel is told again.
            RetryableError: the ledger is not available.
        """
        async with self._house.ledger.begin() as books:
            rows = await books.telling.untold(limit=SMALL_PARCEL if self._busy() else PARCEL, settling=settling)
            news = [event.model_dump(mode="json") for row in rows for event in news_of(row, self._house.catalog)]
            if news:
                await self._client.request("POST", "/events", json=news, timeout=TIMEOUT)
            await books.telling.tell({row.id: row.status for row in rows})
        return len(rows)


def news_of(row: Any, catalog: Catalog) -> Iterator[Event]:
    """Return what there is to tell of an inbox row; told twice it is the same Prefect event."""
    if row.status == EventStatus.QUARANTINED:
        yield _event(row, catalog, "quarantined", row.received_at)
    elif row.told in (None, EventStatus.QUARANTINED):
        yield _event(row, catalog, "accepted", row.received_at)
    if row.status in OUTCOMES:
        yield _event(row, catalog, row.status, row.finished_at or row.received_at)


def _event(row: Any, catalog: Catalog, what: str, when: datetime) -> Event:
    entry = catalog.entries.get(row.type)
    labels = {
        "prefect.resource.id": f"towline.event.{row.id}",
        "prefect.resource.name": f"{entry.title if entry else 'Unknown event'} · deal {row.id.hex[:8]}",
        "towline.type": row.type if entry else "unknown",
        "towline.contract": row.contract if _is_released(row.type, row.contract) else "unknown",
    }
    once = 0 if what in ("accepted", "quarantined") else row.attempts
    return Event(
        id=keys.effect_key(row.id, f"told {what} {once}"),
        event=f"towline.event.{what}",
        occurred=when,
        resource=Resource(labels),
        related=_related(row, what),
    )


def _related(row: Any, what: str) -> Sequence[RelatedResource]:
    found = [("case", f"towline.case.{row.case_id}")]
    if row.flow_run_id and what in OUTCOMES:
        found.append(("flow-run", f"prefect.flow-run.{row.flow_run_id}"))
    return [RelatedResource({"prefect.resource.id": one, "prefect.resource.role": role}) for role, one in found]


def _is_released(event_type: str, contract: str) -> bool:
    """Say whether a contract's name is one of ours; what senders make up may say more than it should."""
    return contract in {f"{event_type}/{version}" for version in CONTRACTS.get(event_type, ())}
