"""What must hold before a deal is given up and what binds is taken back."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from expectations.deal import DealComesOnce, DealHasAnOwner
from expectations.named import (
    Expectation,
    ExpectColumnValuesToBeInSet,
    ExpectColumnValuesToNotBeInSet,
    ExpectColumnValuesToNotBeNull,
    FailureSeverity,
    Named,
)
from expectations.report import Route

INVOICE_STATUSES = ("draft", "open", "paid", "void", "uncollectible")


class CancelledDealIsNotPaid(ExpectColumnValuesToNotBeInSet, Named):
    """Money that has come must be given back first, which is a person's decision."""

    column: str = "invoice_status"
    value_set: Any = ("paid",)
    description: str = "A deal that is given up has not been paid"


class InvoiceStatusIsKnown(ExpectColumnValuesToBeInSet, Named):
    """We must know what we take back; a deal without an invoice has none to take back."""

    column: str = "invoice_status"
    value_set: Any = INVOICE_STATUSES
    description: str = "The invoice, where there is one, has a status that we know"


class CancellationHasAReason(ExpectColumnValuesToNotBeNull, Named):
    """It helps to sell the next one."""

    column: str = "reason"
    description: str = "Whoever gives a deal up says why"
    severity: FailureSeverity = FailureSeverity.WARNING


CANCELLATION: Mapping[type[Expectation], Route] = {
    DealComesOnce: Route.INTEGRATION_OWNER,
    CancelledDealIsNotPaid: Route.PROCESS_OWNER,
    InvoiceStatusIsKnown: Route.INTEGRATION_OWNER,
    DealHasAnOwner: Route.PROCESS_OWNER,
    CancellationHasAReason: Route.DEAL_OWNER,
}
"""In the order in which a row's first failure is told; nothing else may keep anybody from giving a deal up."""
