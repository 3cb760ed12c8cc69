"""What a change of a contract means for those who send it, field by field. It compares JSON Schemas, wherever they are from."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

Schema = Mapping[str, Any]
Facts = dict[str, dict[str, Any]]
"""By field (`company.domain`, `notes[].text`, `data` for the whole): what its schema says, keyword by keyword."""


class Grade(StrEnum):
    """What a change means for senders, the worst first."""

    BREAKING = "breaking"
    COMPATIBLE = "compatible"
    COSMETIC = "cosmetic"


@dataclass(frozen=True, slots=True)
class Change:
    """One difference of one field; in words, for people."""

    field: str
    grade: Grade
    text: str


def _ceiling(old: Any, new: Any) -> bool:
    """No old value is above the new limit."""
    return new is None or (old is not None and new >= old)


def _floor(old: Any, new: Any) -> bool:
    """No old value is below the new limit."""
    return new is None or (old is not None and new <= old)


def _choice(old: Any, new: Any) -> bool:
    """Whatever could be chosen still can be."""
    return new is None or (old is not None and set(map(str, old)) <= set(map(str, new)))


def _kinds(old: Any, new: Any) -> bool:
    """Whatever kind of value could stand there still can; a whole number is a number."""
    return new is None or all(kind in new or (kind == "integer" and "number" in new) for kind in old or ["any"])


def _demand(old: Any, new: Any) -> bool:
    """Nothing is demanded that was not."""
    return bool(old) or not new


def _alternatives(old: Any, new: Any) -> bool:
    """Whatever met one of the old sets of fields meets one of the new."""
    return new is None or (old is not None and all(any(set(less) <= set(more) for less in new) for more in old))


def _open(_old: Any, new: Any) -> bool:
    """Unknown fields are let in."""
    return new is not False


def _gone_only(_old: Any, new: Any) -> bool:
    """A rule may go, but nobody can tell what a different one lets through."""
    return new is None


def _never(_old: Any, _new: Any) -> bool:
    """The same payload means something else now."""
    return False


RULES: Mapping[str, Callable[[Any, Any], bool]] = {
    "maximum": _ceiling,
    "exclusiveMaximum": _ceiling,
    "maxLength": _ceiling,
    "maxItems": _ceiling,
    "minimum": _floor,
    "exclusiveMinimum": _floor,
    "minLength": _floor,
    "minItems": _floor,
    "enum": _choice,
    "type": _kinds,
    "required": _demand,
    "uniqueItems": _demand,
    "additionalProperties": _open,
    "one of": _alternatives,
    "pattern": _gone_only,
    "format": _gone_only,
    "const": _gone_only,
    "default": _never,
}
"""By keyword: whether all that was accepted before still is, and means the same. What stands in no table is breaking."""
WORDS = frozenset({"title", "description", "examples"})
"""Keywords that are for people: cosmetic."""


def compare(old: Schema, new: Schema) -> list[Change]:
    """Return every difference between two versions of a schema, the worst first, then by field."""
    before, after = facts_of(old), facts_of(new)
    changes = [change for field in sorted(before.keys() | after.keys()) for change in _of_field(field, before, after)]
    return sorted(changes, key=lambda change: (list(Grade).index(change.grade), change.field))


def worst(changes: list[Change]) -> Grade | None:
    """Return the grade of a change as a whole, None where there is no difference."""
    return min((change.grade for change in changes), key=list(Grade).index, default=None)


def _of_field(field: str, before: Facts, after: Facts) -> Iterator[Change]:
    inside = any(field.startswith((f"{other}.", f"{other}[]")) for other in before.keys() ^ after.keys())
    if inside:
        return  # the field that holds it is new or gone itself
    if field not in before:
        needed = after[field].get("required", False)
        yield Change(field, Grade.BREAKING if needed else Grade.COMPATIBLE, f"new {'required' if needed else 'optional'} field")
    elif field not in after:
        yield Change(field, Grade.BREAKING, "removed: a payload that has it is refused")
    else:
        old, new = before[field], after[field]
        for keyword in sorted(old.keys() | new.keys()):
            if _plain(old.get(keyword)) != _plain(new.get(keyword)):
                yield Change(field, _grade(keyword, old, new), _said(keyword, old, new))


def _grade(keyword: str, old: Mapping[str, Any], new: Mapping[str, Any]) -> Grade:
    if keyword in WORDS:
        return Grade.COSMETIC
    if keyword == "default" and old.get("required"):
        return Grade.COMPATIBLE  # it is for payloads that were refused
    rule = RULES.get(keyword, _never)
    return Grade.COMPATIBLE if rule(old.get(keyword), new.get(keyword)) else Grade.BREAKING


def _said(keyword: str, old: Mapping[str, Any], new: Mapping[str, Any]) -> str:
    if keyword in WORDS:
        return f"{keyword} in other words"
    if keyword == "required":
        return "is required now" if new.get("required") else "is optional now"
    if keyword in ("enum", "type") and old.get(keyword) and new.get(keyword):
        less, more = ([str(v) for v in a[keyword] if v not in b[keyword]] for a, b in ((old, new), (new, old)))
        said = [f"without {', '.join(less)}" * bool(less), f"with {', '.join(more)}" * bool(more)]
        return f"{keyword} {' and '.join(filter(None, said))}"
    return f"{keyword} {_shown(old.get(keyword))} → {_shown(new.get(keyword))}"


def facts_of(schema: Schema) -> Facts:
    """Return what a schema says of each of its fields, references resolved."""
    facts: Facts = {}
    _gather(schema, "data", schema.get("$defs", {}), facts)
    return facts


def _gather(schema: Schema, place: str, defs: Mapping[str, Schema], facts: Facts) -> None:
    plain = _resolved(schema, defs)
    found = {k: v for k, v in plain.items() if k not in ("properties", "required", "items", "$defs", "$schema", "$id")}
    found["type"] = sorted(plain["type"]) if isinstance(plain.get("type"), list) else [plain.get("type", "any")]
    facts.setdefault(place, {}).update(found)
    inside = "" if place == "data" else f"{place}."
    for name, field in plain.get("properties", {}).items():
        facts[f"{inside}{name}"] = {"required": name in plain.get("required", ())}
        _gather(field, f"{inside}{name}", defs, facts)
    if "items" in plain:
        _gather(plain["items"], f"{place}[]", defs, facts)


def _resolved(schema: Schema, defs: Mapping[str, Schema]) -> dict[str, Any]:
    """Put the schema that is referred to, and the one that may be null, in the place of the reference and the alternative."""
    plain = dict(schema)
    if ref := plain.pop("$ref", None):
        plain = _resolved(defs[ref.rpartition("/")[2]], defs) | plain
    ways = plain.get("anyOf")
    if ways and all(set(way) == {"required"} for way in ways):
        plain["one of"] = sorted(sorted(way["required"]) for way in plain.pop("anyOf"))
    elif ways and len(real := [way for way in ways if way.get("type") != "null"]) == 1:
        del plain["anyOf"]
        inner = _resolved(real[0], defs)
        kinds = inner.get("type", "any")
        nullable = ["null"] * (len(real) < len(ways))
        plain = inner | plain | {"type": sorted([*(kinds if isinstance(kinds, list) else [kinds]), *nullable])}
    return plain


def _plain(value: Any) -> str:
    return json.dumps(value, sort_keys=True, default=str)


def _shown(value: Any) -> str:
    return "none" if value is None else _plain(value)
