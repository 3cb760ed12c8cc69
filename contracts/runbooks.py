"""Runbooks: what people do about a failure, a Markdown file a class of failures, with the rules that each explains.

What a rule says now is held against what it said when the runbook was last read beside it. It must not know who opens one.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase
from functools import cache
from pathlib import Path
from typing import Annotated, Any

from pydantic import Field, ValidationError
from ruamel.yaml import YAML

from contracts.catalog import Catalog, catalog
from contracts.files import OWN, FileError, agreed, at, read
from contracts.front_matter import read_parts
from contracts.values import Contract, Name, Slug

ROOT = OWN.parent
FOLDER = ROOT / "docs" / "runbooks"
PARTS = ("What failed", "Verify the impact", "Who approves the workaround", "When to escalate")
OTHERWISE = "unknown-event"
"""The runbook of what nobody has foreseen."""
OPERATIONS = "contracts/catalog/operations.yaml"
Fingerprint = Annotated[str, Field(pattern=r"^[0-9a-f]{12}$", description="What a rule said when the runbook was read")]
Rule = Annotated[
    str,
    Field(pattern=r"^(contracts/[\w./-]+\.yaml(#[\w-]+)?|[\w./-]+\.py)$", description="A file of the house, or an entry of it"),
]
Cause = Annotated[str, Field(pattern=r"^[\w.*/-]+$", description="Causes of exceptions and alerts, with * for any part")]


class Runbook(Contract):
    """One runbook; `causes` are failures that it is for beside those of the events and operations that name it."""

    name: Slug
    title: Name
    version: Annotated[int, Field(strict=True, ge=1)]
    owner: Slug
    causes: tuple[Cause, ...] = ()
    explains: Annotated[Mapping[Rule, Fingerprint], Field(min_length=1)]
    body: str

    @property
    def file(self) -> str:
        """The file's name, which is also that of its page."""
        return f"{self.name}.md"


@dataclass(frozen=True, slots=True)
class Runbooks:
    """All runbooks by name, which event or operation names which, and what the rules that they explain say now."""

    found: Mapping[str, Runbook]
    named: Mapping[str, str]
    rules: Mapping[str, str]

    def of(self, cause: str, event_type: str) -> Runbook:
        """Return the runbook for a cause: the one that says so most exactly, else that of its event or operation."""
        claims = [(len(one), book) for book in self.found.values() for one in book.causes if fnmatchcase(cause, one)]
        if claims:
            return max(claims, key=lambda claim: claim[0])[1]
        return self.found[self.named.get(event_type, OTHERWISE)]

    def count(self, causes: Iterable[Any]) -> Counter[str]:
        """Return by runbook how many exceptions lead to it, of open causes with the number of their `deals`."""
        counted = Counter[str]()
        for one in causes:
            counted[self.of(one.cause, one.event_type).name] += one.deals
        return counted

    def failures(self, runbook: Runbook) -> list[str]:
        """Return what a runbook is for: events and operations that name it, and further causes."""
        return [*(name for name, book in self.named.items() if book == runbook.name), *runbook.causes]

    def outdated(self, runbook: Runbook) -> list[str]:
        """Return the rules that say something else by now than what the runbook explains."""
        return [rule for rule, said in runbook.explains.items() if self.rules[rule] != said]


@cache
def runbooks() -> Runbooks:
    """Return the runbooks of this house, read once. Raises FileError."""
    return load_runbooks(catalog(), agreed())


def load_runbooks(catalog: Catalog, agreed: Path, folder: Path = FOLDER) -> Runbooks:
    """Read every runbook of `folder` and check that they fit the catalog that lies in `agreed`, and each other.

    Raises:
        FileError: a file is wrong; the text names file, line and field.
    """
    found = {path.stem: load_runbook(path) for path in sorted(folder.glob("*.md"))}
    named = {event: _name(entry.runbook) for event, entry in catalog.entries.items()}
    named |= {operation.flow: _name(operation.runbook) for operation in catalog.operations}
    if OTHERWISE not in found:
        raise FileError(f"{folder}: there is no {OTHERWISE}.md, which is for what nobody has foreseen")
    _require_all_named(catalog, agreed, found)
    explained = _explained(catalog)
    rules: dict[str, str] = {}
    claimed: dict[str, str] = {}
    for runbook in found.values():
        for loc, why in _faults(runbook, catalog, explained.get(runbook.name, []), claimed):
            raise FileError(_at(folder / runbook.file, loc, why))
        for rule in runbook.explains:
            try:
                rules[rule] = rules.get(rule) or _said(rule, agreed)
            except LookupError:
                raise FileError(_at(folder / runbook.file, ("explains", rule), "is not there")) from None
        claimed |= dict.fromkeys(runbook.causes, runbook.name)
    return Runbooks(found, named, rules)


def load_runbook(path: Path) -> Runbook:
    """Read one runbook.

    Raises:
        FileError: it cannot be read, has no front matter, does not fit `Runbook`, or lacks one of its four parts.
    """
    front, body, begins = read_parts(path)
    lines = body.splitlines()
    title = next((line.removeprefix("# ") for line in lines if line.startswith("# ")), "")
    if given := next((name for name in ("name", "title", "body") if name in front), None):
        raise FileError(at(path, front, (given,), "is told by the file itself"))
    try:
        runbook = Runbook.model_validate({**front, "name": path.stem, "title": title, "body": body})
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        if first["loc"] == ("title",):
            raise FileError(f"{path}:{begins + 1}: title: there is no line that begins with #") from None
        loc = tuple(part for part in first["loc"] if part != "[key]")
        raise FileError(at(path, front, loc, first["msg"])) from None
    for line, why in _missing(lines):
        raise FileError(f"{path}:{begins + line}: {why}")
    return runbook


def _missing(lines: list[str]) -> Iterator[tuple[int, str]]:
    """What is wrong with the four parts, by the line of the text, counted from one."""
    heads = [(number, line.removeprefix("## ")) for number, line in enumerate(lines, 1) if line.startswith("## ")]
    for place, part in enumerate(PARTS):
        if place >= len(heads):
            yield len(lines), f"“{part}” is missing: the parts are {', '.join(PARTS)}"
        elif heads[place][1] != part:
            yield heads[place][0], f"{heads[place][1]}: here stands “{part}”: the parts are {', '.join(PARTS)}"
        else:
            end = heads[place + 1][0] - 1 if place + 1 < len(heads) else len(lines)
            if not any(line.strip() for line in lines[heads[place][0] : end]):
                yield heads[place][0], f"“{part}” says nothing"
    for number, head in heads[len(PARTS) :]:
        yield number, f"{head}: is a part too many"


def _faults(
    runbook: Runbook, catalog: Catalog, rules: list[str], claimed: Mapping[str, str]
) -> Iterator[tuple[tuple[str | int, ...], str]]:
    if runbook.owner not in catalog.owners.owners:
        yield ("owner",), "is nobody in owners.yaml"
    for place, cause in enumerate(runbook.causes):
        if cause in claimed:
            yield ("causes", place), f"{cause} is {claimed[cause]}'s already"
    for rule in rules:
        if rule not in runbook.explains:
            yield ("explains",), f"{rule} names this runbook, and is not explained"
    if not rules and not runbook.causes:
        yield ("causes",), "no failure leads here: no cause is named, and no event or operation names this runbook"


def _require_all_named(catalog: Catalog, agreed: Path, found: Mapping[str, Runbook]) -> None:
    """Refuse a runbook's name, in the catalog's own place, where there is none."""
    for event, entry in catalog.entries.items():
        if _name(entry.runbook) not in found:
            raise FileError(_in_catalog(agreed / "catalog" / f"{event}.yaml", ("runbook",), entry.runbook))
    for place, operation in enumerate(catalog.operations):
        if _name(operation.runbook) not in found:
            path = agreed / OPERATIONS.removeprefix("contracts/")
            raise FileError(_in_catalog(path, ("operations", place, "runbook"), operation.runbook))


def _explained(catalog: Catalog) -> Mapping[str, list[str]]:
    """By runbook the entries of the catalog that name it."""
    found: dict[str, list[str]] = {}
    for event, entry in catalog.entries.items():
        found.setdefault(_name(entry.runbook), []).append(f"contracts/catalog/{event}.yaml")
    for operation in catalog.operations:
        found.setdefault(_name(operation.runbook), []).append(f"{OPERATIONS}#{operation.flow}")
    return found


def _said(rule: str, agreed: Path) -> str:
    """The fingerprint of what a rule says now: of agreed files their values, so that a comment changes nothing; of code its text.

    Raises:
        LookupError: there is no such file, or no such entry in it.
    """
    name, _, part = rule.partition("#")
    path = agreed / name.removeprefix("contracts/") if name.endswith(".yaml") else ROOT / name
    if not path.is_file():
        raise LookupError(rule)
    text = path.read_text(encoding="utf-8")
    if path.suffix == ".yaml":
        document = YAML(typ="safe").load(text)
        text = json.dumps(_entry(document, part) if part else document, sort_keys=True, default=str)
    return hashlib.sha256(text.encode()).hexdigest()[:12]


def _entry(document: Any, part: str) -> Any:
    """An operation by its flow, or what stands under a key."""
    operations = {one["flow"]: one for one in document.get("operations", ())}
    return (operations or document)[part]


def _name(file: str) -> str:
    return re.sub(r"^docs/runbooks/|\.md$", "", file)


def _at(path: Path, loc: tuple[str | int, ...], why: str) -> str:
    return at(path, read_parts(path).front, loc, why)


def _in_catalog(path: Path, loc: tuple[str | int, ...], runbook: str) -> str:
    return at(path, read(path), loc, f"there is no {runbook}")
