"""Capture: what people have tagged in the company's mailbox comes onto its deal's record."""

from __future__ import annotations

from prefect import flow
from prefect.client.schemas.objects import State
from prefect.states import Completed, Failed

from contracts.errors import HeldError, RetryableError, UncertainError
from runtime.wiring import runtime
from tasks.capture import take_letters
from tasks.options import FLOW


@flow(name="capture", description="Put tagged letters on their deals' records; no other letter is read or kept.", **FLOW)
async def capture() -> State[None]:
    """Look once at what came into the mailbox, and keep what is tagged."""
    try:
        look = await take_letters(runtime())
    except HeldError as error:
        return Completed(message=f"nothing was taken: {error.text}")
    except (RetryableError, UncertainError) as error:
        return Failed(message=f"it is looked at again, from the same place: {error.text}")
    told = f"{look.seen} letters came, {look.kept} are on record"
    return (
        Failed(message=f"{told}, {look.unplaced} tagged ones could not be placed") if look.unplaced else Completed(message=told)
    )
