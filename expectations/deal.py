"""What every deal that is under way must have, shared by the suites of its paths."""

# ruff: noqa: N815 - `column_A` and `column_B` are Great Expectations' names

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from expectations.lead import LARGEST_AMOUNT, ContactEmailIsPlausible
from expectations.named import (
    EITHER_MISSING,
    ExpectColumnPairValuesToBeEqual,
    ExpectColumnValuesToBeBetween,
    ExpectColumnValuesToBeUnique,
    ExpectColumnValuesToNotBeInSet,
    ExpectColumnValuesToNotBeNull,
    Named,
)
from expectations.report import Kind, Route


class DealComesOnce(ExpectColumnValuesToBeUnique, Named):
    """Two rows of one case would make two offers, two invoices, or count one payment twice."""

    column: str = "case_id"
    description: str = "Every deal stands in the batch once, so that nothing is done for it twice"
    kind: ClassVar = Kind.UNIQUENESS
    fix: ClassVar = "leave the second event of the deal with `towline leave`"


class DealNamesItsAccount(ExpectColumnValuesToNotBeNull, Named):
    """Folders lie, letters go and bills are made out in the account's name."""

    column: str = "account"
    description: str = "Every deal names the account it is for"
    kind: ClassVar = Kind.COMPLETENESS
    fix: ClassVar = "associate the deal with its company in the CRM"


class DealHasAnOwner(ExpectColumnValuesToNotBeNull, Named):
    """Somebody must prepare the talk, and hear how the deal goes on."""

    column: str = "owner"
    description: str = "Every deal names the seller who owns it"
    kind: ClassVar = Kind.COMPLETENESS
    fix: ClassVar = "enter the owner of the deal in the CRM"


class ClientHasAnEmail(ExpectColumnValuesToNotBeNull, Named):
    """Letters and bills go there."""

    column: str = "email"
    description: str = "Every deal names a person at the client, with an e-mail address to write to"
    kind: ClassVar = Kind.COMPLETENESS
    fix: ClassVar = "associate the deal in the CRM with a contact who has an e-mail address"


class AmountIsNamed(ExpectColumnValuesToNotBeNull, Named):
    """Neither an offer nor an invoice can be made without."""

    column: str = "amount"
    description: str = "Every deal says how much money it is about"
    kind: ClassVar = Kind.COMPLETENESS
    fix: ClassVar = "enter the amount of the deal in the CRM, or of the invoice in the billing system"


class AmountIsReasonable(ExpectColumnValuesToBeBetween, Named):
    """Cents taken for euros are the usual reason; in major units of any currency."""

    column: str = "amount"
    min_value: Any = 0
    strict_min: bool = True
    max_value: Any = LARGEST_AMOUNT.value
    why: ClassVar = LARGEST_AMOUNT.reason
    description: str = f"The amount is above nothing and at most {LARGEST_AMOUNT.value:,}"
    kind: ClassVar = Kind.RANGE
    fix: ClassVar = "correct the amount of the deal in the CRM, or of the invoice in the billing system"


class CurrencyIsTheDeals(ExpectColumnPairValuesToBeEqual, Named):
    """Amounts in two currencies cannot be added up or compared."""

    column_A: str = "currency"
    column_B: str = "line_currency"
    ignore_row_if: Any = EITHER_MISSING
    description: str = "The amount is in the currency in which the deal was agreed"
    kind: ClassVar = Kind.CURRENCY
    fix: ClassVar = "bring the currency of the deal in the CRM, or of the invoice, to the one that was agreed"


class DealIsNotLost(ExpectColumnValuesToNotBeInSet, Named):
    """Work for a client who has said no is nobody's, whatever came first."""

    column: str = "crm_stage"
    value_set: Any = ("lost",)
    description: str = "The deal is not marked as lost in the CRM"
    kind: ClassVar = Kind.SEQUENCE
    fix: ClassVar = "take the deal out of lost in the CRM, or give it up with `towline case cancel`"


KNOWN: Mapping[type[Named], Route] = {
    DealComesOnce: Route.INTEGRATION_OWNER,
    DealNamesItsAccount: Route.DEAL_OWNER,
    DealHasAnOwner: Route.PROCESS_OWNER,
}
"""Whose deal it is, for whom."""

REACHABLE: Mapping[type[Named], Route] = {
    ClientHasAnEmail: Route.DEAL_OWNER,
    ContactEmailIsPlausible: Route.DEAL_OWNER,
}
"""That the client can be written to."""

PRICED: Mapping[type[Named], Route] = {AmountIsNamed: Route.DEAL_OWNER, AmountIsReasonable: Route.DEAL_OWNER}
"""That there is money in it, and not too much."""
