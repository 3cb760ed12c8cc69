"""The drill: once a day something stops on purpose, and its alert must arrive."""

from __future__ import annotations

from datetime import UTC, datetime

from prefect import flow
from prefect.client.schemas.objects import State
from prefect.states import Completed, Failed

from runtime.wiring import runtime
from tasks.drill import has_arrived, stop_on_purpose
from tasks.options import FLOW

PATIENCE = 180.0
"""Seconds for which the alert may be on its way; after two minutes it goes by mail as well."""


@flow(name="drill", description="Let something stop on purpose, and see that its alert arrives in chat.", **FLOW)
async def drill() -> State[None]:
    """Prove the whole way of an alert, from the ledger to the owner's channel; safe to repeat."""
    cause = await stop_on_purpose(runtime(), datetime.now(UTC))
    if cause is None:
        return Completed(message="chat is paused, so no alert goes anywhere")
    if await has_arrived(runtime(), cause, seconds=PATIENCE):
        return Completed(message="the alert arrived")
    return Failed(message=f"the alert did not arrive within {PATIENCE:.0f} s; it is open as {cause}, and goes by mail")
