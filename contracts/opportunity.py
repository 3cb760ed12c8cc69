"""`opportunity.created`: a lead became a deal that somebody works on."""

from __future__ import annotations

from datetime import date
from enum import StrEnum
from typing import Self

from pydantic import ConfigDict, Field, model_validator

from contracts.parties import Company, Person
from contracts.values import Contract, Money, Name, Slug, require


class SalesStage(StrEnum):
    """How far the seller is with an open opportunity."""

    PROSPECTING = "prospecting"
    ENGAGING = "engaging"


class OpportunityCreatedV1(Contract):
    """An open opportunity, version 1; one that the CRM holds already may name its deal and leave the rest to be read there.

    Identity: the event's source and id. The account is the company's domain, or its name where it has none.
    """

    model_config = ConfigDict(json_schema_extra={"anyOf": [{"required": ["account", "owner"]}, {"required": ["deal_id"]}]})

    account: Company | None = None
    owner: Slug | None = None
    person: Person | None = None
    product: Name | None = None
    amount: Money | None = None
    stage: SalesStage = SalesStage.PROSPECTING
    engaged_on: date | None = None
    region: Name | None = Field(default=None, description="The seller's regional office")
    manager: Slug | None = Field(default=None, description="The seller's manager")
    deal_id: Slug | None = Field(default=None, description="The deal's id, where the CRM has it already")

    @model_validator(mode="after")
    def _is_complete_or_in_the_crm(self) -> Self:
        if self.deal_id is None:
            require(self, "account", "owner")
        return self
