"""The sweep: what nobody works on is given back, what waited goes on, what waits for too long becomes somebody's work."""

from __future__ import annotations

from typing import Any

from prefect import flow
from prefect.client.schemas.objects import State
from prefect.states import Completed

from contracts.catalog import Catalog
from ledger.dying import leases_ended
from ledger.escalating import escalate
from ledger.exceptions import NewException
from lifecycle.stages import MOVES, WORTH_WAITING_FOR
from runtime.wiring import runtime
from tasks.options import FLOW


@flow(name="sweep", description="Give back what is stuck, let go on what waited, and tell owners of what waits too long.", **FLOW)
async def sweep() -> State[None]:
    """Give back every event whose lease has ended, rouse those whose deal is known now, pass decisions on; say how many."""
    house = runtime()
    async with house.ledger.begin(wake=True) as books:
        given_back = await leases_ended(books, house.catalog)
        roused = await books.early.rouse_resolved()
        early = await books.early.waiting_since(WORTH_WAITING_FOR)
        await books.exceptions.open([waits_too_long(house.catalog, row) for row in early])
    async with house.ledger.begin() as books:
        asked = await escalate(books, house.catalog)
    found = f"{len(given_back)} events were stuck, {len(roused)} go on, {len(early)} wait for too long"
    return Completed(message=f"{found}, {asked} decisions went on to the next")


def waits_too_long(catalog: Catalog, row: Any) -> NewException:
    """Return the exception of an event whose deal did not come to where it belongs; it closes when the event goes on."""
    entry = catalog[row.type]
    stages = " or ".join(MOVES[row.type])
    return NewException(
        event_id=row.id,
        case_id=row.case_id,
        event_type=row.type,
        contract=row.contract,
        cause=f"{entry.flow}/early",
        reason=f"it waits for longer than a day for its deal to be at stage {stages}",
        route="bring the deal there, or correct the deal's id at the source and send it again",
        owner=entry.process_owner,
        flow_run_id=row.flow_run_id,
    )
