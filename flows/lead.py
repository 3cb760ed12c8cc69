"""The path of `lead.qualified`."""

from __future__ import annotations

from uuid import UUID

from prefect import flow
from prefect.client.schemas.objects import State

from contracts.lead import LeadQualified
from tasks.announce import tell_owners
from tasks.follow_up import follow_with_opportunities
from tasks.gate import check
from tasks.lead import (
    associate_deals,
    create_account_folders,
    link_folders,
    open_deals,
    read_leads,
    upsert_companies,
    upsert_contacts,
)
from tasks.opening import batch_of
from tasks.options import FLOW


@flow(name="lead", description="Turn qualified leads into deals with a folder and an owner who knows.", **FLOW)
async def lead(events: list[UUID]) -> State[None]:
    """Turn qualified leads into deals with a folder and an owner who knows."""
    async with batch_of("lead.qualified", events, LeadQualified) as leads:
        await read_leads(leads)
        await check(leads)  # Great Expectations; failing rows leave the batch
        await upsert_companies(leads)
        await upsert_contacts(leads)
        await open_deals(leads)
        await associate_deals(leads)
        await create_account_folders(leads)
        await link_folders(leads)
        await tell_owners(leads)  # cannot be unsent, so it is last
        follow_with_opportunities(leads)
    return leads.outcome()
