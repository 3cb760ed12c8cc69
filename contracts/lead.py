"""`lead.qualified`: somebody who fits asked for us."""

from __future__ import annotations

from enum import StrEnum
from typing import Self

from pydantic import ConfigDict, Field, model_validator

from contracts.parties import Company, Person
from contracts.values import Confidence, Contract, Money, Slug, require


class Service(StrEnum):
    """What the company sells."""

    ADVISORY = "advisory"
    IMPLEMENTATION = "implementation"
    INTEGRATION = "integration"
    MANAGED = "managed"
    SUPPORT = "support"
    TRAINING = "training"


class LeadQualifiedV1(Contract):
    """A qualified lead, version 1; a lead that the CRM holds already may name its contact and leave the rest to be read there.

    Identity: the event's source and id. The account is the company's domain, the person the e-mail address.
    """

    model_config = ConfigDict(
        json_schema_extra={"anyOf": [{"required": ["company", "person", "owner"]}, {"required": ["contact_id"]}]},
    )

    company: Company | None = None
    person: Person | None = None
    owner: Slug | None = None
    amount: Money | None = None
    service: Service | None = None
    confidence: Confidence = Field(default=1.0, description="How sure the source is that this is a real lead, 0 to 1")
    contact_id: Slug | None = Field(default=None, description="The contact's id, where the CRM has it already")

    @model_validator(mode="after")
    def _is_complete_or_in_the_crm(self) -> Self:
        if self.contact_id is None:
            require(self, "company", "person", "owner")
        if self.company is not None:
            require(self.company, "domain", within="company")
        return self
