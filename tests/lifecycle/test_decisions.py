"""Who may decide is written down: never the machine, never the deal's own owner unless the policy says so, each person once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from uuid import UUID

import pytest

from contracts.catalog import catalog
from contracts.errors import RefusedError
from lifecycle import keys
from lifecycle.decisions import PROPOSAL, Answer, Decision, Rules, Speaker, StandIn, Verdict, require_reason, said

CASE = UUID(int=1)
SALES, FINANCE = "head-of-sales", "finance-operations"


def rules(deal_owner: str | None = "sales-1", **policy: object) -> Rules:
    agreed = catalog()
    return Rules(agreed.owners, agreed.policy(PROPOSAL).model_copy(update=policy), PROPOSAL, deal_owner)


def approved(approver: str, *, by: str | None = None, login: str | None = None) -> Answer:
    return Answer(approver, by or approver, login, "approve")


@pytest.mark.parametrize("by", [SALES, FINANCE])
def test_a_named_approver_may_decide(by: str) -> None:
    assert rules().approver_of(Speaker(by), (), ()) == by


@pytest.mark.parametrize(
    ("by", "cause"),
    [("towline", "not_an_approver"), ("integration", "not_an_approver"), ("", "not_an_approver"), (SALES, "own_deal")],
)
def test_nobody_else_may(by: str, cause: str) -> None:
    with pytest.raises(RefusedError) as refused:
        rules(SALES).approver_of(Speaker(by), (), ())
    assert refused.value.cause == f"decision.{cause}"


def test_whoever_owns_the_deal_does_not_answer_it_under_another_name() -> None:
    """Somebody who speaks for two owners is one person."""
    with pytest.raises(RefusedError, match="nobody approves their own"):
        rules(SALES).approver_of(Speaker(FINANCE, "paula", (SALES, FINANCE)), (), ())


def test_the_policy_may_let_the_owner_answer() -> None:
    assert rules(SALES, own=True).approver_of(Speaker(SALES), (), ()) == SALES
    assert rules(SALES, own=True).approvers == [SALES, FINANCE]
    assert rules(SALES).approvers == [FINANCE]


@pytest.mark.parametrize(
    ("stand_ins", "deal_owner", "counts_for"),
    [
        ([(SALES, "integration")], "sales-1", SALES),
        ([(SALES, "integration"), (FINANCE, "integration")], "sales-1", SALES),
        ([(SALES, "integration"), (FINANCE, "integration")], SALES, FINANCE),
        ([(SALES, "integration")], SALES, None),
        ([(SALES, "integration")], "integration", None),
        ([(SALES, "workplace"), ("workplace", "integration")], "sales-1", None),
        ([("delivery-operations", "integration")], "sales-1", None),
    ],
    ids=["for one", "for the first", "for whom it is not their own", "own", "the requester", "chain", "for no approver"],
)
def test_a_stand_in_answers_for_an_approver_and_for_nobody_else(
    stand_ins: Sequence[tuple[str, str]], deal_owner: str, counts_for: str | None
) -> None:
    known = [StandIn(*one) for one in stand_ins]
    if counts_for is not None:
        assert rules(deal_owner).approver_of(Speaker("integration"), known, ()) == counts_for
        return
    with pytest.raises(RefusedError):
        rules(deal_owner).approver_of(Speaker("integration"), known, ())


@pytest.mark.parametrize(
    ("given", "speaker"),
    [
        (approved(SALES), Speaker(SALES)),
        (approved(SALES, login="holly"), Speaker(SALES, "hans", (SALES,))),
        (approved(SALES, login="paula"), Speaker(FINANCE, "paula", (SALES, FINANCE))),
        (approved(SALES), Speaker(FINANCE, "paula", (SALES, FINANCE))),
        (approved(SALES, by="integration"), Speaker(SALES)),
        (approved(SALES, by=FINANCE), Speaker(FINANCE)),
    ],
    ids=["again", "another of the same office", "another office", "an office without login", "stood in for", "has stood in"],
)
def test_each_person_and_each_approver_counts_once(given: Answer, speaker: Speaker) -> None:
    with pytest.raises(RefusedError) as refused:
        rules(quorum=2).approver_of(speaker, (), [given])
    assert refused.value.cause == "decision.answered"


def test_a_quorum_needs_so_many_approvers_and_a_rejection_one() -> None:
    two = rules(quorum=2)
    assert (two.outcome([approved(SALES)]), two.missing([approved(SALES)])) == (Decision.WAITING, 1)
    assert two.outcome([approved(SALES), approved(FINANCE)]) is Decision.APPROVED
    assert two.outcome([approved(SALES), replace_verdict(approved(FINANCE))]) is Decision.REJECTED


def replace_verdict(answer: Answer) -> Answer:
    return answer._replace(verdict="reject")


def test_who_may_not_answer_any_more_does_not_count_any_more() -> None:
    """Given an approval of two, when its approver is taken out of the owners, then two others are needed."""
    people = {
        key: one.model_copy(update={"approves": ()}) if key == SALES else one for key, one in catalog().owners.owners.items()
    }
    after = replace(rules(quorum=2), owners=catalog().owners.model_copy(update={"owners": people}))
    assert after.missing([approved(SALES)]) == 2


def test_a_turn_follows_the_route_past_the_deals_own_owner() -> None:
    assert [rules().next_turn(turns) for turns in range(3)] == [(1, SALES), (2, FINANCE), None]
    assert [rules(SALES).next_turn(turns) for turns in range(3)] == [(2, FINANCE), (2, FINANCE), None]
    assert [rules().turn(turns) for turns in (0, 1, 2, 7)] == [None, SALES, FINANCE, FINANCE]


def test_answers_say_for_whom_they_were_given() -> None:
    assert said([approved(FINANCE), approved(SALES, by="integration")]) == "finance-operations, integration for head-of-sales"


def test_a_rejection_needs_its_reason_and_an_approval_none() -> None:
    require_reason(Verdict.APPROVE, "")
    with pytest.raises(RefusedError, match="needs its reason"):
        require_reason(Verdict.REJECT, "  ")


def test_other_content_is_another_decision_and_so_is_what_is_asked_after_a_void_one() -> None:
    first = keys.decision_id(CASE, "doc", "aa")
    assert first == keys.decision_id(CASE, "doc", "aa")
    others = (
        keys.decision_id(CASE, "doc", "ab"),
        keys.decision_id(CASE, "other", "aa"),
        keys.decision_id(CASE, "doc", "aa", after=first),
    )
    assert len({first, *others}) == 4
