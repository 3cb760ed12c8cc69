"""Every difference of two contracts is graded by field: what senders notice, what they do not, and what is only words."""

from __future__ import annotations

from enum import StrEnum
from typing import Any

import pytest
from pydantic import Field, create_model

from contracts.event import CONTRACTS
from contracts.grading import Grade, compare, worst
from contracts.values import Contract, Money

BREAKING, COMPATIBLE, COSMETIC = Grade


class Two(StrEnum):
    A = "a"
    B = "b"


class Three(StrEnum):
    A = "a"
    B = "b"
    C = "c"


def schema(**fields: Any) -> dict[str, Any]:
    return create_model("Made", __base__=Contract, **fields).model_json_schema()


def limited(kind: Any = str, default: Any = ..., **limits: Any) -> Any:
    return (kind, Field(default, **limits))


NOTHING: dict[str, Any] = {}


@pytest.mark.parametrize(
    ("old", "new", "field", "grade"),
    [
        (NOTHING, {"x": (str, ...)}, "x", BREAKING),
        (NOTHING, {"x": (str | None, None)}, "x", COMPATIBLE),
        ({"x": (str | None, None)}, NOTHING, "x", BREAKING),
        ({"x": (str, "a")}, {"x": (str, ...)}, "x", BREAKING),
        ({"x": (str, ...)}, {"x": (str, "a")}, "x", COMPATIBLE),
        ({"x": (str, "a")}, {"x": (str, "b")}, "x", BREAKING),
        ({"x": (str | None, None)}, {"x": (str, "")}, "x", BREAKING),
        ({"x": (str, ...)}, {"x": (str | None, ...)}, "x", COMPATIBLE),
        ({"x": (int, ...)}, {"x": (float, ...)}, "x", COMPATIBLE),
        ({"x": (float, ...)}, {"x": (int, ...)}, "x", BREAKING),
        ({"x": (int, ...)}, {"x": (str, ...)}, "x", BREAKING),
        ({"x": limited(max_length=5)}, {"x": limited(max_length=6)}, "x", COMPATIBLE),
        ({"x": limited(max_length=5)}, {"x": limited(max_length=4)}, "x", BREAKING),
        ({"x": limited()}, {"x": limited(max_length=4)}, "x", BREAKING),
        ({"x": limited(max_length=4)}, {"x": limited()}, "x", COMPATIBLE),
        ({"x": limited(int, ge=0)}, {"x": limited(int, ge=1)}, "x", BREAKING),
        ({"x": limited(int, ge=1)}, {"x": limited(int, ge=0)}, "x", COMPATIBLE),
        ({"x": limited(pattern="a")}, {"x": limited(pattern="b")}, "x", BREAKING),
        ({"x": limited(pattern="a")}, {"x": limited()}, "x", COMPATIBLE),
        ({"x": (Two, ...)}, {"x": (Three, ...)}, "x", COMPATIBLE),
        ({"x": (Three, ...)}, {"x": (Two, ...)}, "x", BREAKING),
        ({"x": (Three | None, None)}, {"x": (Two | None, None)}, "x", BREAKING),
        ({"x": limited(description="a")}, {"x": limited(description="b")}, "x", COSMETIC),
        ({"x": (tuple[Two, ...], ...)}, {"x": (tuple[Three, ...], ...)}, "x[]", COMPATIBLE),
        ({"x": (str | int, ...)}, {"x": (str | float, ...)}, "x", BREAKING),
    ],
)
def test_a_difference_is_graded_by_its_field(old: Any, new: Any, field: str, grade: Grade) -> None:
    changes = compare(schema(**old), schema(**new))
    assert (changes[0].field, changes[0].grade, worst(changes)) == (field, grade, grade)


def test_a_new_group_is_one_change_and_a_changed_field_within_one_is_named_by_its_path() -> None:
    (change,) = compare(schema(), schema(total=(Money | None, None)))
    assert (change.field, change.grade) == ("total", COMPATIBLE)
    old, new = schema(total=(Money, ...)), schema(total=(Money, ...))
    new["$defs"]["Money"]["properties"]["minor"]["minimum"] = 1
    (change,) = compare(old, new)
    assert (change.field, change.grade, change.text) == ("total.minor", BREAKING, "minimum 0 → 1")


@pytest.mark.parametrize(
    ("old", "new", "grade"),
    [
        ([["a", "b"], ["c"]], [["a"], ["c"]], COMPATIBLE),
        ([["a"]], [["a"], ["c"]], COMPATIBLE),
        ([["a"], ["c"]], [["a"]], BREAKING),
        ([["a"]], [["a", "b"]], BREAKING),
    ],
)
def test_sets_of_fields_of_which_one_is_demanded_are_compared_as_sets(old: Any, new: Any, grade: Grade) -> None:
    before, after = ({"type": "object", "anyOf": [{"required": one} for one in ways]} for ways in (old, new))
    assert worst(compare(before, after)) is grade


def test_nothing_has_changed_between_a_contract_and_itself() -> None:
    kinds = [kind for versions in CONTRACTS.values() for kind in versions.values()]
    assert [compare(kind.model_json_schema(), kind.model_json_schema()) for kind in kinds] == [[]] * len(kinds)


def test_the_second_version_of_a_lead_only_adds() -> None:
    lead = CONTRACTS["lead.qualified"]
    changes = compare(lead[1].model_json_schema(), lead[2].model_json_schema())
    assert {change.field for change in changes if change.grade is not COSMETIC} == {"campaign"}
    assert worst(changes) is COMPATIBLE
