"""What a person must decide, and who may; pure. A decision is about one content: other content is another decision."""

from __future__ import annotations

from enum import StrEnum

from contracts.errors import RefusedError
from contracts.owners import Owners

PROPOSAL = "proposal"


class Decision(StrEnum):
    """Where a decision stands. Void: the content changed. Withdrawn: the deal was given up, or another offer took its place."""

    WAITING = "waiting"
    APPROVED = "approved"
    REJECTED = "rejected"
    VOID = "void"
    WITHDRAWN = "withdrawn"


class Verdict(StrEnum):
    """What a person answers."""

    APPROVE = "approve"
    REJECT = "reject"


OUTCOME = {Verdict.APPROVE: Decision.APPROVED, Verdict.REJECT: Decision.REJECTED}


def require_right(owners: Owners, by: str, kind: str, deal_owner: str | None) -> None:
    """Raise RefusedError unless `by` is a named approver of this kind, and not the deal's own owner."""
    if not owners.may_decide(by, kind):
        raise RefusedError(f"{by} is not an approver of a {kind} in contracts/owners.yaml", cause="decision.not_an_approver")
    if by == deal_owner:
        raise RefusedError(f"{by} owns this deal, and nobody approves their own {kind}", cause="decision.own_deal")


def require_reason(verdict: Verdict, reason: str) -> None:
    """Raise RefusedError when somebody rejects without saying why."""
    if verdict is Verdict.REJECT and not reason.strip():
        raise RefusedError("a rejection needs its reason", cause="decision.no_reason")
