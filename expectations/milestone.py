"""What must hold before a milestone is told, to the team and, where a note is approved for them, to the client."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from expectations.deal import DealHasAnOwner, DealIsNotLost, DealNamesItsAccount
from expectations.named import (
    Column,
    ExpectColumnValuesToBeBetween,
    ExpectColumnValuesToNotBeNull,
    ExpectCompoundColumnsToBeUnique,
    FailureSeverity,
    Named,
)
from expectations.report import Kind, Route

OF_ITS_DEAL = ["case_id", "milestone"]


class MilestoneIsToldOnce(ExpectCompoundColumnsToBeUnique, Named):
    """Two milestones of a deal are two pieces of news; the same one twice is one too many."""

    column_list: Any = OF_ITS_DEAL
    description: str = "Every milestone of a deal stands in the batch once"
    kind: ClassVar = Kind.UNIQUENESS
    fix: ClassVar = "leave the second event of the milestone with `towline leave`"


class DeliveryIsUnderWay(ExpectColumnValuesToNotBeNull, Named):
    """Nobody can be on the way to the end of what was not begun."""

    column: str = "request"
    description: str = "Every milestone belongs to a delivery request that is open in the CRM"
    kind: ClassVar = Kind.REFERENCE
    fix: ClassVar = "open the delivery request of the deal in the CRM"


class ClientCanReadTheUpdate(ExpectColumnValuesToNotBeNull, Named):
    """Approved notes go out by e-mail; without any, no letter goes out and no address is needed."""

    column: str = "email"
    row_condition: Any = Column("approved_notes") > 0
    description: str = "Where notes are approved for the client, the deal names an e-mail address to send them to"
    kind: ClassVar = Kind.COMPLETENESS
    fix: ClassVar = "associate the deal in the CRM with a contact who has an e-mail address"


class MilestoneHasAnApprovedNote(ExpectColumnValuesToBeBetween, Named):
    """The team is told all the same."""

    column: str = "approved_notes"
    min_value: Any = 1
    description: str = "At least one note on the milestone is approved for the client, who hears nothing of it otherwise"
    kind: ClassVar = Kind.RANGE
    fix: ClassVar = "approve a note on the deal in the CRM, if the client is to hear of it"
    severity: FailureSeverity = FailureSeverity.WARNING


MILESTONE: Mapping[type[Named], Route] = {
    MilestoneIsToldOnce: Route.INTEGRATION_OWNER,
    DeliveryIsUnderWay: Route.PROCESS_OWNER,
    DealIsNotLost: Route.DEAL_OWNER,
    DealNamesItsAccount: Route.DEAL_OWNER,
    DealHasAnOwner: Route.PROCESS_OWNER,
    ClientCanReadTheUpdate: Route.DEAL_OWNER,
    MilestoneHasAnApprovedNote: Route.PROCESS_OWNER,
}
"""In the order in which a row's first failure is told, each with the way that a failing row goes."""
