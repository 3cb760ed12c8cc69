"""The event that follows when a path is done; it enters the inbox in the same transaction as the outcome."""

from __future__ import annotations

from datetime import UTC, datetime

from contracts.lead import LeadQualifiedV1
from contracts.opportunity import OpportunityCreatedV1
from contracts.values import Contract
from ledger.inbox import NewEvent
from lifecycle import keys
from tasks.batch import Batch, Item

OURSELVES = "towline"


def follow_with_opportunities(leads: Batch[LeadQualifiedV1]) -> None:
    """Let every lead that is still in the batch be followed by its opportunity."""
    for item in leads:
        lead = item.payload
        item.then = _event(
            item,
            "opportunity.created",
            OpportunityCreatedV1(
                account=lead.company,
                owner=lead.owner,
                person=lead.person,
                product=lead.service,
                amount=lead.amount,
                deal_id=item.deal_id,
            ),
        )


def _event(item: Item[LeadQualifiedV1], event_type: str, data: Contract) -> NewEvent:
    now = datetime.now(UTC)
    contract = f"{event_type}/1"
    external_id = f"{item.event}/{event_type}"
    envelope = {
        "specversion": "1.0",
        "id": external_id,
        "source": OURSELVES,
        "type": event_type,
        "time": now.isoformat(),
        "dataschema": contract,
        "datacontenttype": "application/json",
        "data": data.model_dump(mode="json", exclude_none=True),
    }
    return NewEvent(
        id=keys.event_id(OURSELVES, external_id),
        source=OURSELVES,
        external_id=external_id,
        type=event_type,
        contract=contract,
        case_id=item.case,
        payload=envelope,
        occurred_at=now,
    )
