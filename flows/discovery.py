"""The path of `opportunity.created`."""

from __future__ import annotations

from uuid import UUID

from prefect import flow
from prefect.client.schemas.objects import State

from contracts.opportunity import OpportunityCreatedV1
from tasks import announce, lead
from tasks.discovery import advance_deals, copy_packets, fill_packets, read_opportunities
from tasks.gate import check
from tasks.opening import batch_of
from tasks.options import FLOW, obeying

(upsert_companies, open_deals, associate_deals, create_account_folders, tell_owners) = obeying(
    "opportunity.created",
    lead.upsert_companies,
    lead.open_deals,
    lead.associate_deals,
    lead.create_account_folders,
    announce.tell_owners,
)


@flow(name="discovery", description="Prepare the first conversation: a discovery packet in the account's folder.", **FLOW)
async def discovery(events: list[UUID]) -> State[None]:
    """Prepare the first conversation: a discovery packet in the account's folder, linked to the deal."""
    async with batch_of("opportunity.created", events, OpportunityCreatedV1) as opportunities:
        await read_opportunities(opportunities)
        await check(opportunities)  # Great Expectations; failing rows leave the batch
        await upsert_companies(opportunities)
        await open_deals(opportunities)
        await associate_deals(opportunities)
        await create_account_folders(opportunities)
        await copy_packets(opportunities)
        await fill_packets(opportunities)
        await advance_deals(opportunities)
        await tell_owners(opportunities)  # cannot be unsent, so it is last
    return opportunities.outcome()
