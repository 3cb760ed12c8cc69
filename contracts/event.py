"""The envelope every event travels in (CloudEvents 1.0) and the one table of contract versions."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Annotated, Any, Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, ValidationError

from contracts.cancellation import DealCancelledV1
from contracts.delivery import DeliveryCompletedV1, MilestoneReachedV1
from contracts.errors import ContractError
from contracts.invoice import InvoiceIssuedV1, InvoiceOverdueV1, InvoiceVoidedV1
from contracts.lead import LeadQualifiedV1, LeadQualifiedV2
from contracts.opportunity import OpportunityCreatedV1
from contracts.payment import PaymentConfirmedV1, PaymentFailedV1, PaymentRefundedV1
from contracts.proposal import ChangeRequestedV1, DiscoveryCompletedV1, ProposalApprovedV1
from contracts.values import Contract

Released = Mapping[str, Mapping[int, type[Contract]]]
CONTRACTS: Released = {
    "lead.qualified": {1: LeadQualifiedV1, 2: LeadQualifiedV2},
    "opportunity.created": {1: OpportunityCreatedV1},
    "discovery.completed": {1: DiscoveryCompletedV1},
    "change.requested": {1: ChangeRequestedV1},
    "proposal.approved": {1: ProposalApprovedV1},
    "milestone.reached": {1: MilestoneReachedV1},
    "delivery.completed": {1: DeliveryCompletedV1},
    "invoice.issued": {1: InvoiceIssuedV1},
    "invoice.overdue": {1: InvoiceOverdueV1},
    "invoice.voided": {1: InvoiceVoidedV1},
    "payment.confirmed": {1: PaymentConfirmedV1},
    "payment.failed": {1: PaymentFailedV1},
    "payment.refunded": {1: PaymentRefundedV1},
    "deal.cancelled": {1: DealCancelledV1},
}
"""Every released contract: event type, then version. A released version is never edited; the next one comes from it."""

Text = Annotated[str, Field(min_length=1, max_length=200)]


class Envelope(BaseModel):
    """A CloudEvents 1.0 JSON event. Extension attributes are kept. https://github.com/cloudevents/spec"""

    model_config = ConfigDict(frozen=True, extra="allow")

    specversion: Literal["1.0"]
    id: Text
    source: Text
    type: Text
    time: AwareDatetime | None = None
    subject: Text | None = Field(default=None, description="The deal's id at the source: events of one deal share it")
    dataschema: Text | None = None
    datacontenttype: Literal["application/json"] | None = None
    data: Any = None

    @property
    def contract(self) -> str:
        """Name and version of the contract that the data claims to fit, `lead.qualified/1`."""
        return self.dataschema or f"{self.type}/{newest(self.type)}"


def newest(event_type: str) -> int:
    """Return the newest version of an event's contract, 1 where the event is unknown."""
    return max(CONTRACTS.get(event_type, {1: Contract}))


def read(contract: str, data: Any, *, event_type: str, released: Released = CONTRACTS) -> Contract:
    """Return `data`, judged by the contract named `event/version`, as the newest version says it: what flows read.

    Raises:
        ContractError: as of `parse`; or what was sent fits, but a later version cannot say it.
    """
    content = parse(contract, data, event_type=event_type, released=released)
    versions = released[event_type]
    for version in sorted(versions):
        if version > int(contract.rpartition("/")[2]):
            try:
                content = versions[version].come_from(content)
            except ValidationError as error:
                raise contract_error(error) from None
    return content


def parse(contract: str, data: Any, *, event_type: str, released: Released = CONTRACTS) -> Contract:
    """Return `data` as the contract named `event/version`.

    Raises:
        ContractError: the contract is unknown or the data does not fit; names the field and the rule, never the value.
    """
    try:
        return _shape(contract, event_type, released).model_validate(data)
    except ValidationError as error:
        raise contract_error(error) from None


def misfits(contract: str, data: Any, *, event_type: str) -> list[tuple[str, str]]:
    """Return every field of the data that does not fit the contract, with the rule that it breaks."""
    try:
        _shape(contract, event_type, CONTRACTS).model_validate(data)
    except ContractError as error:
        return [(error.field, error.rule)]
    except ValidationError as error:
        return [(field, rule) for field, rule, _ in _findings(error)]
    return []


def _shape(contract: str, event_type: str, released: Released) -> type[Contract]:
    name, _, version = contract.rpartition("/")
    versions = released.get(event_type)
    if versions is None:
        raise ContractError("type: is not an event of the catalog", field="type", rule="unknown")
    if name != event_type or not version.isdecimal() or int(version) not in versions:
        raise ContractError("dataschema: is not a released contract version", field="dataschema", rule="unknown")
    return versions[int(version)]


def contract_error(error: ValidationError) -> ContractError:
    """Turn pydantic's report into ours: the first field that is wrong, and why, without its value."""
    field, rule, message = next(_findings(error))
    return ContractError(f"{field}: {message}", field=field, rule=rule)


def _findings(error: ValidationError) -> Iterator[tuple[str, str, str]]:
    for detail in error.errors(include_url=False, include_input=False):
        place = ".".join(_safe(str(part)) for part in detail["loc"]) or "data"
        field = str(detail.get("ctx", {}).get("field", place))
        yield field, detail["type"], _without_values(detail["type"], detail["msg"])


def _safe(part: str) -> str:
    """A field's name as the sender wrote it, unless it could be personal data itself."""
    return part if re.fullmatch(r"\w{1,40}", part, re.ASCII) else "?"


def _without_values(rule: str, message: str) -> str:
    said = {"extra_forbidden": "is not a field of the contract", "missing": "is missing"}.get(rule)
    return said or message[:1].lower() + message[1:]
