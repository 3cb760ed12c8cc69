"""The event that follows when a path is done; it enters the inbox in the same transaction as the outcome."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TypeVar

from contracts.lead import LeadQualified
from contracts.opportunity import OpportunityCreatedV1
from contracts.values import Contract
from ledger.inbox import NewEvent
from lifecycle import keys
from lifecycle.events import OURSELVES, envelope
from runtime.wiring import runtime
from tasks.batch import Batch, Item

C = TypeVar("C", bound=Contract)


def follow_with_opportunities(leads: Batch[LeadQualified]) -> None:
    """Let every lead that is still in the batch be followed by its opportunity, if the catalog wants that."""
    if then := leads.entry.then:
        for item in leads:
            item.then = follower(item, then, _opportunity(item))


def _opportunity(item: Item[LeadQualified]) -> OpportunityCreatedV1:
    lead = item.payload
    return OpportunityCreatedV1(
        account=lead.company, owner=lead.owner, person=lead.person, product=lead.service, amount=lead.amount, deal_id=item.deal_id
    )


def follower(item: Item[C], event_type: str, data: Contract) -> NewEvent:
    """Return the event that follows an item, in the same case: the same item is followed once."""
    now = datetime.now(UTC)
    external_id = f"{item.event}/{event_type}"
    contract = f"{event_type}/{runtime().catalog[event_type].contract}"
    content = data.model_dump(mode="json", exclude_none=True)
    return NewEvent(
        id=keys.event_id(OURSELVES, external_id),
        source=OURSELVES,
        external_id=external_id,
        type=event_type,
        contract=contract,
        case_id=item.case,
        payload=envelope(event_type, external_id, contract, content, now),
        occurred_at=now,
    )
