"""`discovery.completed`, `change.requested`, `proposal.approved`: what is offered, and that a person stands for it."""

from __future__ import annotations

from typing import Annotated, Self
from uuid import UUID

from pydantic import Field, model_validator
from pydantic_core import PydanticCustomError

from contracts.deal import OfDeal
from contracts.lead import Service
from contracts.values import Contract, Money, Name, Slug


class Line(Contract):
    """One position of what is offered."""

    description: Name
    amount: Money


class Offer(OfDeal):
    """What is to be offered: what is not named here is read from the deal in the CRM.

    Without lines the amount is one line; with lines the amount is their sum.
    """

    owner: Slug | None = None
    service: Service | None = None
    amount: Money | None = None
    lines: Annotated[tuple[Line, ...], Field(max_length=50)] = ()
    clauses: Annotated[tuple[Slug, ...], Field(max_length=50, description="Optional clauses to be added, by id")] = ()
    payment_days: Annotated[int, Field(strict=True, ge=0, le=180, description="Days from invoice to payment")] = 30

    @model_validator(mode="after")
    def _lines_agree(self) -> Self:
        if not self.lines:
            return self
        if len({line.amount.currency for line in self.lines}) > 1:
            raise PydanticCustomError("currency", "are in more than one currency", {"field": "lines"})
        if self.amount and (self.amount.minor, self.amount.currency) != (self.total_minor, self.lines[0].amount.currency):
            raise PydanticCustomError("sum", "is not the sum of the lines", {"field": "amount"})
        return self

    @property
    def total_minor(self) -> int:
        """The sum of the lines in minor units."""
        return sum(line.amount.minor for line in self.lines)


class DiscoveryCompletedV1(Offer):
    """Discovery is done and an offer can be drafted, version 1. Identity: the event's source and id."""


class ChangeRequestedV1(Offer):
    """What was agreed is to change during delivery, version 1: the whole new offer, approved anew. Identity: source and id."""


class ProposalApprovedV1(OfDeal):
    """A person has approved a proposal, version 1: the decision must stand in the ledger, this only points at it."""

    decision: UUID
