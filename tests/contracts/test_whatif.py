"""What a change would do is said before it is made: field by field, and for the events that came in."""

from __future__ import annotations

from typing import Literal

import pytest

from contracts.event import CONTRACTS
from contracts.grading import Grade
from contracts.lead import LeadQualifiedV1
from contracts.released import names, schema_of
from contracts.whatif import SHOWN, Graded, Replayed, grade
from tests.world import sample

NOW = {name: schema_of(name, kind) for name, kind in names().items()}


class Stricter(LeadQualifiedV1):
    """A next version that demands a region, and knows only two services."""

    region: str
    service: Literal["advisory", "training"] | None = None  # type: ignore[assignment]


@pytest.fixture
def stricter(monkeypatch: pytest.MonkeyPatch) -> str:
    """Version 3 of the lead is stricter."""
    monkeypatch.setitem(CONTRACTS["lead.qualified"], 3, Stricter)
    return "lead.qualified/3"


def told(graded: list[Graded]) -> set[tuple[str, str, str, bool]]:
    return {(one.contract, one.change.field, one.change.grade.value, one.is_edit) for one in graded}


def test_contracts_that_are_the_same_have_no_difference() -> None:
    assert grade(NOW, NOW) == []


def test_a_new_version_is_compared_with_the_one_before_and_is_no_edit(stricter: str) -> None:
    found = told(grade(NOW, {name: schema_of(name, kind) for name, kind in names().items()}))
    assert (stricter, "region", "breaking", False) in found
    assert (stricter, "service", "breaking", False) in found
    assert not any(is_edit for *_, is_edit in found)


def test_an_edit_and_a_removal_of_what_was_there_are_edits() -> None:
    then = {name: schema for name, schema in NOW.items() if name != "deal.cancelled/1"}
    assert told(grade(NOW, then)) == {("deal.cancelled/1", "data", "breaking", True)}
    assert [(one.change.text, one.is_edit) for one in grade(then, NOW)] == [("new event", False)]
    edited = NOW | {"lead.qualified/1": schema_of("lead.qualified/1", Stricter)}
    (first, *_) = grade(NOW, edited)
    assert (first.contract, first.change.grade, first.is_edit) == ("lead.qualified/1", Grade.BREAKING, True)


def test_events_are_judged_as_if_their_senders_wrote_the_newest(stricter: str) -> None:
    """
    Given a next version that demands a region and takes two services only
    When a hundred leads that came in are judged by it
    Then the sentence says how many would be refused and why, the first ids are named, and no value is
    """
    replayed, good = Replayed(), sample("lead.qualified", "website") | {"region": "EMEA", "service": "advisory"}
    for number in range(100):
        kind = number % 10
        data = (
            {k: v for k, v in good.items() if k != "region"}
            if kind == 0
            else good | {"service": "Plumbing"}
            if kind < 3
            else good
        )
        replayed.add(f"event-{number}", "lead.qualified", data)
    replayed.add("event-100", "nobody.knows", {})
    assert replayed.text() == (
        "30.0 % of 100 events would be refused: "
        "20 for an unknown service (lead.qualified/3), 10 for a missing region (lead.qualified/3)"
    )
    assert replayed.named[stricter, "a missing region"] == [f"event-{number}" for number in range(0, SHOWN * 10, 10)]
    assert "Plumbing" not in f"{replayed}"


def test_nothing_that_came_in_is_said_so() -> None:
    assert Replayed().text() == "no event came in"
