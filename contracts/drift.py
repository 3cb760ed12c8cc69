"""What vendors send beside what we expect of them (`shapes/*.yaml`): a difference by names and types, never by values. Pure."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from contracts.errors import ContractError
from contracts.files import FileError, agreed, at, load, read
from contracts.systems import System

UNREADABLE = "payload.unreadable"
"""The type of an event that keeps what a vendor sent and nobody could read."""
OWNER, ROUTE = "integration", "compare with the vendor's change log, then correct mapping and shape (see the runbook)"
NAMES: Mapping[type[Any], str] = {
    str: "text",
    int: "integer",
    float: "number",
    bool: "flag",
    dict: "object",
    list: "list",
    type(None): "null",
}
TYPES = {name: kind for kind, name in NAMES.items()} | {"decimal": str}
DECIMAL = re.compile(r"[+-]?\d+(\.\d+)?([eE][+-]?\d+)?")
PLAIN = re.compile(r"[A-Za-z0-9_][\w.-]{0,59}", re.ASCII)


class Finding(BaseModel):
    """One difference between what a vendor sent and what we expected."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    vendor: str = Field(pattern=r"^[a-z]+$")
    object: str = Field(pattern=r"^[a-z]+$")
    path: str = Field(pattern=r"^[\w.?-]{1,120}$")
    kind: Literal["unknown", "missing", "word", "type", "unreadable"]
    before: str = Field(max_length=200)
    after: str = Field(max_length=80)

    @property
    def cause(self) -> str:
        """What an exception about it is grouped by; two new words of one field are two."""
        more = f".{self.after}" if self.kind in ("word", "type") else ""
        return f"drift/{self.vendor}/{self.object}/{self.path}/{self.kind}{more}"

    @property
    def text(self) -> str:
        """The exact difference."""
        place = f"{self.vendor} {self.object}.{self.path}"
        return {
            "unknown": f"{place}: a field that is new, {self.after}",
            "missing": f"{place}: does not come any more, was {self.before}",
            "word": f"{place}: a word that is new, {self.after}; known are {self.before}",
            "type": f"{place}: was {self.before}, is {self.after}",
            "unreadable": f"{place}: cannot be read, {self.after}",
        }[self.kind]


class Shape(BaseModel):
    """One object that a vendor sends: its fields by type, those that we cannot do without, closed lists of words."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    required: frozenset[str]
    words: Mapping[str, tuple[str, ...]] = Field(default_factory=dict)
    fields: Mapping[str, str] = Field(min_length=1)

    @cached_property
    def types(self) -> Mapping[str, frozenset[type[Any]]]:
        """The Python types that each field may have."""
        found = {}
        for name, text in self.fields.items():
            kinds = {TYPES[kind] for kind in text.rstrip("?").split(" or ")}
            found[name] = frozenset(kinds | {type(None)} if text.endswith("?") else kinds)
        return found

    @cached_property
    def exact(self) -> Mapping[str, frozenset[str]]:
        """Fields whose value is looked at: the words that it may be, none where it must be a decimal number."""
        decimals = {name: frozenset[str]() for name, text in self.fields.items() if text.startswith("decimal")}
        return decimals | {name: frozenset(words) for name, words in self.words.items()}

    def differences(self, record: Mapping[str, Any], required: Collection[str] = ()) -> Iterator[tuple[str, str, str, str]]:
        """Tell what is different in a record: path, kind, before, after."""
        types, exact = self.types, self.exact
        for name, value in record.items():
            allowed = types.get(name)
            if allowed is None:
                yield _named(name), "unknown", "", NAMES.get(type(value), "object")
            elif type(value) not in allowed:
                yield name, "type", self.fields[name], NAMES.get(type(value), "object")
            elif name in exact and isinstance(value, str) and value:
                if name not in self.words and not DECIMAL.fullmatch(value):
                    yield name, "type", self.fields[name], "text"
                elif name in self.words and value not in exact[name]:
                    yield name, "word", ", ".join(self.words[name])[:200], _named(value)
        for name in (*self.required, *required):
            if name not in record:
                yield name, "missing", self.fields.get(name, "text"), "nothing"

    def expects(self, path: str, kind: str) -> bool:
        """Say whether what was a difference once is expected by now."""
        kind, _, after = kind.partition(".")
        if kind == "word":
            return after in self.words.get(path, (after,))
        if kind == "type":
            return path in self.types and TYPES.get(after) in self.types[path] and not self.fields[path].startswith("decimal")
        return path in self.fields if kind == "unknown" else kind == "missing" and path not in self.fields


class Shapes(BaseModel):
    """All that one vendor sends."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    vendor: str
    system: System
    objects: Mapping[str, Shape]

    def inspect(self, kind: str, record: Any, required: Collection[str] = ()) -> list[Finding]:
        """Return what is different in a record from the shape of its kind; one that is no object is all different."""
        if not isinstance(record, Mapping):
            return [self.found(kind, "body", "type", "object", NAMES.get(type(record), "object"))]
        return [self.found(kind, *difference) for difference in self.objects[kind].differences(record, required)]

    def found(self, kind: str, path: str, what: str, before: str, after: str) -> Finding:
        """Return a finding about one of this vendor's objects."""
        return Finding.model_validate(
            {"vendor": self.vendor, "object": kind, "path": path, "kind": what, "before": before, "after": after}
        )


@dataclass(frozen=True, slots=True)
class Unreadable:
    """What a vendor sent and nobody could read, and why."""

    finding: Finding
    payload: Any


@cache
def shapes() -> Mapping[str, Shapes]:
    """Return the shapes of this house by vendor, read once. Raises FileError."""
    return load_shapes(agreed() / "shapes")


def load_shapes(folder: Path) -> Mapping[str, Shapes]:
    """Read a folder's shapes. Raises FileError, with file, line and field."""
    found = {}
    for path in sorted(folder.glob("*.yaml")):
        one = found[path.stem] = load(path, Shapes)
        for kind, shape in one.objects.items():
            place = ("objects", kind)
            for name, text in shape.fields.items():
                if unknown := set(text.rstrip("?").split(" or ")) - set(TYPES):
                    raise FileError(at(path, read(path), (*place, "fields", name), f"there is no type {unknown.pop()!r}"))
            for name in {*shape.required, *shape.words} - set(shape.fields):
                raise FileError(at(path, read(path), place, f"{name} is not among its fields"))
    return found


def is_expected(cause: str) -> bool:
    """Say whether today's shapes expect what a drift's cause tells of."""
    _, vendor, kind, path, what = (*cause.split("/", 4), "", "", "", "")[:5]
    shape = shapes()[vendor].objects.get(kind) if vendor in shapes() else None
    return shape is None or shape.expects(path, what)


def unreadable(event_type: str, data: Any) -> ContractError | None:
    """Return why an event that keeps an unreadable payload stays in quarantine; None for any other event."""
    if event_type != UNREADABLE:
        return None
    try:
        finding = Finding.model_validate(data.get("finding") if isinstance(data, dict) else None)
    except ValidationError:
        return ContractError("data.finding: does not say what could not be read", field="data.finding", rule="missing")
    return ContractError(finding.text, field=finding.path, rule=finding.kind, cause=finding.cause)


def _named(text: str) -> str:
    """A name or a word as the vendor wrote it, unless it could be personal data itself."""
    return text if PLAIN.fullmatch(text) and not text.isdecimal() else "?"
