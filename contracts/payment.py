"""`payment.confirmed`, `payment.failed`, `payment.refunded`: what became of the money."""

from __future__ import annotations

from typing import Self

from pydantic import AwareDatetime, ConfigDict, Field, model_validator

from contracts.deal import OfDeal, Record
from contracts.values import Contract, Money, Slug, require


class PaymentConfirmedV1(OfDeal):
    """A client has paid, version 1; what is not named is read in the billing system. Identity: the invoice."""

    invoice_id: Record | None = None
    amount: Money | None = None
    paid_at: AwareDatetime | None = None


class PaymentFailedV1(OfDeal):
    """A client's payment did not go through, version 1. Identity: the event's source and id."""

    invoice_id: Record
    amount: Money


class PaymentRefundedV1(Contract):
    """Money went back to a client, version 1; it names the deal, or the payment. Identity: the event's source and id."""

    model_config = ConfigDict(json_schema_extra={"anyOf": [{"required": ["deal_id"]}, {"required": ["payment_id"]}]})

    deal_id: Slug | None = Field(default=None, description="The deal's id in the CRM")
    payment_id: Record | None = Field(default=None, description="The payment's id in the billing system")
    invoice_id: Record | None = None
    amount: Money

    @model_validator(mode="after")
    def _names_its_deal(self) -> Self:
        if self.payment_id is None:
            require(self, "deal_id")
        return self
