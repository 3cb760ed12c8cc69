"""What a person must decide, and whose answer counts for whom; pure. A decision is about one content, another about another."""

from __future__ import annotations

import contextlib
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple

from contracts.decisions import Policy
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


class Speaker(NamedTuple):
    """Who answers: the owner in whose name; of somebody signed in also their login, and all owners that they speak for."""

    by: str
    login: str | None = None
    owners: Collection[str] = ()

    @property
    def names(self) -> frozenset[str]:
        """Every owner that they are."""
        return frozenset((self.by, *self.owners))


class Answer(NamedTuple):
    """An answer that was taken: the approver for whom it counts, who gave it, and what they said."""

    approver: str
    by: str
    login: str | None
    verdict: str


class StandIn(NamedTuple):
    """An approver, and who answers for them at present."""

    approver: str
    stand_in: str


@dataclass(frozen=True, slots=True)
class Rules:
    """The rules of one decision: who answers for what kind, how many, and whose deal it is."""

    owners: Owners
    policy: Policy
    kind: str
    deal_owner: str | None

    @property
    def approvers(self) -> list[str]:
        """Whoever may answer: the named approvers of the kind, without the deal's own owner unless the policy lets them."""
        return [key for key in self.owners.owners if self.owners.may_decide(key, self.kind) and not self._is_own((key,))]

    def approver_of(self, speaker: Speaker, stand_ins: Iterable[StandIn], given: Sequence[Answer]) -> str:
        """Return the approver for whom an answer counts: the speaker's own name, or one for whom they stand in.

        Raises:
            RefusedError: they may not answer this, or have answered it already.
        """
        by, asked = speaker.by, f"a {self.kind}"
        approvers = [by] if self.owners.may_decide(by, self.kind) else []
        approvers += [one.approver for one in stand_ins if one.stand_in == by and one.approver in self.approvers]
        if not approvers:
            why = f"{by} is not an approver of {asked} in contracts/owners.yaml, and stands in for nobody who may answer this"
            raise RefusedError(why, cause="decision.not_an_approver")
        if self._is_own(speaker.names):
            raise RefusedError(f"{by} owns this deal, and nobody approves their own {self.kind}", cause="decision.own_deal")
        if mine := [one for one in given if _is_of(one, speaker)]:
            raise RefusedError(f"{said(mine)} has answered this already; each person counts once", cause="decision.answered")
        answered = {one.approver for one in given}
        free = [one for one in approvers if one not in answered]
        if not free:
            before = said([one for one in given if one.approver in approvers])
            raise RefusedError(f"{before} has answered this already", cause="decision.answered")
        return free[0]

    def hat_of(
        self, owners: Iterable[str], names: Collection[str], login: str, stand_ins: Sequence[StandIn], given: Sequence[Answer]
    ) -> StandIn | None:
        """Return in whose name of `owners` somebody may answer, and for whom it would count; None where they may not."""
        for owner in owners:
            with contextlib.suppress(RefusedError):
                return StandIn(self.approver_of(Speaker(owner, login, names), stand_ins, given), owner)
        return None

    def missing(self, given: Iterable[Answer]) -> int:
        """Return how many approvals are missing still; those of who may not answer any more do not count."""
        approved = {one.approver for one in given if one.verdict == Verdict.APPROVE and self._counts(one)}
        return max(0, self.policy.quorum - len(approved))

    def outcome(self, given: Sequence[Answer]) -> Decision:
        """Return what answers amount to: one rejection rejects, a quorum of approvals approves, with fewer it waits."""
        if any(one.verdict == Verdict.REJECT and self._counts(one) for one in given):
            return Decision.REJECTED
        return Decision.WAITING if self.missing(given) else Decision.APPROVED

    def turn(self, turns: int) -> str | None:
        """Return whose turn it is after so many, None while it is every approver's."""
        return self.policy.route[min(turns, len(self.policy.route)) - 1] if turns else None

    def next_turn(self, turns: int) -> tuple[int, str] | None:
        """Return whose turn it becomes after so many turns, and how many there were then; None behind the end of the route."""
        route = self.policy.route
        return next(((place + 1, one) for place, one in enumerate(route) if place >= turns and one in self.approvers), None)

    def _counts(self, answer: Answer) -> bool:
        return answer.approver in self.approvers and not self._is_own((answer.by,))

    def _is_own(self, names: Collection[str]) -> bool:
        return not self.policy.own and self.deal_owner in names


def said(given: Iterable[Answer]) -> str:
    """Return who answered, as people read it: `finance-operations, integration for head-of-sales`."""
    return ", ".join(one.by if one.by == one.approver else f"{one.by} for {one.approver}" for one in given)


def require_reason(verdict: Verdict, reason: str) -> None:
    """Raise RefusedError when somebody rejects without saying why."""
    if verdict is Verdict.REJECT and not reason.strip():
        raise RefusedError("a rejection needs its reason", cause="decision.no_reason")


def _is_of(answer: Answer, speaker: Speaker) -> bool:
    """Whether this person has given an answer; one that names no login is of everybody who speaks for its owner."""
    if answer.login is None or speaker.login is None:
        return answer.by in speaker.names
    return answer.login == speaker.login
