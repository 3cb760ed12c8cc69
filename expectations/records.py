"""What must hold of the CRM's own records, whether or not anything happens to them; judged every night."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar, Final

from contracts.thresholds import thresholds
from contracts.vocabulary import vocabularies
from expectations.lead import LARGEST_AMOUNT, ContactEmailIsPlausible, DomainIsPlausible
from expectations.named import (
    Column,
    ExpectColumnValuesToBeBetween,
    ExpectColumnValuesToBeInSet,
    ExpectColumnValuesToBeNull,
    ExpectColumnValuesToNotBeInSet,
    ExpectColumnValuesToNotBeNull,
    FailureSeverity,
    Named,
)
from expectations.report import Kind, Route

IDLE = thresholds().idle_days


class RecordHasAName(ExpectColumnValuesToNotBeNull, Named):
    """Nobody finds what has none."""

    column: str = "name"
    description: str = "Every record has a name"
    kind: ClassVar = Kind.COMPLETENESS
    fix: ClassVar = "enter the name of the record in the CRM"


class KeyStandsOnce(ExpectColumnValuesToBeNull, Named):
    """Two records under one key are one thing that was made twice."""

    column: str = "same_key"
    description: str = "Our key stands at one record only"
    kind: ClassVar = Kind.UNIQUENESS
    fix: ClassVar = "merge the records with one key in the CRM, and tell engineering"


class CompanyHasADomain(ExpectColumnValuesToNotBeNull, Named):
    """It is the account's identity; some clients have none."""

    column: str = "domain"
    description: str = "Every company has a web domain, by which we recognise it"
    kind: ClassVar = Kind.COMPLETENESS
    fix: ClassVar = "enter the domain of the company in the CRM"
    severity: FailureSeverity = FailureSeverity.WARNING


class DomainStandsOnce(ExpectColumnValuesToBeNull, Named):
    """Deals of one client would be spread over several accounts."""

    column: str = "same_domain"
    description: str = "Each web domain stands at one company only"
    kind: ClassVar = Kind.UNIQUENESS
    fix: ClassVar = "merge the companies with one domain in the CRM"


class ContactHasAnEmail(ExpectColumnValuesToNotBeNull, Named):
    """The address is the contact's identity."""

    column: str = "email"
    description: str = "Every contact has an e-mail address"
    kind: ClassVar = Kind.COMPLETENESS
    fix: ClassVar = "enter the e-mail address of the contact in the CRM, or delete the contact"


class EmailStandsOnce(ExpectColumnValuesToBeNull, Named):
    """A person who stands there twice is written twice."""

    column: str = "same_email"
    description: str = "Each e-mail address stands at one contact only"
    kind: ClassVar = Kind.UNIQUENESS
    fix: ClassVar = "merge the contacts with one address in the CRM"


class DealStandsAtAStage(ExpectColumnValuesToBeInSet, Named):
    """A stage that we do not know sets nothing going."""

    column: str = "stage"
    value_set: Any = tuple(sorted(vocabularies()["stage"].words))
    description: str = "Every deal stands at a stage of our vocabulary"
    kind: ClassVar = Kind.VOCABULARY
    fix: ClassVar = "move the deal to one of our stages in the CRM, or add the stage to `contracts/vocabularies/stage.yaml`"
    severity: FailureSeverity = FailureSeverity.WARNING


class DealBelongsToSomebody(ExpectColumnValuesToNotBeNull, Named):
    """Nobody hears of a deal that is nobody's."""

    column: str = "owner"
    description: str = "Every open deal has an owner"
    row_condition: Any = Column("is_open") == True  # noqa: E712 - a condition of Great Expectations
    kind: ClassVar = Kind.COMPLETENESS
    fix: ClassVar = "enter the owner of the deal in the CRM"


class DealAmountIsReasonable(ExpectColumnValuesToBeBetween, Named):
    """Cents taken for euros are the usual reason; in major units of any currency."""

    column: str = "amount"
    min_value: Any = 0
    max_value: Any = LARGEST_AMOUNT.value
    why: ClassVar = LARGEST_AMOUNT.reason
    description: str = f"The amount, where there is one, is a number between nothing and {LARGEST_AMOUNT.value:,}"
    kind: ClassVar = Kind.RANGE
    fix: ClassVar = "correct the amount of the deal in the CRM"


class DealAmountNamesItsCurrency(ExpectColumnValuesToNotBeNull, Named):
    """The account's own currency is then meant, which an invoice cannot know."""

    column: str = "currency"
    row_condition: Any = Column("amount").is_not_null()
    description: str = "Every amount names its currency"
    kind: ClassVar = Kind.CURRENCY
    fix: ClassVar = "enter the currency of the deal in the CRM"
    severity: FailureSeverity = FailureSeverity.WARNING


class OpenDealMoves(ExpectColumnValuesToBeBetween, Named):
    """What nobody touches for a quarter is mostly over, and counts in every forecast."""

    column: str = "idle_days"
    max_value: Any = IDLE.value
    why: ClassVar = IDLE.reason
    row_condition: Any = Column("is_open") == True  # noqa: E712 - a condition of Great Expectations
    description: str = f"Somebody has changed every open deal within {IDLE.value} days"
    kind: ClassVar = Kind.FRESHNESS
    fix: ClassVar = "bring the deal up to date in the CRM, or mark it as lost"
    severity: FailureSeverity = FailureSeverity.WARNING


class CaseHasItsDeal(ExpectColumnValuesToBeInSet, Named):
    """Somebody has deleted it, or merged it with another one."""

    column: str = "in_crm"
    value_set: Any = (True,)
    description: str = "The deal of every case that is under way is there in the CRM"
    kind: ClassVar = Kind.REFERENCE
    fix: ClassVar = "restore the deal in the CRM, or give it up with `towline case cancel`"


class CaseIsNotLost(ExpectColumnValuesToNotBeInSet, Named):
    """Its webhook did not arrive."""

    column: str = "stage"
    value_set: Any = ("lost",)
    description: str = "No case is under way whose deal is marked as lost in the CRM"
    kind: ClassVar = Kind.SEQUENCE
    fix: ClassVar = "give the deal up with `towline case cancel`, or take it out of lost in the CRM"


class CaseAgreesOnItsCurrency(ExpectColumnValuesToBeInSet, Named):
    """What was offered in one currency is not paid in another."""

    column: str = "same_currency"
    value_set: Any = (True,)
    description: str = "A case and its deal in the CRM are in one currency"
    kind: ClassVar = Kind.CURRENCY
    fix: ClassVar = "bring the currency of the deal in the CRM to the one that was agreed"


RECORDS: Final[Mapping[str, Mapping[type[Named], Route]]] = {
    "companies": {
        RecordHasAName: Route.PROCESS_OWNER,
        KeyStandsOnce: Route.INTEGRATION_OWNER,
        CompanyHasADomain: Route.PROCESS_OWNER,
        DomainIsPlausible: Route.PROCESS_OWNER,
        DomainStandsOnce: Route.PROCESS_OWNER,
    },
    "contacts": {
        RecordHasAName: Route.PROCESS_OWNER,
        KeyStandsOnce: Route.INTEGRATION_OWNER,
        ContactHasAnEmail: Route.PROCESS_OWNER,
        ContactEmailIsPlausible: Route.PROCESS_OWNER,
        EmailStandsOnce: Route.PROCESS_OWNER,
    },
    "deals": {
        RecordHasAName: Route.PROCESS_OWNER,
        KeyStandsOnce: Route.INTEGRATION_OWNER,
        DealStandsAtAStage: Route.PROCESS_OWNER,
        DealBelongsToSomebody: Route.PROCESS_OWNER,
        DealAmountIsReasonable: Route.PROCESS_OWNER,
        DealAmountNamesItsCurrency: Route.PROCESS_OWNER,
        OpenDealMoves: Route.PROCESS_OWNER,
    },
    "cases": {
        CaseHasItsDeal: Route.PROCESS_OWNER,
        CaseIsNotLost: Route.PROCESS_OWNER,
        CaseAgreesOnItsCurrency: Route.PROCESS_OWNER,
    },
}
"""A suite for each kind of record; `cases` are the ledger's, held against what the CRM has of them."""
