"""Proposes the value that an event which stopped should have had, from what we know. Pure; it neither decides nor writes."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from cleanco import basename
from rapidfuzz.distance import OSA

from contracts.autonomy import Stop
from contracts.domains import MAIL_PROVIDERS
from contracts.event import misfits
from contracts.vocabulary import fold, vocabularies
from lifecycle.confidence import Grounds

CLEAR = 0.15
"""By how much the nearest must be nearer than the next one."""
FOR_A_BEGINNING = 0.9
"""How near a domain is to what was written as its beginning: `ada@northwind`."""


@dataclass(frozen=True, slots=True)
class Account:
    """A company that we know, by its name and domain, and how many days ago it was heard of last."""

    name: str
    domain: str
    age_days: float


@dataclass(frozen=True, slots=True)
class Stopped:
    """An event that stopped: its data, its contract, and how many days old it is."""

    event_type: str
    contract: str
    data: Mapping[str, Any]
    age_days: float

    def text(self, path: str) -> str | None:
        """Return the text that stands at a field of the data, None where there is none."""
        found: Any = self.data
        for name in path.split("."):
            found = found.get(name) if isinstance(found, Mapping) else None
        return found.strip() or None if isinstance(found, str) else None

    def has_place(self, path: str) -> bool:
        """Say whether the event tells what a field belongs to itself, and does not leave it to be read in the CRM."""
        parent = path.rpartition(".")[0]
        return not parent or isinstance(self.data.get(parent), Mapping)


@dataclass(frozen=True, slots=True)
class Known:
    """What a proposal stands on: accounts, and which word was accepted for what was written, and never refused."""

    accounts: Sequence[Account] = ()
    accepted: Collection[tuple[str, str]] = ()


@dataclass(frozen=True, slots=True)
class Proposal:
    """What was written, what is proposed in its place, and why; nothing where nothing fits."""

    was: str | None
    value: str | None = None
    grounds: Grounds | None = None


def propose(action: str, stop: Stop, stopped: Stopped, known: Known) -> Proposal:
    """Return what an action proposes for a stopped event; never a value that its contract would refuse."""
    was = stopped.text(stop.field)
    near = PROPOSERS[action](stop, stopped, known) if stopped.has_place(stop.field) else None
    if near is None or near.value == was:
        return Proposal(was)
    bad = misfits(stopped.contract, put(stopped.data, stop.field, near.value), event_type=stopped.event_type)
    if any(field == stop.field for field, _ in bad):
        return Proposal(was)
    return Proposal(was, near.value, Grounds(near.likeness, len(bad), near.age_days, near.rules))


def put(data: Mapping[str, Any], path: str, value: str) -> dict[str, Any]:
    """Return the data with another value at a field; the data itself stays as it is."""
    name, _, rest = path.partition(".")
    inner = data.get(name)
    return {**data, name: put(inner if isinstance(inner, Mapping) else {}, rest, value) if rest else value}


@dataclass(frozen=True, slots=True)
class _Near:
    """The nearest of what we know."""

    value: str
    likeness: float
    age_days: float
    rules: Mapping[str, bool]


def _word(stop: Stop, stopped: Stopped, known: Known) -> _Near | None:
    written = stopped.text(stop.field)
    if written is None or stop.vocabulary is None:
        return None
    vocabulary, folded = vocabularies()[stop.vocabulary], fold(written)
    if exact := vocabulary.find(written):
        return _Near(exact, 1.0, stopped.age_days, {"it is a word that people use for it": True})
    best, likeness, is_clear = _best((word, OSA.normalized_similarity(folded, name)) for name, word in vocabulary.names.items())
    rules = {"no other word is as near": is_clear, "a person has accepted it before": (folded, best) in known.accepted}
    return _Near(best, likeness, stopped.age_days, rules)


def _address(stop: Stop, stopped: Stopped, known: Known) -> _Near | None:
    mailbox, _, domain = (stopped.text(stop.field) or "").lower().replace(",", ".").strip(". ").rpartition("@")
    own = (stopped.text("company.domain") or "").lower()
    candidates = {*([own] if "." in own else []), *MAIL_PROVIDERS}
    if not mailbox or not domain:
        return None
    best, likeness, is_clear = _best((one, _like_domain(domain, one)) for one in candidates)
    rules = {"it is the company's own domain": best == own, "no other domain is as near": is_clear}
    return _Near(f"{mailbox}@{best}", likeness, stopped.age_days, rules)


def _company(stop: Stop, stopped: Stopped, known: Known) -> _Near | None:
    asked = _plain(stopped.text("company.name") or "")
    if not asked:
        return None
    mail = (stopped.text("person.email") or "").lower().rpartition("@")[2]
    found = {one.domain: (OSA.normalized_similarity(asked, _plain(one.name)), one.age_days) for one in known.accounts}
    if mail and mail not in MAIL_PROVIDERS:
        label = mail.partition(".")[0].replace("-", "")
        likeness = max(OSA.normalized_similarity(asked.replace(" ", ""), label), found.get(mail, (0.0, 0.0))[0])
        found[mail] = likeness, stopped.age_days
    if not found:
        return None
    best, likeness, is_clear = _best((domain, score) for domain, (score, _) in found.items())
    rules = {"the person's address has the same domain": best == mail, "no other company is as near": is_clear}
    return _Near(best, likeness, found[best][1], rules)


PROPOSERS: Mapping[str, Callable[[Stop, Stopped, Known], _Near | None]] = {
    "correct_vocabulary": _word,
    "correct_email": _address,
    "match_company": _company,
}


def _best(scores: Iterable[tuple[str, float]]) -> tuple[str, float, bool]:
    """Return the nearest, by its best score, how near it is, and whether it is clearly nearer than the next one."""
    by_name: dict[str, float] = {}
    for one, score in scores:
        by_name[one] = max(score, by_name.get(one, 0.0))
    (name, likeness), *others = sorted(by_name.items(), key=lambda one: (-one[1], one[0]))
    return name, likeness, not others or likeness - others[0][1] >= CLEAR


def _like_domain(written: str, domain: str) -> float:
    beginning = FOR_A_BEGINNING if domain.partition(".")[0] == written else 0.0
    return max(OSA.normalized_similarity(written, domain), beginning)


@lru_cache(maxsize=20_000)
def _plain(name: str) -> str:
    """A company's name as it is compared: folded, without its legal form."""
    return fold(basename(name))
