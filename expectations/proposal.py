"""What must hold before an offer is drafted, or drafted anew, and a person is asked to stand for it."""

# ruff: noqa: N815 - `column_A` and `column_B` are Great Expectations' names

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from expectations.deal import KNOWN, PRICED, REACHABLE, CurrencyIsTheDeals
from expectations.named import (
    Expectation,
    ExpectColumnPairValuesToBeEqual,
    ExpectColumnValuesToBeBetween,
    ExpectColumnValuesToNotBeNull,
    FailureSeverity,
    Named,
)
from expectations.report import Route

USUAL_DAYS = 60


class LinesAddUp(ExpectColumnPairValuesToBeEqual, Named):
    """The client reads the lines and pays the sum."""

    column_A: str = "lines_total"
    column_B: str = "amount"
    description: str = "The lines add up to the amount, to the cent"


class ClausesAreLookedUp(ExpectColumnValuesToNotBeNull, Named):
    """Not looked up is not the same as none."""

    column: str = "unapproved_clauses"
    description: str = "Every clause that was asked for has been looked up in the clause library"


class ClausesAreApproved(ExpectColumnValuesToBeBetween, Named):
    """The company promises nothing that nobody has released."""

    column: str = "unapproved_clauses"
    max_value: Any = 0
    description: str = "Every clause that was asked for is in the clause library and approved"


class OfferHasClauses(ExpectColumnValuesToBeBetween, Named):
    """An offer without terms leaves open what the company owes."""

    column: str = "clauses"
    min_value: Any = 1
    description: str = "Every offer holds at least one approved clause"


class OfferNamesItsService(ExpectColumnValuesToNotBeNull, Named):
    """It gets the general clauses only, which a person may want."""

    column: str = "service"
    description: str = "Every offer says which service it is for, so that the clauses of that service are in it"
    severity: FailureSeverity = FailureSeverity.WARNING


class PaymentTermIsUsual(ExpectColumnValuesToBeBetween, Named):
    """Longer terms are a person's to grant, and sometimes are."""

    column: str = "payment_days"
    max_value: Any = USUAL_DAYS
    description: str = "Payment is due within sixty days of the invoice"
    severity: FailureSeverity = FailureSeverity.WARNING


PROPOSAL: Mapping[type[Expectation], Route] = {
    **KNOWN,
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
