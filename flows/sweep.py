"""The sweep: what nobody works on any more is given back, so that somebody does."""

from __future__ import annotations

from prefect import flow

from runtime.wiring import runtime
from tasks.options import FLOW


@flow(name="sweep", description="Give back events whose worker is gone, and wake the workers.", **FLOW)
async def sweep() -> str:
    """Give back every event whose lease has ended, and say how many there were."""
    async with runtime().ledger.begin(wake=True) as books:
        given_back = await books.inbox.release_expired()
    return f"{len(given_back)} events were stuck"
