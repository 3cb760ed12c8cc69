"""Proposes which column of a new source makes which field of an event, with the evidence. Pure; decides nothing for good."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from functools import cache
from pathlib import Path
from typing import Any, get_args

from pydantic import BaseModel, ConfigDict
from rapidfuzz import fuzz

from contracts.columns import Column
from contracts.event import CONTRACTS, newest
from contracts.files import agreed, load
from contracts.mapping import SlugField
from contracts.values import DomainName, EmailAddress, Money, PhoneNumber
from contracts.vocabulary import Others, Vocabulary, fold, vocabularies

SURE, DOUBTFUL = 0.75, 0.5
"""From these scores on a column is proposed, and named as a candidate."""
WEIGHTS = {"name": 0.45, "type": 0.2, "values": 0.35}
ID = "id"
OF_OUR_CRM = {"deal_id", "contact_id", "request_id"}
"""Fields that name a record of our own CRM: what another system calls so is not one."""
FITS: Mapping[str, Mapping[str, float]] = {
    "money": {"integer": 1, "decimal": 1},
    "integer": {"integer": 1},
    "decimal": {"decimal": 1, "integer": 0.5},
    "date": {"date": 1},
    "email": {"email": 1},
    "phone": {"phone": 1, "integer": 0.3},
    "domain": {"domain": 1},
    "slug": {"text": 1, "email": 0.5},
    "word": {"text": 1},
    "text": {"text": 1, "integer": 0.3, "domain": 0.3},
    ID: {"text": 1, "integer": 1},
}
"""How well a column of a type fits a field of a kind; what is not here does not fit at all."""


class Dictionary(BaseModel):
    """What others call our fields."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    fields: Mapping[str, tuple[str, ...]]


@dataclass(frozen=True, slots=True)
class Target:
    """A field of a contract, or the id of a row: its kind, the words it may have, and where it lies."""

    path: str
    kind: str
    words: Vocabulary | None = None
    allowed: frozenset[str] = frozenset()

    def knows(self, text: str) -> str | None:
        """Return the word that a value stands for."""
        if self.allowed and (slug := SlugField(column="x", type="slug").convert(text)) in self.allowed:
            return str(slug)
        return self.words.find(text) if self.words else None


@dataclass(frozen=True, slots=True)
class Candidate:
    """A column that may make a field: how likely, from 0 to 1, and why."""

    target: Target
    column: Column
    score: float
    evidence: str


def targets(event: str) -> list[Target]:
    """Return what an event can be given: the id of the row, then the fields of its newest contract."""
    found = [Target(ID, ID), *_fields(CONTRACTS[event][newest(event)])]
    return [one for one in found if one.path not in OF_OUR_CRM]


def candidates(columns: Sequence[Column], event: str) -> dict[str, list[Candidate]]:
    """Return, for each field of an event, the columns that may make it, the likeliest first."""
    found = {}
    for target in targets(event):
        scored = [_judge(target, column) for column in columns]
        ranked = sorted(scored, key=lambda one: (-one.score, not one.column.is_main, one.column.name))
        found[target.path] = [one for one in ranked if one.score >= DOUBTFUL]
    return found


def choose(found: Mapping[str, Sequence[Candidate]]) -> dict[str, Candidate]:
    """Return the sure candidates, the surest first: a column makes one field, and a field is made by one column."""
    chosen: dict[str, Candidate] = {}
    taken: set[str] = set()
    everybody = sorted((one for some in found.values() for one in some), key=lambda one: -one.score)
    for one in everybody:
        if one.score >= SURE and one.target.path not in chosen and one.column.name not in taken:
            chosen[one.target.path] = one
            taken.add(one.column.name)
    return {path: chosen[path] for path in found if path in chosen}


def alike(text: str, others: Sequence[str]) -> str | None:
    """Return the one of these that a text is a misspelling of: the same but for blanks, signs and a letter or two."""
    plain = {other: fold(other).replace(" ", "") for other in others}
    scored = [(fuzz.ratio(fold(text).replace(" ", ""), folded), other) for other, folded in plain.items()]
    best = max(scored, default=(0.0, ""))
    return best[1] if best[0] >= 92 else None


@cache
def dictionary() -> Mapping[str, tuple[str, ...]]:
    """Return the master data dictionary. Raises FileError."""
    return load_dictionary(agreed() / "dictionary.yaml")


def load_dictionary(path: Path) -> Mapping[str, tuple[str, ...]]:
    """Read a dictionary. Raises FileError."""
    return load(path, Dictionary).fields


def _judge(target: Target, column: Column) -> Candidate:
    fit = FITS[target.kind].get(column.kind, 0.0)
    if not fit or not column.filled or (target.kind == ID and not (column.is_main and column.is_key)):
        return Candidate(target, column, 0.0, "")
    likeness, like = _name(target.path, column.name)
    scores, said = {"name": likeness, "type": fit}, [f"name like “{like}” {likeness:.2f}", f"type {column.kind}"]
    if target.words or target.allowed:
        known = sum(1 for value in column.counts if target.knows(value) is not None)
        share = known / len(column.counts)
        if share > likeness or (target.words and target.words.others is Others.REFUSED):  # an open list is no evidence against
            scores["values"] = share
        if known:
            said.append(f"{known} of {len(column.counts)} words known")
    score = sum(WEIGHTS[name] * one for name, one in scores.items()) / sum(WEIGHTS[name] for name in scores)
    said += [f"{column.empty:.0%} empty", "each once" if column.is_key else f"{len(column.counts)} different"]
    is_likely = max(likeness, scores.get("values", 0.0)) >= DOUBTFUL  # that a text fits a text says nothing
    return Candidate(target, column, round(score, 3) if is_likely else 0.0, ", ".join(said))


def _name(path: str, column: str) -> tuple[float, str]:
    """How alike a column's name is to what a field is called here or elsewhere, and which name that is."""
    names = {  # a lead's company is an opportunity's account
        path.rpartition(".")[2].replace("_", " "),
        path.replace(".", " "),
        *dictionary().get(path.replace("company.", "account."), ()),
    }
    given = fold(column)
    scored = [(max(fuzz.ratio(given, fold(name)), 0.9 * fuzz.token_set_ratio(given, fold(name))), name) for name in names]
    best, name = max(scored)
    return best / 100, name


def _fields(model: type[BaseModel], prefix: str = "") -> Iterator[Target]:
    for name, field in model.model_fields.items():
        kinds = list(_kinds(field.annotation))
        inner = next((one for one in kinds if issubclass(one, BaseModel) and one is not Money), None)
        if inner:
            yield from _fields(inner, f"{prefix}{name}.")
        else:
            yield _target(f"{prefix}{name}", kinds, f"{field.annotation} {field.metadata}")


def _kinds(annotation: Any) -> Iterator[type[Any]]:
    """The classes behind an annotation, those of its alternatives included."""
    if isinstance(annotation, type):
        yield annotation
    for part in get_args(annotation):
        yield from _kinds(part)


def _target(path: str, kinds: Sequence[type[Any]], text: str) -> Target:
    words = vocabularies().get(path.rpartition(".")[2])
    if enum := next((one for one in kinds if issubclass(one, StrEnum)), None):
        allowed = frozenset(str(member) for member in enum)
        words = next((one for one in vocabularies().values() if set(one.words) == allowed), None)
        return Target(path, "word", words, allowed)
    exact: dict[Any, str] = {Money: "money", EmailAddress: "email", PhoneNumber: "phone", DomainName: "domain"}
    exact |= {int: "integer", float: "decimal", date: "date", datetime: "date"}
    kind = next((exact[one] for one in kinds if one in exact), None)
    return Target(path, kind or ("slug" if "pattern=" in text else "text"), words)
