"""Reconcile: outside records are compared with the ledger, and what somebody changed past us goes its way."""

from __future__ import annotations

from collections import Counter

from prefect import flow
from prefect.client.schemas.objects import State
from prefect.states import Completed

from connectors.budget import at_work
from contracts.catalog import Criticality
from contracts.errors import HeldError, TowlineError
from lifecycle.reconciling import Finding, Kind
from tasks.batch import waits
from tasks.options import FLOW
from tasks.reconciling import PAGE, compare, put_back, records_of


@flow(name="reconcile", description="Find what was changed past Towline in the outside systems.", **FLOW)
async def reconcile() -> State[None]:
    """Compare deals, customers, documents and invoices by pages, then put back what goes that way; safe to stop and repeat.

    A system that does not answer holds up only what is compared there; the run fails all the same.
    """
    at_work.set(Criticality.LOW)  # events go before it
    found, failed = Counter[str](), list[TowlineError]()
    for kind in Kind:
        try:
            ids = await records_of(kind)
            for first in range(0, len(ids), PAGE):
                found.update(await compare(kind, ids[first : first + PAGE]))
        except TowlineError as error:
            failed.append(error)
    back, held = 0, ""
    try:
        back = await put_back()
    except HeldError as error:
        held = error.text
    if failed:
        raise failed[0]
    if held:
        return waits(f"what is to be put back waits: {held}")
    fields = sum(found.values())
    told = f"{found[Finding.NEW]} new incidents, {found[Finding.TOLD]} known, {found[Finding.OVER]} over, {back} to be put back"
    return Completed(message=f"{fields} fields compared: {told}")
