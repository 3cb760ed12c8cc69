"""What must hold before a lead becomes a deal, in words that a salesperson accepts. It must not know where leads come from."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from contracts.domains import MAIL_PROVIDERS
from contracts.thresholds import thresholds
from expectations.named import (
    Column,
    ExpectColumnValuesToBeBetween,
    ExpectColumnValuesToBeNull,
    ExpectColumnValuesToBeUnique,
    ExpectColumnValuesToMatchRegex,
    ExpectColumnValuesToNotBeInSet,
    ExpectColumnValuesToNotBeNull,
    ExpectColumnValuesToNotMatchRegex,
    FailureSeverity,
    Named,
)
from expectations.report import Kind, Route

LARGEST_AMOUNT, SURE_ENOUGH = thresholds().largest_amount, thresholds().sure_enough


class LeadArrivesOnce(ExpectColumnValuesToBeUnique, Named):
    """Two rows of one event would open two deals."""

    column: str = "event_id"
    description: str = "Every lead stands in the batch once"
    kind: ClassVar = Kind.UNIQUENESS
    fix: ClassVar = "let the sender send each lead once, under an id of its own"


class LeadNamesItsCompany(ExpectColumnValuesToNotBeNull, Named):
    """The deal and its folder are named after the company."""

    column: str = "company"
    description: str = "Every lead names the company that asks"
    kind: ClassVar = Kind.COMPLETENESS
    fix: ClassVar = "enter the company at the contact in the CRM, or send the lead again with it"


class LeadNamesTheDomain(ExpectColumnValuesToNotBeNull, Named):
    """The domain is the account's identity."""

    column: str = "domain"
    description: str = "Every lead names the company's web domain, by which we recognise the account"
    kind: ClassVar = Kind.COMPLETENESS
    fix: ClassVar = "enter the company's domain in the CRM, or send the lead again with it"


class DomainIsPlausible(ExpectColumnValuesToMatchRegex, Named):
    """An address such as 10.0.0.1 passes the contract as a domain."""

    column: str = "domain"
    regex: str = r"^(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+(?:[a-z]{2,63}|xn--[a-z0-9-]+)$"
    description: str = "The company's web domain can exist on the internet"
    kind: ClassVar = Kind.VOCABULARY
    fix: ClassVar = "correct the company's domain in the CRM, or send the lead again with the right one"


class DomainIsTheCompanysOwn(ExpectColumnValuesToNotBeInSet, Named):
    """Otherwise everybody with such an address would become one account."""

    column: str = "domain"
    value_set: Any = MAIL_PROVIDERS
    description: str = "The web domain is the company's own, not that of a public mail provider"
    kind: ClassVar = Kind.VOCABULARY
    fix: ClassVar = "enter the company's own domain in the CRM, or send the lead again with it"


class LeadNamesAContactEmail(ExpectColumnValuesToNotBeNull, Named):
    """The address is the contact's identity."""

    column: str = "email"
    description: str = "Every lead names the e-mail address of a person"
    kind: ClassVar = Kind.COMPLETENESS
    fix: ClassVar = "enter the contact's e-mail address in the CRM, or send the lead again with it"


class ContactEmailIsPlausible(ExpectColumnValuesToMatchRegex, Named):
    """The same rule as for domains, behind an @."""

    column: str = "email"
    regex: str = r"^[^@\s]{1,64}@(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+(?:[a-z]{2,63}|xn--[a-z0-9-]+)$"
    description: str = "The person's e-mail address can exist on the internet"
    kind: ClassVar = Kind.VOCABULARY
    fix: ClassVar = "correct the contact's e-mail address in the CRM, or send the lead again with the right one"


class ContactEmailIsSpeltRight(ExpectColumnValuesToBeNull, Named):
    """A letter to a domain that is a slip goes to strangers, or to nobody."""

    column: str = "slip_of"
    description: str = "The e-mail address is not a letter or two off the company's own domain, or a mail provider's"
    kind: ClassVar = Kind.VOCABULARY
    fix: ClassVar = "correct the address at the contact in the CRM, or answer what is suggested by `towline suggestions`"


class ContactCanAnswer(ExpectColumnValuesToNotMatchRegex, Named):
    """A person looks, but the deal goes on."""

    column: str = "email"
    regex: str = r"^(?:no[-_.]?reply|do[-_.]?not[-_.]?reply|mailer-daemon|postmaster)@"
    description: str = "The e-mail address belongs to a person, not to a mailbox that nobody reads"
    kind: ClassVar = Kind.VOCABULARY
    fix: ClassVar = "ask the client for a person's address, and enter it at the contact in the CRM"
    severity: FailureSeverity = FailureSeverity.WARNING


class LeadHasAnOwner(ExpectColumnValuesToNotBeNull, Named):
    """Somebody must be told."""

    column: str = "owner"
    description: str = "Every lead names the seller who owns it"
    kind: ClassVar = Kind.COMPLETENESS
    fix: ClassVar = "enter the owner at the contact in the CRM, or send the lead again with one"


class LeadAmountIsReasonable(ExpectColumnValuesToBeBetween, Named):
    """Cents taken for euros are the usual reason; in major units of any currency."""

    column: str = "amount"
    min_value: Any = 0
    max_value: Any = LARGEST_AMOUNT.value
    why: ClassVar = LARGEST_AMOUNT.reason
    description: str = f"The amount, where there is one, lies between nothing and {LARGEST_AMOUNT.value:,}"
    kind: ClassVar = Kind.RANGE
    fix: ClassVar = "correct the amount where the lead comes from, and send it again"


class LeadAmountNamesItsCurrency(ExpectColumnValuesToNotBeNull, Named):
    """A bare number cannot be invoiced."""

    column: str = "currency"
    row_condition: Any = Column("amount").is_not_null()
    description: str = "Every amount names its currency"
    kind: ClassVar = Kind.CURRENCY
    fix: ClassVar = "enter the currency beside the amount where it comes from, and send it again"


class SourceIsSureOfTheLead(ExpectColumnValuesToBeBetween, Named):
    """Below this a person decides whether it is a lead at all."""

    column: str = "confidence"
    min_value: Any = SURE_ENOUGH.value
    why: ClassVar = SURE_ENOUGH.reason
    description: str = f"The source is sure enough that this is a lead ({SURE_ENOUGH.value} or more)"
    kind: ClassVar = Kind.RANGE
    fix: ClassVar = f"look at the lead; if it is one, send it again with a confidence of {SURE_ENOUGH.value} or more"


LEAD: Mapping[type[Named], Route] = {
    LeadArrivesOnce: Route.INTEGRATION_OWNER,
    LeadNamesItsCompany: Route.PROCESS_OWNER,
    LeadNamesTheDomain: Route.PROCESS_OWNER,
    DomainIsPlausible: Route.PROCESS_OWNER,
    DomainIsTheCompanysOwn: Route.PROCESS_OWNER,
    LeadNamesAContactEmail: Route.PROCESS_OWNER,
    ContactEmailIsPlausible: Route.PROCESS_OWNER,
    ContactEmailIsSpeltRight: Route.PROCESS_OWNER,
    LeadHasAnOwner: Route.PROCESS_OWNER,
    LeadAmountIsReasonable: Route.DEAL_OWNER,
    LeadAmountNamesItsCurrency: Route.DEAL_OWNER,
    SourceIsSureOfTheLead: Route.PROCESS_OWNER,
    ContactCanAnswer: Route.DEAL_OWNER,
}
"""In the order in which a row's first failure is told, each with the way that a failing row goes."""
