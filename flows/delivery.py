"""The path of `proposal.approved`."""

from __future__ import annotations

from uuid import UUID

from prefect import flow
from prefect.client.schemas.objects import State

from contracts.proposal import ProposalApprovedV1
from tasks import deal
from tasks.delivery import (
    approval_facts,
    cancel_replaced,
    compare_contents,
    create_project_folders,
    kick_off,
    lock_proposals,
    note_agreements,
    open_requests,
    read_decisions,
    send_summaries,
    win_deals,
)
from tasks.gate import check
from tasks.opening import batch_of
from tasks.options import FLOW, obeying

(read_deals,) = obeying("proposal.approved", deal.read_deals)


@flow(name="delivery", description="Lock what was approved, open the delivery and begin the client's thread.", **FLOW)
async def delivery(events: list[UUID]) -> State[None]:
    """Lock what was approved, open the delivery and begin the client's thread."""
    async with batch_of("proposal.approved", events, ProposalApprovedV1) as batch:
        await read_decisions(batch)
        await read_deals(batch)
        await check(batch, approval_facts)  # Great Expectations; failing rows leave the batch
        await compare_contents(batch)  # changed content voids the approval
        await lock_proposals(batch)
        await win_deals(batch)
        await open_requests(batch)
        await create_project_folders(batch)
        await send_summaries(batch)  # cannot be unsent; refused, it takes back what was done
        await cancel_replaced(batch)
        await kick_off(batch)
        note_agreements(batch)
    return batch.outcome()
