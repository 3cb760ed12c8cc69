"""What every deal that is under way must have, shared by the suites of its paths."""

# ruff: noqa: N815 - `column_A` and `column_B` are Great Expectations' names

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from expectations.lead import LARGEST_AMOUNT, ContactEmailIsPlausible
from expectations.named import (
    EITHER_MISSING,
    Expectation,
    ExpectColumnPairValuesToBeEqual,
    ExpectColumnValuesToBeBetween,
    ExpectColumnValuesToBeUnique,
    ExpectColumnValuesToNotBeNull,
    Named,
)
from expectations.report import Route


class DealComesOnce(ExpectColumnValuesToBeUnique, Named):
    """Two rows of one case would make two offers, two invoices, or count one payment twice."""

    column: str = "case_id"
    description: str = "Every deal stands in the batch once, so that nothing is done for it twice"


class DealNamesItsAccount(ExpectColumnValuesToNotBeNull, Named):
    """Folders lie, letters go and bills are made out in the account's name."""

    column: str = "account"
    description: str = "Every deal names the account it is for"


class DealHasAnOwner(ExpectColumnValuesToNotBeNull, Named):
    """Somebody must prepare the talk, and hear how the deal goes on."""

    column: str = "owner"
    description: str = "Every deal names the seller who owns it"


class ClientHasAnEmail(ExpectColumnValuesToNotBeNull, Named):
    """Letters and bills go there."""

    column: str = "email"
    description: str = "Every deal names a person at the client, with an e-mail address to write to"


class AmountIsNamed(ExpectColumnValuesToNotBeNull, Named):
    """Neither an offer nor an invoice can be made without."""

    column: str = "amount"
    description: str = "Every deal says how much money it is about"


class AmountIsReasonable(ExpectColumnValuesToBeBetween, Named):
    """Cents taken for euros are the usual reason; in major units of any currency."""

    column: str = "amount"
    min_value: Any = 0
    strict_min: bool = True
    max_value: Any = LARGEST_AMOUNT
    description: str = "The amount is above nothing and at most ten million"


class CurrencyIsTheDeals(ExpectColumnPairValuesToBeEqual, Named):
    """Amounts in two currencies cannot be added up or compared."""

    column_A: str = "currency"
    column_B: str = "line_currency"
    ignore_row_if: Any = EITHER_MISSING
    description: str = "The amount is in the currency in which the deal was agreed"


KNOWN: Mapping[type[Expectation], Route] = {
    DealComesOnce: Route.INTEGRATION_OWNER,
    DealNamesItsAccount: Route.DEAL_OWNER,
    DealHasAnOwner: Route.PROCESS_OWNER,
}
"""Whose deal it is, for whom."""

REACHABLE: Mapping[type[Expectation], Route] = {
    ClientHasAnEmail: Route.DEAL_OWNER,
    ContactEmailIsPlausible: Route.DEAL_OWNER,
}
"""That the client can be written to."""

PRICED: Mapping[type[Expectation], Route] = {AmountIsNamed: Route.DEAL_OWNER, AmountIsReasonable: Route.DEAL_OWNER}
"""That there is money in it, and not too much."""
