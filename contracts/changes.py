"""A change of what is agreed: its files, what differs, and who may make it. It must not know where it is written down."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML

from contracts.advice import load_advice_rules
from contracts.alerting import load_alerting
from contracts.autonomy import load_autonomy
from contracts.budgets import load_budgets
from contracts.catalog import load_catalog
from contracts.drift import load_shapes
from contracts.errors import RefusedError
from contracts.files import text_of
from contracts.matrix import load_matrix
from contracts.owners import Owners
from contracts.rules import load_rules
from contracts.runbooks import load_runbooks
from contracts.suggest import load_dictionary
from contracts.thresholds import load_thresholds
from contracts.vocabulary import load_vocabularies

KIND = "contract"
"""What an owner's `approves` names to let them approve a change."""
Texts = Mapping[str, str]
"""All agreed files by their place below `contracts/`."""


@dataclass(frozen=True, slots=True)
class Difference:
    """One value that is not as it was; None where there was, or is, none."""

    file: str
    field: str
    before: Any
    after: Any

    @property
    def text(self) -> str:
        """The difference in one line."""
        if self.before is None:
            return f"{self.file}: {self.field}: {self.after} is new"
        if self.after is None:
            return f"{self.file}: {self.field}: {self.before} is gone"
        return f"{self.file}: {self.field}: {self.before} becomes {self.after}"


def texts(folder: Path) -> Texts:
    """Read the agreed files below a folder, from the catalog to the vocabularies. Raises FileError."""
    return {path.relative_to(folder).as_posix(): text_of(path) for path in sorted(folder.rglob("*.yaml"))}


def fingerprint(agreed: Texts) -> str:
    """Return the SHA-256 of what these files say, comments too: what was approved is what was read."""
    digest = hashlib.sha256()
    for name, text in sorted(agreed.items()):
        digest.update(f"{name}\0{len(text.encode())}\0{text}".encode())
    return digest.hexdigest()


def check(folder: Path) -> None:
    """Read all agreed files below a folder as this version of the house reads them. Raises FileError."""
    catalog = load_catalog(folder)
    load_rules(folder / "rules.yaml", catalog)
    load_thresholds(folder / "thresholds.yaml", catalog)
    load_autonomy(folder / "autonomy.yaml", catalog.owners)
    load_advice_rules(folder / "advice.yaml", catalog)
    load_alerting(folder / "alerting.yaml")
    load_budgets(folder / "budgets.yaml")
    load_dictionary(folder / "dictionary.yaml")
    load_shapes(folder / "shapes")
    load_matrix(folder / "mappings", load_vocabularies(folder / "vocabularies"))
    load_runbooks(catalog, folder)


def differences(before: Texts, after: Texts) -> list[Difference]:
    """Return what differs, value by value, file by file; other comments are one difference of their file."""
    found: list[Difference] = []
    for name in sorted({*before, *after}):
        if before.get(name) != after.get(name):
            was, becomes = _values(before.get(name)), _values(after.get(name))
            fields = [field for field in dict.fromkeys([*was, *becomes]) if was.get(field) != becomes.get(field)]
            found += [Difference(name, field, was.get(field), becomes.get(field)) for field in fields]
            found += [Difference(name, "comments", "one text", "another")] if not fields else []
    return found


def owners_of(agreed: Texts) -> Owners:
    """Return the owners as these files name them: a change of the approvers is judged by those that it would change."""
    return Owners.model_validate(YAML(typ="safe").load(agreed["owners.yaml"]))


def require_author(owners: Owners, by: str, reason: str) -> None:
    """Raise RefusedError unless somebody of the owners proposes, and says why."""
    if by not in owners.owners:
        raise RefusedError(f"{by} is nobody in contracts/owners.yaml", cause="change.unknown_author")
    if not reason.strip():
        raise RefusedError("a change of what is agreed needs its reason", cause="change.no_reason")


def require_second_person(owners: Owners, by: str, author: str) -> None:
    """Raise RefusedError unless another one than the author approves, and is a named approver of changes."""
    if by == author:
        raise RefusedError(f"{by} has proposed this change, and nobody approves their own", cause="change.own")
    if not owners.may_decide(by, KIND):
        raise RefusedError(f"{by} is not an approver of a {KIND} in contracts/owners.yaml", cause="change.not_an_approver")


def _values(text: str | None) -> Mapping[str, Any]:
    return dict(_leaves(YAML(typ="safe").load(text), "")) if text else {}


def _leaves(value: Any, field: str) -> Iterator[tuple[str, Any]]:
    """Each value with the way to it; a list of plain words is one value."""
    if isinstance(value, dict):
        for name, one in value.items():
            yield from _leaves(one, f"{field}.{name}" if field else str(name))
    elif isinstance(value, list) and any(isinstance(one, (dict, list)) for one in value):
        for place, one in enumerate(value):
            yield from _leaves(one, f"{field}[{place}]")
    else:
        yield field, ", ".join(map(str, value)) if isinstance(value, list) else value
