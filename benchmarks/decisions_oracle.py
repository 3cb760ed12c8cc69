"""What may become of a decision, said once more and without the house's code: the judge of `benchmarks/decisions.py`."""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import permutations
from typing import NamedTuple

APPROVERS = ("head-of-sales", "finance-operations", "workplace")
QUORUM = {"proposal": 1, "pair": 2, "trio": 3, "own-pair": 2}
OWN_ALLOWED = frozenset({"own-pair"})
USERS = {
    "holly": ("head-of-sales",),
    "fred": ("finance-operations",),
    "both": ("head-of-sales", "finance-operations"),
    "wim": ("workplace", "delivery-operations"),
    "stan": ("integration",),
    "ada": (),
}


@dataclass
class Times:
    """What holds at the moment: who was taken from the approvers, and who stands in for whom, in the order of naming."""

    revoked: set[str] = field(default_factory=set)
    stand_ins: list[tuple[str, str]] = field(default_factory=list)


class Said(NamedTuple):
    """What somebody tries to answer."""

    by: str
    login: str | None
    verdict: str
    has_reason: bool
    is_right_content: bool


class Stands(NamedTuple):
    """An answer that counts."""

    approver: str
    by: str
    login: str | None
    verdict: str


@dataclass
class Oracle:
    """One decision as it must stand."""

    kind: str
    owner: str
    state: str = "waiting"
    answers: tuple[Stands, ...] = ()
    events: int = 0

    def tries(self, times: Times, said: Said) -> bool:
        """Let somebody try an answer; return whether it must be taken."""
        after = self.after(times, said)
        if after is None:
            return False
        self.state, self.answers = after
        self.events = int(self.state == "approved") or self.events
        return True

    def after(self, times: Times, said: Said) -> tuple[str, tuple[Stands, ...]] | None:
        """Return how it stands after an answer, None where that must change nothing."""
        if self.state != "waiting" or not said.is_right_content or (said.verdict == "reject" and not said.has_reason):
            return None
        names = {said.by, *(USERS[said.login] if said.login else ())}
        if self.kind not in OWN_ALLOWED and self.owner in names:
            return None
        for one in self.answers:
            known_apart = one.login is not None and said.login is not None
            if one.login == said.login if known_apart else one.by in names:
                return None
        taken = {one.approver for one in self.answers}
        offices = [said.by, *(approver for approver, stand_in in times.stand_ins if stand_in == said.by)]
        free = [office for office in offices if self.may(times, office) and office not in taken]
        if not free:
            return None
        answers = (*self.answers, Stands(free[0], said.by, said.login, said.verdict))
        if said.verdict == "reject":
            return "rejected", answers
        valid = [one for one in answers if self.may(times, one.approver)]
        return ("approved" if len(valid) >= QUORUM[self.kind] else "waiting"), answers

    def may(self, times: Times, office: str) -> bool:
        """Say whether an approver may answer this."""
        is_own = office == self.owner and self.kind not in OWN_ALLOWED
        return office in APPROVERS and office not in times.revoked and not is_own

    def any_order(self, times: Times, tried: list[Said]) -> list[tuple[str, tuple[Stands, ...], int]]:
        """Return how it may stand after answers at one moment, with how many of them were taken."""
        found = []
        for order in set(permutations(tried)):
            one = Oracle(self.kind, self.owner, self.state, self.answers, self.events)
            taken = sum(one.tries(times, said) for said in order)
            found.append((one.state, one.answers, taken))
        return found
