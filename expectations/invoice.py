"""What must hold before an invoice goes out, is told of, reminded of or counted as taken back, in words of an accountant."""

# ruff: noqa: N815 - `column_A` and `column_B` are Great Expectations' names

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from expectations.deal import (
    KNOWN,
    PRICED,
    REACHABLE,
    AmountIsNamed,
    AmountIsReasonable,
    CurrencyIsTheDeals,
)
from expectations.lead import ContactCanAnswer
from expectations.named import (
    EITHER_MISSING,
    Column,
    Expectation,
    ExpectColumnPairValuesToBeEqual,
    ExpectColumnValuesToBeBetween,
    ExpectColumnValuesToBeInSet,
    ExpectColumnValuesToNotBeNull,
    FailureSeverity,
    Named,
)
from expectations.proposal import LinesAddUp, PaymentTermIsUsual
from expectations.report import Route

REMINDED_AFTER = (7, 14, 30)


class AgreementIsOnRecord(ExpectColumnValuesToNotBeNull, Named):
    """Nobody owes what nobody has agreed to."""

    column: str = "agreed"
    description: str = "Every delivery rests on an amount that was approved"


class DeliveredIsAgreed(ExpectColumnPairValuesToBeEqual, Named):
    """More or less than that is a change, which a person must approve first."""

    column_A: str = "amount"
    column_B: str = "agreed"
    description: str = "What was delivered is what was agreed, changes included, to the cent"


class InvoiceIsFound(ExpectColumnValuesToNotBeNull, Named):
    """Nothing can be said of an invoice that the system of record does not have."""

    column: str = "invoice_status"
    description: str = "The billing system has the invoice"


class InvoiceIsOut(ExpectColumnValuesToBeInSet, Named):
    """A client may have paid before anybody was told."""

    column: str = "invoice_status"
    value_set: Any = ("open", "paid")
    description: str = "The invoice has gone out: it is open or paid already, no draft and not taken back"


class InvoiceIsStillOpen(ExpectColumnValuesToBeInSet, Named):
    """A reminder of a bill that is paid or taken back costs a client's trust."""

    column: str = "invoice_status"
    value_set: Any = ("open",)
    description: str = "The invoice that a client is reminded of is still open"


class AmountIsBilled(ExpectColumnPairValuesToBeEqual, Named):
    """The event may leave the amount to be read; it must not tell another one."""

    column_A: str = "amount"
    column_B: str = "billed"
    ignore_row_if: Any = EITHER_MISSING
    description: str = "The amount that was announced is the one that the billing system shows, to the cent"


class CurrencyIsBilled(ExpectColumnPairValuesToBeEqual, Named):
    """As its amount."""

    column_A: str = "currency"
    column_B: str = "billed_currency"
    ignore_row_if: Any = EITHER_MISSING
    description: str = "The currency that was announced is the one that the billing system shows"


class InvoiceHasADueDay(ExpectColumnValuesToNotBeNull, Named):
    """Without it nobody is ever reminded, which a person should know."""

    column: str = "due_on"
    description: str = "The invoice says by which day it is to be paid"
    severity: FailureSeverity = FailureSeverity.WARNING


class ReminderComesOnItsDay(ExpectColumnValuesToBeInSet, Named):
    """Clients are reminded as the terms say and no oftener."""

    column: str = "days"
    value_set: Any = REMINDED_AFTER
    description: str = "Clients are reminded 7, 14 and 30 days after the due day"


class VoidedIsInvoiced(ExpectColumnPairValuesToBeEqual, Named):
    """Where nothing stands as invoiced any more, it was taken back in the books already."""

    column_A: str = "amount"
    column_B: str = "invoiced"
    row_condition: Any = Column("invoiced") > 0
    description: str = "What was taken back is what was invoiced, to the cent"


class NothingIsPaidYet(ExpectColumnValuesToBeBetween, Named):
    """Money that has come must be given back first."""

    column: str = "paid"
    max_value: Any = 0
    description: str = "Nothing has been paid on the invoice yet"


INVOICE: Mapping[type[Expectation], Route] = {
    **KNOWN,
    **REACHABLE,
    AgreementIsOnRecord: Route.PROCESS_OWNER,
    DeliveredIsAgreed: Route.DEAL_OWNER,
    CurrencyIsTheDeals: Route.DEAL_OWNER,
    AmountIsReasonable: Route.DEAL_OWNER,
    LinesAddUp: Route.INTEGRATION_OWNER,
    PaymentTermIsUsual: Route.DEAL_OWNER,
    ContactCanAnswer: Route.DEAL_OWNER,
}
"""In the order in which a row's first failure is told, each with the way that a failing row goes."""

RECEIVABLE: Mapping[type[Expectation], Route] = {
    **KNOWN,
    InvoiceIsFound: Route.INTEGRATION_OWNER,
    InvoiceIsOut: Route.PROCESS_OWNER,
    **PRICED,
    AmountIsBilled: Route.INTEGRATION_OWNER,
    CurrencyIsBilled: Route.INTEGRATION_OWNER,
    InvoiceHasADueDay: Route.PROCESS_OWNER,
}

REMINDER: Mapping[type[Expectation], Route] = {
    **KNOWN,
    InvoiceIsFound: Route.INTEGRATION_OWNER,
    InvoiceIsStillOpen: Route.PROCESS_OWNER,
    ReminderComesOnItsDay: Route.PROCESS_OWNER,
    **REACHABLE,
    **PRICED,
    ContactCanAnswer: Route.DEAL_OWNER,
}

VOID: Mapping[type[Expectation], Route] = {
    **KNOWN,
    AmountIsNamed: Route.INTEGRATION_OWNER,
    CurrencyIsTheDeals: Route.PROCESS_OWNER,
    VoidedIsInvoiced: Route.PROCESS_OWNER,
    NothingIsPaidYet: Route.PROCESS_OWNER,
}
