"""What must hold before a deal is given up and what binds is taken back."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from expectations.deal import DealComesOnce, DealHasAnOwner
from expectations.invoice import InvoiceStatusIsKnown
from expectations.named import (
    ExpectColumnValuesToNotBeInSet,
    ExpectColumnValuesToNotBeNull,
    FailureSeverity,
    Named,
)
from expectations.report import Kind, Route


class CancelledDealIsNotPaid(ExpectColumnValuesToNotBeInSet, Named):
    """Money that has come must be given back first, which is a person's decision."""

    column: str = "invoice_status"
    value_set: Any = ("paid",)
    description: str = "A deal that is given up has not been paid"
    kind: ClassVar = Kind.SEQUENCE
    fix: ClassVar = "give the money back in the billing system first, or take the deal out of lost in the CRM"


class CancellationHasAReason(ExpectColumnValuesToNotBeNull, Named):
    """It helps to sell the next one."""

    column: str = "reason"
    description: str = "Whoever gives a deal up says why"
    kind: ClassVar = Kind.COMPLETENESS
    fix: ClassVar = "write the reason on the deal in the CRM, for the next one"
    severity: FailureSeverity = FailureSeverity.WARNING


CANCELLATION: Mapping[type[Named], Route] = {
    DealComesOnce: Route.INTEGRATION_OWNER,
    CancelledDealIsNotPaid: Route.PROCESS_OWNER,
    InvoiceStatusIsKnown: Route.INTEGRATION_OWNER,
    DealHasAnOwner: Route.PROCESS_OWNER,
    CancellationHasAReason: Route.DEAL_OWNER,
}
"""In the order in which a row's first failure is told; nothing else may keep anybody from giving a deal up."""
