"""`milestone.reached` and `delivery.completed`: how far the work is."""

from __future__ import annotations

from typing import Annotated, Self

from pydantic import ConfigDict, Field, model_validator

from contracts.deal import Record
from contracts.values import Contract, Money, Name, Slug, require


class OfRequest(Contract):
    """An event of a deal in delivery: it names the deal, or the delivery request in the CRM."""

    model_config = ConfigDict(json_schema_extra={"anyOf": [{"required": ["deal_id"]}, {"required": ["request_id"]}]})

    deal_id: Slug | None = Field(default=None, description="The deal's id in the CRM")
    request_id: Record | None = Field(default=None, description="The delivery request's id in the CRM")

    @model_validator(mode="after")
    def _names_its_deal(self) -> Self:
        if self.request_id is None:
            require(self, "deal_id")
        return self


class Note(Contract):
    """What was done, in words; only a note that somebody has approved may reach the client."""

    text: Annotated[str, Field(min_length=1, max_length=5000)]
    approved_by: Name | None = None


class MilestoneReachedV1(OfRequest):
    """A milestone is reached, version 1; approved notes on the deal in the CRM are added. Identity: the event's source and id."""

    milestone: Name
    notes: Annotated[tuple[Note, ...], Field(max_length=100)] = ()


class DeliveryCompletedV1(OfRequest):
    """Everything agreed is delivered, version 1. Identity: the event's source and id."""

    amount: Money | None = Field(default=None, description="What was delivered, where it is told; it must be what was agreed")
