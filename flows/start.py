"""Running a path for one CRM record, on demand."""

from __future__ import annotations

from enum import StrEnum
from uuid import uuid4

from prefect import flow
from prefect.runtime import flow_run

from contracts.event import Envelope
from ledger.intake import receive
from runtime.wiring import runtime
from tasks.options import FLOW


class Path(StrEnum):
    """The paths that a CRM record can be put on."""

    LEAD = "lead (a contact's id)"
    DISCOVERY = "discovery (a deal's id)"


RECORDS = {Path.LEAD: ("lead.qualified", "contact_id", "contact"), Path.DISCOVERY: ("opportunity.created", "deal_id", "deal")}


@flow(name="start", description="Run a path for a record of the CRM, as if the CRM had announced it.", **FLOW)
async def start(path: Path, crm_record_id: str) -> str:
    """Enter an event that names the CRM record; the path reads the rest there. Say which event it became."""
    house = runtime()
    event_type, field, kind = RECORDS[path]
    content = {
        "specversion": "1.0",
        "id": str(flow_run.id or uuid4()),
        "source": "prefect/on-demand",
        "type": event_type,
        "subject": f"{kind}-{crm_record_id}",
        "dataschema": f"{event_type}/{house.catalog[event_type].contract}",
        "data": {field: crm_record_id},
    }
    (receipt,) = await receive(house.ledger, house.catalog, [(Envelope.model_validate(content), content)])
    return f"event {receipt.id} is {receipt.status}"
