"""The path of `milestone.reached`."""

from __future__ import annotations

from uuid import UUID

from prefect import flow
from prefect.client.schemas.objects import State

from contracts.delivery import MilestoneReachedV1
from tasks import deal
from tasks.gate import check
from tasks.milestone import milestone_facts, note_milestones, read_notes, send_updates, tell_milestones
from tasks.opening import batch_of
from tasks.options import FLOW, obeying

(read_deals,) = obeying("milestone.reached", deal.read_deals)


@flow(
    name="milestone",
    description="Say how far a delivery is; the client hears what was approved for them.",
    **FLOW,
)
async def milestone(events: list[UUID]) -> State[None]:
    """Say how far a delivery is; the client hears what was approved for them."""
    async with batch_of("milestone.reached", events, MilestoneReachedV1) as batch:
        await read_deals(batch)
        await read_notes(batch)
        await check(batch, milestone_facts)  # Great Expectations; failing rows leave the batch
        await note_milestones(batch)
        await tell_milestones(batch)  # cannot be unsent, as the letter behind it
        await send_updates(batch)
    return batch.outcome()
