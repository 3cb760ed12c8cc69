"""The path of `discovery.completed`."""

from __future__ import annotations

from uuid import UUID

from prefect import flow
from prefect.client.schemas.objects import State

from contracts.proposal import DiscoveryCompletedV1
from tasks.deal import read_deals
from tasks.gate import check
from tasks.opening import batch_of
from tasks.options import FLOW
from tasks.proposal import (
    ask_approvals,
    draft_proposals,
    offer_facts,
    open_estimates,
    price_offers,
    propose_deals,
    save_proposal_pdfs,
    upsert_customers,
)


@flow(name="proposal", description="Draft the proposal of approved clauses, and ask a person to stand for it.", **FLOW)
async def proposal(events: list[UUID]) -> State[None]:
    """Draft the proposal of approved clauses, and ask a person to stand for it."""
    async with batch_of("discovery.completed", events, DiscoveryCompletedV1) as batch:
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
