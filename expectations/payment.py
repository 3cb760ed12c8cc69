"""What must hold before money counts as paid, as failed or as given back, in words that an accountant accepts."""

# ruff: noqa: N815 - `column_A` and `column_B` are Great Expectations' names

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from expectations.deal import KNOWN, AmountIsNamed, AmountIsReasonable, CurrencyIsTheDeals, DealHasAnOwner, DealNamesItsAccount
from expectations.invoice import (
    AmountIsBilled,
    CurrencyIsBilled,
    InvoiceIsFound,
    InvoiceIsTheDeals,
    InvoiceStatusIsKnown,
    NothingIsPaidYet,
)
from expectations.named import (
    EITHER_MISSING,
    ExpectColumnPairValuesAToBeGreaterThanB,
    ExpectColumnPairValuesToBeEqual,
    ExpectColumnValuesToBeInSet,
    ExpectColumnValuesToNotBeNull,
    Named,
)
from expectations.report import Kind, Route


class InvoiceIsPaid(ExpectColumnValuesToBeInSet, Named):
    """Whoever says that a client has paid, the billing system must say so too."""

    column: str = "invoice_status"
    value_set: Any = ("paid",)
    description: str = "The billing system shows the invoice as paid"
    kind: ClassVar = Kind.VOCABULARY
    fix: ClassVar = "mark the invoice as paid in the billing system, if the money has come"


class InvoiceIsOnRecord(ExpectColumnValuesToNotBeNull, Named):
    """Money for a deal that was never invoiced belongs to another one."""

    column: str = "invoiced"
    description: str = "The deal has an invoice in our books"
    kind: ClassVar = Kind.REFERENCE
    fix: ClassVar = "find the deal that the invoice belongs to, and let the event name that one"


class PaidIsInvoiced(ExpectColumnPairValuesToBeEqual, Named):
    """A person must settle what is missing, or too much."""

    column_A: str = "amount"
    column_B: str = "invoiced"
    description: str = "What was paid is what was invoiced, to the cent"
    kind: ClassVar = Kind.TOTAL
    fix: ClassVar = "settle the difference with the client, then correct payment or invoice in the billing system"


class FailedIsInvoiced(ExpectColumnPairValuesAToBeGreaterThanB, Named):
    """A client may pay in parts, never more than the whole."""

    column_A: str = "invoiced"
    column_B: str = "amount"
    or_equal: Any = True
    ignore_row_if: Any = EITHER_MISSING
    description: str = "The payment that failed is not more than what was invoiced"
    kind: ClassVar = Kind.TOTAL
    fix: ClassVar = "compare the payment with the invoice in the billing system, and correct the one that is wrong"


class PaymentIsOnRecord(ExpectColumnValuesToNotBeNull, Named):
    """What never came cannot go back."""

    column: str = "paid"
    description: str = "The deal has a payment in our books"
    kind: ClassVar = Kind.REFERENCE
    fix: ClassVar = "find the deal that the payment belongs to, and let the event name that one"


class RefundIsPaid(ExpectColumnPairValuesAToBeGreaterThanB, Named):
    """A client may get a part back, never more than they gave."""

    column_A: str = "paid"
    column_B: str = "amount"
    or_equal: Any = True
    ignore_row_if: Any = EITHER_MISSING
    description: str = "What went back to the client is not more than what they have paid"
    kind: ClassVar = Kind.TOTAL
    fix: ClassVar = "compare the refund with the payment in the billing system, and correct the one that is wrong"


MOVED: Mapping[type[Named], Route] = {
    DealNamesItsAccount: Route.DEAL_OWNER,
    DealHasAnOwner: Route.PROCESS_OWNER,
    AmountIsNamed: Route.INTEGRATION_OWNER,
    AmountIsReasonable: Route.PROCESS_OWNER,
    CurrencyIsTheDeals: Route.PROCESS_OWNER,
}
"""What holds of money that failed or went back; two such events of a deal are two movements."""

PAYMENT: Mapping[type[Named], Route] = {
    **KNOWN,
    InvoiceIsFound: Route.INTEGRATION_OWNER,
    InvoiceIsPaid: Route.PROCESS_OWNER,
    InvoiceIsOnRecord: Route.PROCESS_OWNER,
    InvoiceIsTheDeals: Route.INTEGRATION_OWNER,
    PaidIsInvoiced: Route.PROCESS_OWNER,
    CurrencyIsTheDeals: Route.PROCESS_OWNER,
    AmountIsBilled: Route.INTEGRATION_OWNER,
    CurrencyIsBilled: Route.INTEGRATION_OWNER,
    AmountIsReasonable: Route.PROCESS_OWNER,
}
"""In the order in which a row's first failure is told, each with the way that a failing row goes."""

DUNNING: Mapping[type[Named], Route] = {
    **MOVED,
    InvoiceIsOnRecord: Route.PROCESS_OWNER,
    InvoiceIsTheDeals: Route.INTEGRATION_OWNER,
    InvoiceStatusIsKnown: Route.INTEGRATION_OWNER,
    FailedIsInvoiced: Route.PROCESS_OWNER,
    NothingIsPaidYet: Route.PROCESS_OWNER,
}

REFUND: Mapping[type[Named], Route] = {
    **MOVED,
    PaymentIsOnRecord: Route.PROCESS_OWNER,
    InvoiceIsTheDeals: Route.INTEGRATION_OWNER,
    InvoiceStatusIsKnown: Route.INTEGRATION_OWNER,
    RefundIsPaid: Route.PROCESS_OWNER,
}
