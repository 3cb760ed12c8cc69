"""The path of `change.requested`."""

from __future__ import annotations

from uuid import UUID

from prefect import flow
from prefect.client.schemas.objects import State

from contracts.proposal import ChangeRequestedV1
from tasks import deal, proposal
from tasks.gate import check
from tasks.opening import batch_of
from tasks.options import FLOW, obeying
from tasks.proposal import offer_facts

(
    read_deals,
    ask_approvals,
    draft_proposals,
    open_estimates,
    price_offers,
    propose_deals,
    save_proposal_pdfs,
    upsert_customers,
) = obeying(
    "change.requested",
    deal.read_deals,
    proposal.ask_approvals,
    proposal.draft_proposals,
    proposal.open_estimates,
    proposal.price_offers,
    proposal.propose_deals,
    proposal.save_proposal_pdfs,
    proposal.upsert_customers,
)


@flow(name="change", description="Draft a changed proposal while delivery runs, and ask a person to stand for it.", **FLOW)
async def change(events: list[UUID]) -> State[None]:
    """Draft a changed proposal while delivery runs, and ask a person to stand for it."""
    async with batch_of("change.requested", events, ChangeRequestedV1) as batch:
        await read_deals(batch)
        await price_offers(batch)
        await check(batch, offer_facts)  # Great Expectations; failing rows leave the batch
        await draft_proposals(batch)
        await save_proposal_pdfs(batch)
        await upsert_customers(batch)
        await open_estimates(batch)
        await propose_deals(batch)
        await ask_approvals(batch)  # cannot be unsent, so it is last
    return batch.outcome()
