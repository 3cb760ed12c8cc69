"""The tasks of the reconcile flow: a page of records of one kind compared, and what goes back put back."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from prefect import task

from contracts.systems import Route
from lifecycle.reconciling import Kind
from runtime.wiring import runtime
from tasks import comparing, putting_back
from tasks.options import retries_of

RETRIES = retries_of("lead.qualified")
PAGE = 200
"""Records that one task compares: four calls for their histories."""
MOST = 1000
"""Incidents that one run puts back."""


@task(name="Find records to compare", **RETRIES)
async def records_of(kind: Kind) -> Sequence[str]:
    """Return the ids of a kind of record of deals that are open or ended lately, those not looked at for longest first."""
    async with runtime().ledger.begin() as books:
        return await books.incidents.records(kind)


@task(name="Compare records", **RETRIES)
async def compare(kind: Kind, ids: Sequence[str]) -> Mapping[str, int]:
    """Compare a page of records with the ledger; return how many fields of each finding there are."""
    return await comparing.compare(runtime(), kind, ids)


@task(name="Put back", **RETRIES)
async def put_back() -> int:
    """Put back what goes that way by rule or by a person's word; return how many such incidents there were."""
    async with runtime().ledger.begin() as books:
        incidents = await books.incidents.latest(limit=MOST, route=Route.PUT_BACK)
    await putting_back.put_back(runtime(), incidents)
    return len(incidents)
