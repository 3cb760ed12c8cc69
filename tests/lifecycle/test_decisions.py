"""Who may decide is written down, and the machine and the deal's own owner are never among them."""

from __future__ import annotations

from uuid import UUID

import pytest

from contracts.catalog import catalog
from contracts.errors import RefusedError
from lifecycle import keys
from lifecycle.decisions import PROPOSAL, Verdict, require_reason, require_right

CASE = UUID(int=1)


@pytest.mark.parametrize("by", ["head-of-sales", "finance-operations"])
def test_a_named_approver_may_decide(by: str) -> None:
    require_right(catalog().owners, by, PROPOSAL, "sales-1")


@pytest.mark.parametrize(
    ("by", "cause"),
    [("towline", "not_an_approver"), ("integration", "not_an_approver"), ("", "not_an_approver"), ("head-of-sales", "own_deal")],
)
def test_nobody_else_may(by: str, cause: str) -> None:
    with pytest.raises(RefusedError) as refused:
        require_right(catalog().owners, by, PROPOSAL, "head-of-sales")
    assert refused.value.cause == f"decision.{cause}"


def test_a_rejection_needs_its_reason_and_an_approval_none() -> None:
    require_reason(Verdict.APPROVE, "")
    with pytest.raises(RefusedError, match="needs its reason"):
        require_reason(Verdict.REJECT, "  ")


def test_other_content_is_another_decision() -> None:
    first = keys.decision_id(CASE, "doc", "aa")
    assert first == keys.decision_id(CASE, "doc", "aa")
    assert len({first, keys.decision_id(CASE, "doc", "ab"), keys.decision_id(CASE, "other", "aa")}) == 3
