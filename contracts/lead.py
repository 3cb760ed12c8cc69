"""`lead.qualified`: somebody who fits asked for us."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Self

from pydantic import ConfigDict, Field, model_validator

from contracts.parties import Company, Person
from contracts.values import Confidence, Contract, Money, Name, Slug, require, told


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


class Campaign(Contract):
    """What made somebody ask for us, in its own words: `utm_campaign` and `utm_medium` of a link, or a fair's name."""

    name: Name
    medium: Annotated[str, Field(min_length=1, max_length=50)] | None = None


class LeadQualifiedV2(LeadQualifiedV1):
    """A qualified lead, version 2: it may say which campaign it came from. Identity: the event's source and id."""

    campaign: Campaign | None = Field(default=None, description="The campaign that the lead came from, where it is known")

    @classmethod
    def come_from(cls, before: Contract) -> Self:
        """Return a lead of version 1 as one of version 2; nobody knows its campaign."""
        return cls(**told(before))


LeadQualified = LeadQualifiedV2
"""The newest version, which flows read."""
