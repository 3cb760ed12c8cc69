"""What must hold before an offer is drafted, or drafted anew, and a person is asked to stand for it."""

# ruff: noqa: N815 - `column_A` and `column_B` are Great Expectations' names

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from contracts.thresholds import thresholds
from expectations.deal import KNOWN, PRICED, REACHABLE, CurrencyIsTheDeals, DealIsNotLost
from expectations.named import (
    ExpectColumnPairValuesToBeEqual,
    ExpectColumnValuesToBeBetween,
    ExpectColumnValuesToNotBeNull,
    FailureSeverity,
    Named,
)
from expectations.report import Kind, Route

USUAL = thresholds().payment_days


class LinesAddUp(ExpectColumnPairValuesToBeEqual, Named):
    """The client reads the lines and pays the sum."""

    column_A: str = "lines_total"
    column_B: str = "amount"
    description: str = "The lines add up to the amount, to the cent"
    kind: ClassVar = Kind.TOTAL
    fix: ClassVar = "let the lines and the amount agree in the offer, or in the decision that it rests on"


class ClausesAreLookedUp(ExpectColumnValuesToNotBeNull, Named):
    """Not looked up is not the same as none."""

    column: str = "unapproved_clauses"
    description: str = "Every clause that was asked for has been looked up in the clause library"
    kind: ClassVar = Kind.REFERENCE
    fix: ClassVar = "let engineering see why the clause library was not read"


class ClausesAreApproved(ExpectColumnValuesToBeBetween, Named):
    """The company promises nothing that nobody has released."""

    column: str = "unapproved_clauses"
    max_value: Any = 0
    description: str = "Every clause that was asked for is in the clause library and approved"
    kind: ClassVar = Kind.REFERENCE
    fix: ClassVar = "take the clause out of the offer, or have it approved in the clause library"


class OfferHasClauses(ExpectColumnValuesToBeBetween, Named):
    """An offer without terms leaves open what the company owes."""

    column: str = "clauses"
    min_value: Any = 1
    description: str = "Every offer holds at least one approved clause"
    kind: ClassVar = Kind.RANGE
    fix: ClassVar = "approve a clause for the service in the clause library"


class OfferNamesItsService(ExpectColumnValuesToNotBeNull, Named):
    """It gets the general clauses only, which a person may want."""

    column: str = "service"
    description: str = "Every offer says which service it is for, so that the clauses of that service are in it"
    kind: ClassVar = Kind.COMPLETENESS
    fix: ClassVar = "enter the service of the deal in the CRM, if its clauses are to be in the offer"
    severity: FailureSeverity = FailureSeverity.WARNING


class PaymentTermIsUsual(ExpectColumnValuesToBeBetween, Named):
    """Longer terms are a person's to grant, and sometimes are."""

    column: str = "payment_days"
    max_value: Any = USUAL.value
    why: ClassVar = USUAL.reason
    description: str = f"Payment is due within {USUAL.value} days of the invoice"
    kind: ClassVar = Kind.RANGE
    fix: ClassVar = "shorten the payment term, or know that a longer one was granted"
    severity: FailureSeverity = FailureSeverity.WARNING


PROPOSAL: Mapping[type[Named], Route] = {
    **KNOWN,
    DealIsNotLost: Route.DEAL_OWNER,
    **REACHABLE,
    **PRICED,
    CurrencyIsTheDeals: Route.DEAL_OWNER,
    LinesAddUp: Route.DEAL_OWNER,
    ClausesAreLookedUp: Route.INTEGRATION_OWNER,
    ClausesAreApproved: Route.PROCESS_OWNER,
    OfferHasClauses: Route.PROCESS_OWNER,
    OfferNamesItsService: Route.DEAL_OWNER,
    PaymentTermIsUsual: Route.DEAL_OWNER,
}
"""In the order in which a row's first failure is told; a change is a whole new offer and is held to the same."""
