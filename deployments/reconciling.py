"""How people decide about an incident: what somebody changed past us is put back at once, or counts from now on."""

from __future__ import annotations

from typing import Any

from contracts.catalog import Catalog
from contracts.errors import RefusedError
from contracts.systems import Route
from ledger import routing
from ledger.database import Ledger
from lifecycle.reconciling import can_be_put_back
from runtime.wiring import Runtime
from tasks import putting_back

BY_HAND = "cannot be written as it was: bring it back in its own system, where its earlier versions are"


async def put_back(house: Runtime, number: int, *, by: str) -> Any:
    """Write back what belongs into the field of an incident, and return the incident as it stands then.

    A document is locked again once its approved text is back; until then the incident stays open.

    Raises:
        RefusedError: there is no such open incident, nobody of that name may say so, or it cannot be written.
        RetryableError, UncertainError, HeldError, MisconfiguredError: it is open still; the reconcile flow tries again.
    """
    async with house.ledger.begin() as books:
        incident = await routing.open_one(books, house.catalog.owners, number, by)
        if not can_be_put_back(incident.kind, incident.field):
            raise RefusedError(f"{incident.entity}.{incident.field} {BY_HAND}", cause="incident.by_hand")
        await books.incidents.reroute([number], Route.PUT_BACK, by=by)
    await putting_back.put_back(house, [incident])
    async with house.ledger.begin() as books:
        return await books.incidents.get(number)


async def take_over(ledger: Ledger, catalog: Catalog, number: int, *, by: str) -> Any:
    """Let what somebody did count, and return the incident after it.

    Raises:
        RefusedError: there is no such open incident, nobody of that name may say so, or its deal cannot take it now.
    """
    async with ledger.begin(wake=True) as books:
        await routing.take_over(books, catalog, await routing.open_one(books, catalog.owners, number, by), by=by)
        return await books.incidents.get(number)
