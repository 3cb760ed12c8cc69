"""Running a path for one CRM record, on demand: a form of ids, nothing that somebody could write a name into."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated
from uuid import uuid4

from prefect import flow
from prefect.client.schemas.objects import State
from prefect.runtime import flow_run
from prefect.states import Completed
from pydantic import AfterValidator, Field
from pydantic_core import PydanticCustomError

from contracts.errors import TowlineError
from contracts.event import Envelope, parse
from contracts.values import Name
from flows.refusal import refused
from ledger.intake import receive
from runtime.wiring import runtime
from tasks.options import FLOW


class Path(StrEnum):
    """The paths that a CRM record can be put on, each with the record it asks for."""

    LEAD = "lead (a contact's id)"
    DISCOVERY = "discovery (a deal's id)"
    PROPOSAL = "proposal: discovery is completed (a deal's id)"
    CHANGE = "changed proposal: the offer is made anew (a deal's id)"
    MILESTONE = "milestone (a deal's id, and the milestone)"
    INVOICE = "invoice: delivery is completed (a deal's id)"
    RECEIVABLE = "receivable: the invoice is out (a deal's id)"
    PAYMENT = "payment: the invoice is paid (a deal's id)"
    CANCELLATION = "cancellation (a deal's id)"


EVENTS = {
    Path.LEAD: "lead.qualified",
    Path.DISCOVERY: "opportunity.created",
    Path.PROPOSAL: "discovery.completed",
    Path.CHANGE: "change.requested",
    Path.MILESTONE: "milestone.reached",
    Path.INVOICE: "delivery.completed",
    Path.RECEIVABLE: "invoice.issued",
    Path.PAYMENT: "payment.confirmed",
    Path.CANCELLATION: "deal.cancelled",
}


def _digits(record: str) -> str:
    if not (record.isascii() and record.isdecimal() and len(record) <= 20):
        raise PydanticCustomError("record", "is not a CRM record id: it has digits only, as in the address of the record's page")
    return record


RecordId = Annotated[str, AfterValidator(_digits), Field(json_schema_extra={"pattern": "^[0-9]{1,20}$"})]


@flow(name="start", description="Run a path for a record of the CRM, as if the CRM had announced it.", **FLOW)
async def start(path: Path, crm_record_id: RecordId, milestone: Name | None = None) -> State[None]:
    """Enter an event that names the CRM record; the path reads the rest there. Say which event it became.

    Args:
        path: What is to happen, and whose id it asks for
        crm_record_id: Id of the contact or the deal in the CRM: digits, as in the address of its page
        milestone: Only for the milestone path: what is reached, for instance Pilot accepted
    """
    house = runtime()
    event_type = EVENTS[path]
    kind = "contact" if path is Path.LEAD else "deal"
    data = {f"{kind}_id": crm_record_id} | ({"milestone": milestone} if milestone else {})
    content = {
        "specversion": "1.0",
        "id": str(flow_run.id or uuid4()),
        "source": "prefect/on-demand",
        "type": event_type,
        "subject": f"{kind}-{crm_record_id}",
        "dataschema": f"{event_type}/{house.catalog[event_type].contract}",
        "data": data,
    }
    envelope = Envelope.model_validate(content)
    try:
        parse(envelope.contract, envelope.data, event_type=event_type)
    except TowlineError as error:
        return refused(error)
    (receipt,) = await receive(house.ledger, house.catalog, [(envelope, content)])
    return Completed(message=f"event {receipt.id} is {receipt.status}")
