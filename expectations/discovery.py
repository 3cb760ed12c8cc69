"""What must hold before a discovery packet is made for a deal, in words that a salesperson accepts."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from contracts.opportunity import SalesStage
from expectations.deal import DealHasAnOwner, DealNamesItsAccount
from expectations.lead import LeadAmountNamesItsCurrency
from expectations.named import (
    ExpectColumnValuesToBeBetween,
    ExpectColumnValuesToBeInSet,
    ExpectColumnValuesToBeUnique,
    Named,
)
from expectations.report import Kind, Route

STAGES = [stage.value for stage in SalesStage]


class DealGetsOnePacket(ExpectColumnValuesToBeUnique, Named):
    """Two rows of one case would make two packets side by side."""

    column: str = "case_id"
    description: str = "Every deal stands in the batch once, so that it gets one discovery packet"
    kind: ClassVar = Kind.UNIQUENESS
    fix: ClassVar = "leave the second event of the deal with `towline leave`"


class DealAmountIsNotNegative(ExpectColumnValuesToBeBetween, Named):
    """A negative amount is a credit, which is no deal."""

    column: str = "amount"
    min_value: Any = 0
    description: str = "The amount, where there is one, is not below nothing"
    kind: ClassVar = Kind.RANGE
    fix: ClassVar = "correct the amount of the deal in the CRM"


class DealStageIsKnown(ExpectColumnValuesToBeInSet, Named):
    """Another stage would put the deal into a column that the sales board does not have."""

    column: str = "stage"
    value_set: Any = STAGES
    description: str = "Every deal stands at one of the sales stages that we work with"
    kind: ClassVar = Kind.VOCABULARY
    fix: ClassVar = "move the deal to one of our sales stages in the CRM"


DISCOVERY: Mapping[type[Named], Route] = {
    DealGetsOnePacket: Route.INTEGRATION_OWNER,
    DealNamesItsAccount: Route.DEAL_OWNER,
    DealHasAnOwner: Route.PROCESS_OWNER,
    DealAmountIsNotNegative: Route.DEAL_OWNER,
    LeadAmountNamesItsCurrency: Route.DEAL_OWNER,
    DealStageIsKnown: Route.DEAL_OWNER,
}
"""In the order in which a row's first failure is told, each with the way that a failing row goes."""
