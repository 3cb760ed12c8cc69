"""How people decide about an incident: what somebody changed past us is put back at once, or counts from now on."""

from __future__ import annotations

from typing import Any

from contracts.catalog import Catalog
from contracts.errors import RefusedError
from contracts.owners import Owners
from contracts.systems import Route
from ledger import routing
from ledger.database import Books, Ledger
from lifecycle.reconciling import IncidentState, can_be_put_back
from lifecycle.undo import require_known
from runtime.wiring import Runtime
from tasks import putting_back

BY_HAND = "cannot be written as it was: bring it back in its own system, where its earlier versions are"


async def put_back(house: Runtime, number: int, *, by: str) -> Any:
    """Write back what belongs into the field of an incident, and return the incident as it stands then.

    Raises:
        RefusedError: there is no such open incident, nobody of that name may say so, or it cannot be written.
        RetryableError, UncertainError, HeldError, MisconfiguredError: it is open still; the reconcile flow tries again.
    """
    async with house.ledger.begin() as books:
        incident = await _open(books, house.catalog.owners, number, by)
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
        await routing.take_over(books, catalog, await _open(books, catalog.owners, number, by), by=by)
        return await books.incidents.get(number)


async def _open(books: Books, owners: Owners, number: int, by: str) -> Any:
    require_known(owners, by)
    incident = await books.incidents.get(number)
    if incident is None:
        raise RefusedError("there is no such incident; `towline incidents` shows them", cause="incident.unknown")
    if incident.state != IncidentState.OPEN:
        raise RefusedError(f"incident {number} is {incident.state} already", cause="incident.state")
    return incident
