"""What must hold before work begins on an approved proposal, in words that a seller and a project lead accept."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from expectations.deal import KNOWN, PRICED, REACHABLE, CurrencyIsTheDeals, DealIsNotLost
from expectations.lead import ContactCanAnswer
from expectations.named import ExpectColumnValuesToBeInSet, ExpectColumnValuesToNotBeNull, Named
from expectations.proposal import LinesAddUp
from expectations.report import Kind, Route


class DecisionIsOnRecord(ExpectColumnValuesToNotBeNull, Named):
    """Whoever says that a proposal was approved must be able to show it."""

    column: str = "decision"
    description: str = "Every approval points at a decision that is on record"
    kind: ClassVar = Kind.REFERENCE
    fix: ClassVar = "let the approval name a decision that `towline decide` has shown"


class DecisionIsAboutThisDeal(ExpectColumnValuesToBeInSet, Named):
    """Otherwise one approval would open every door."""

    column: str = "deal_in_decision"
    value_set: Any = (True,)
    description: str = "The decision that an approval points at is about this deal"
    kind: ClassVar = Kind.REFERENCE
    fix: ClassVar = "let the approval name the decision of its own deal"


class DecisionIsAnApproval(ExpectColumnValuesToBeInSet, Named):
    """One that is still waited for, was rejected, or became void with its content does not bind the company."""

    column: str = "decision"
    value_set: Any = ("approved",)
    description: str = "The decision stands, and it is an approval"
    kind: ClassVar = Kind.VOCABULARY
    fix: ClassVar = "answer the decision with `towline decide`"


class DecisionNamesItsPerson(ExpectColumnValuesToNotBeNull, Named):
    """The machine approves nothing."""

    column: str = "approved_by"
    description: str = "Every approval names the person who gave it"
    kind: ClassVar = Kind.COMPLETENESS
    fix: ClassVar = "let a person answer the decision with `towline decide`"


class ProposalIsOnRecord(ExpectColumnValuesToBeInSet, Named):
    """A document that our index does not have under this deal was put in another one's place."""

    column: str = "document_of_deal"
    value_set: Any = (True,)
    description: str = "The document that was approved stands in our index as one of this deal"
    kind: ClassVar = Kind.REFERENCE
    fix: ClassVar = "let the deal be moved on again from discovery, and the new proposal be approved"


DELIVERY: Mapping[type[Named], Route] = {
    DecisionIsOnRecord: Route.INTEGRATION_OWNER,
    DecisionIsAboutThisDeal: Route.INTEGRATION_OWNER,
    DecisionIsAnApproval: Route.DEAL_OWNER,
    DecisionNamesItsPerson: Route.PROCESS_OWNER,
    ProposalIsOnRecord: Route.INTEGRATION_OWNER,
    **KNOWN,
    DealIsNotLost: Route.DEAL_OWNER,
    **REACHABLE,
    **PRICED,
    CurrencyIsTheDeals: Route.DEAL_OWNER,
    LinesAddUp: Route.INTEGRATION_OWNER,
    ContactCanAnswer: Route.DEAL_OWNER,
}
"""In the order in which a row's first failure is told, each with the way that a failing row goes."""
