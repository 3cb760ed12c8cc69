"""What must hold before an invoice goes out, is told of, reminded of or counted as taken back, in words of an accountant."""

# ruff: noqa: N815 - `column_A` and `column_B` are Great Expectations' names

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from contracts.thresholds import thresholds
from expectations.deal import (
    KNOWN,
    PRICED,
    REACHABLE,
    AmountIsNamed,
    AmountIsReasonable,
    CurrencyIsTheDeals,
    DealIsNotLost,
)
from expectations.lead import ContactCanAnswer
from expectations.named import (
    EITHER_MISSING,
    Column,
    ExpectColumnPairValuesToBeEqual,
    ExpectColumnValuesToBeBetween,
    ExpectColumnValuesToBeInSet,
    ExpectColumnValuesToNotBeNull,
    FailureSeverity,
    Named,
)
from expectations.proposal import LinesAddUp, PaymentTermIsUsual
from expectations.report import Kind, Route

REMINDED = thresholds().reminder_days


class AgreementIsOnRecord(ExpectColumnValuesToNotBeNull, Named):
    """Nobody owes what nobody has agreed to."""

    column: str = "agreed"
    description: str = "Every delivery rests on an amount that was approved"
    kind: ClassVar = Kind.REFERENCE
    fix: ClassVar = "have the offer approved with `towline decide`"


class DeliveredIsAgreed(ExpectColumnPairValuesToBeEqual, Named):
    """More or less than that is a change, which a person must approve first."""

    column_A: str = "amount"
    column_B: str = "agreed"
    description: str = "What was delivered is what was agreed, changes included, to the cent"
    kind: ClassVar = Kind.TOTAL
    fix: ClassVar = "correct what was delivered, or let a change be approved"


class InvoiceIsFound(ExpectColumnValuesToNotBeNull, Named):
    """Nothing can be said of an invoice that the system of record does not have."""

    column: str = "invoice_status"
    description: str = "The billing system has the invoice"
    kind: ClassVar = Kind.COMPLETENESS
    fix: ClassVar = "look for the invoice in the billing system, and let the event name it"


class InvoiceIsTheDeals(ExpectColumnValuesToBeInSet, Named):
    """Money of one deal must not count in another, also where the amounts are alike."""

    column: str = "invoice_of_deal"
    value_set: Any = (True,)
    description: str = "The invoice that the event names stands in our books as one of this deal"
    kind: ClassVar = Kind.REFERENCE
    fix: ClassVar = "find the deal that the invoice belongs to (`towline case`), and let the event name that one"


class InvoiceStatusIsKnown(ExpectColumnValuesToBeInSet, Named):
    """We must know what became of it before we count with it; a deal without an invoice has none to know."""

    column: str = "invoice_status"
    value_set: Any = ("draft", "open", "paid", "void", "uncollectible")
    description: str = "The invoice, where there is one, has a status that we know"
    kind: ClassVar = Kind.VOCABULARY
    fix: ClassVar = "look at the status of the invoice in the billing system, and tell engineering"


class InvoiceIsOut(ExpectColumnValuesToBeInSet, Named):
    """A client may have paid before anybody was told."""

    column: str = "invoice_status"
    value_set: Any = ("open", "paid")
    description: str = "The invoice has gone out: it is open or paid already, no draft and not taken back"
    kind: ClassVar = Kind.VOCABULARY
    fix: ClassVar = "finalise the invoice in the billing system"


class InvoiceIsStillOpen(ExpectColumnValuesToBeInSet, Named):
    """A reminder of a bill that is paid or taken back costs a client's trust."""

    column: str = "invoice_status"
    value_set: Any = ("open",)
    description: str = "The invoice that a client is reminded of is still open"
    kind: ClassVar = Kind.VOCABULARY
    fix: ClassVar = "leave the reminder with `towline leave`: nothing is owed any more"


class AmountIsBilled(ExpectColumnPairValuesToBeEqual, Named):
    """The event may leave the amount to be read; it must not tell another one."""

    column_A: str = "amount"
    column_B: str = "billed"
    ignore_row_if: Any = EITHER_MISSING
    description: str = "The amount that was announced is the one that the billing system shows, to the cent"
    kind: ClassVar = Kind.TOTAL
    fix: ClassVar = "compare the amount with the invoice in the billing system, and correct the one that is wrong"


class CurrencyIsBilled(ExpectColumnPairValuesToBeEqual, Named):
    """As its amount."""

    column_A: str = "currency"
    column_B: str = "billed_currency"
    ignore_row_if: Any = EITHER_MISSING
    description: str = "The currency that was announced is the one that the billing system shows"
    kind: ClassVar = Kind.CURRENCY
    fix: ClassVar = "compare the currency with the invoice in the billing system, and correct the one that is wrong"


class InvoiceHasADueDay(ExpectColumnValuesToNotBeNull, Named):
    """Without it nobody is ever reminded, which a person should know."""

    column: str = "due_on"
    description: str = "The invoice says by which day it is to be paid"
    kind: ClassVar = Kind.COMPLETENESS
    fix: ClassVar = "enter the due day of the invoice in the billing system, if the client is to be reminded"
    severity: FailureSeverity = FailureSeverity.WARNING


class ReminderComesOnItsDay(ExpectColumnValuesToBeInSet, Named):
    """Clients are reminded as the terms say and no oftener."""

    column: str = "days"
    value_set: Any = REMINDED.value
    why: ClassVar = REMINDED.reason
    description: str = f"Clients are reminded {', '.join(map(str, REMINDED.value))} days after the due day, and on no other"
    kind: ClassVar = Kind.VOCABULARY
    fix: ClassVar = "leave the reminder with `towline leave`; the next one comes by itself"


class VoidedIsInvoiced(ExpectColumnPairValuesToBeEqual, Named):
    """Where nothing stands as invoiced any more, it was taken back in the books already."""

    column_A: str = "amount"
    column_B: str = "invoiced"
    row_condition: Any = Column("invoiced") > 0
    description: str = "What was taken back is what was invoiced, to the cent"
    kind: ClassVar = Kind.TOTAL
    fix: ClassVar = "compare the invoice in the billing system with the deal's line (`towline case`), and correct one of them"


class NothingIsPaidYet(ExpectColumnValuesToBeBetween, Named):
    """Money that has come must be given back first."""

    column: str = "paid"
    max_value: Any = 0
    description: str = "Nothing has been paid on the invoice yet"
    kind: ClassVar = Kind.RANGE
    fix: ClassVar = "give the money back in the billing system first, or correct the deal's payment there"


INVOICE: Mapping[type[Named], Route] = {
    **KNOWN,
    DealIsNotLost: Route.DEAL_OWNER,
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

RECEIVABLE: Mapping[type[Named], Route] = {
    **KNOWN,
    InvoiceIsFound: Route.INTEGRATION_OWNER,
    InvoiceIsTheDeals: Route.INTEGRATION_OWNER,
    InvoiceIsOut: Route.PROCESS_OWNER,
    **PRICED,
    AmountIsBilled: Route.INTEGRATION_OWNER,
    CurrencyIsBilled: Route.INTEGRATION_OWNER,
    InvoiceHasADueDay: Route.PROCESS_OWNER,
}

REMINDER: Mapping[type[Named], Route] = {
    **KNOWN,
    InvoiceIsFound: Route.INTEGRATION_OWNER,
    InvoiceIsTheDeals: Route.INTEGRATION_OWNER,
    InvoiceIsStillOpen: Route.PROCESS_OWNER,
    ReminderComesOnItsDay: Route.PROCESS_OWNER,
    **REACHABLE,
    **PRICED,
    AmountIsBilled: Route.INTEGRATION_OWNER,
    CurrencyIsBilled: Route.INTEGRATION_OWNER,
    ContactCanAnswer: Route.DEAL_OWNER,
}

VOID: Mapping[type[Named], Route] = {
    **KNOWN,
    InvoiceIsTheDeals: Route.INTEGRATION_OWNER,
    InvoiceStatusIsKnown: Route.INTEGRATION_OWNER,
    AmountIsNamed: Route.INTEGRATION_OWNER,
    CurrencyIsTheDeals: Route.PROCESS_OWNER,
    VoidedIsInvoiced: Route.PROCESS_OWNER,
    NothingIsPaidYet: Route.PROCESS_OWNER,
}
