"""What must hold before work begins on an approved proposal, in words that a seller and a project lead accept."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from expectations.deal import KNOWN, PRICED, REACHABLE, CurrencyIsTheDeals
from expectations.lead import ContactCanAnswer
from expectations.named import Expectation, ExpectColumnValuesToBeInSet, ExpectColumnValuesToNotBeNull, Named
from expectations.report import Route


class DecisionIsOnRecord(ExpectColumnValuesToNotBeNull, Named):
    """Whoever says that a proposal was approved must be able to show it."""

    column: str = "decision"
    description: str = "Every approval points at a decision that is on record"


class DecisionIsAboutThisDeal(ExpectColumnValuesToBeInSet, Named):
    """Otherwise one approval would open every door."""

    column: str = "deal_in_decision"
    value_set: Any = (True,)
    description: str = "The decision that an approval points at is about this deal"


class DecisionIsAnApproval(ExpectColumnValuesToBeInSet, Named):
    """One that is still waited for, was rejected, or became void with its content does not bind the company."""

    column: str = "decision"
    value_set: Any = ("approved",)
    description: str = "The decision stands, and it is an approval"


class DecisionNamesItsPerson(ExpectColumnValuesToNotBeNull, Named):
    """The machine approves nothing."""

    column: str = "approved_by"
    description: str = "Every approval names the person who gave it"


DELIVERY: Mapping[type[Expectation], Route] = {
    DecisionIsOnRecord: Route.INTEGRATION_OWNER,
    DecisionIsAboutThisDeal: Route.INTEGRATION_OWNER,
    DecisionIsAnApproval: Route.DEAL_OWNER,
    DecisionNamesItsPerson: Route.PROCESS_OWNER,
    **KNOWN,
    **REACHABLE,
    **PRICED,
    CurrencyIsTheDeals: Route.DEAL_OWNER,
    ContactCanAnswer: Route.DEAL_OWNER,
}
"""In the order in which a row's first failure is told, each with the way that a failing row goes."""
