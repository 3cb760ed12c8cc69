"""The report says exactly how right proposals were, and what another threshold would have done."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.autonomy import Level, autonomy
from lifecycle.autonomy import Figures, Told, above, at_threshold, below, broken, figures, lacking, percent, reliability

NOW = datetime(2026, 11, 25, tzinfo=UTC)
WORDS = autonomy().actions["correct_vocabulary"]


def told(confidence: float, right: int, wrong: int) -> list[Told]:
    return [Told(confidence, number < right, NOW, True) for number in range(right + wrong)]


GENERATED = [
    *told(0.55, 30, 70),
    *told(0.75, 120, 80),
    *told(0.91, 85, 5),
    *told(0.94, 498, 2),
    *told(0.97, 108, 0),
    *told(1.0, 2, 0),
]
"""A thousand outcomes whose shares are known: 610 from 0.92 on, of which 2 are wrong."""


@pytest.mark.parametrize(
    ("at", "said"),
    [
        (0.92, "at 0.92: 61 % alone, 0.3279 % wrong"),
        (0.95, "at 0.95: 11 % alone, 0 % wrong"),
        (0.9, "at 0.90: 70 % alone, 1 % wrong"),
        (0.0, "at 0.00: 100 % alone, 15.7 % wrong"),
    ],
)
def test_what_another_threshold_would_have_done_is_said_exactly(at: float, said: str) -> None:
    assert len(GENERATED) == 1000
    assert at_threshold(GENERATED, at).said == said


def test_nothing_above_a_threshold_is_wrong_of_none() -> None:
    assert at_threshold(told(0.5, 1, 1), 0.9).said == "at 0.90: 0 % alone, none wrong"
    assert at_threshold([], 0.9).said == "at 0.90: none alone, none wrong"


def test_how_right_it_was_is_said_exactly_by_how_sure_it_was() -> None:
    found = [(one.low, one.high, one.outcomes, one.right) for one in reliability(GENERATED)]
    assert found == [
        (0.5, 0.6, 100, 30),
        (0.7, 0.8, 200, 120),
        (0.9, 0.95, 590, 583),
        (0.95, 1.0, 108, 108),
        (1.0, 1.0, 2, 2),
    ]
    assert [round(one.confidence, 3) for one in reliability(GENERATED)] == [0.55, 0.75, 0.935, 0.97, 1.0]


@given(st.lists(st.tuples(st.floats(0, 1), st.booleans()), max_size=60))
def test_the_buckets_hold_each_outcome_once(pairs: list[tuple[float, bool]]) -> None:
    some = [Told(confidence, is_right, NOW) for confidence, is_right in pairs]
    assert sum(one.outcomes for one in reliability(some)) == len(some)
    assert sum(one.right for one in reliability(some)) == sum(one.is_right for one in some)


@given(st.lists(st.tuples(st.floats(0, 1), st.booleans()), max_size=60), st.floats(0, 1), st.floats(0, 1))
def test_a_higher_threshold_never_does_more_alone(pairs: list[tuple[float, bool]], one: float, other: float) -> None:
    some = [Told(confidence, is_right, NOW) for confidence, is_right in pairs]
    low, high = at_threshold(some, min(one, other)), at_threshold(some, max(one, other))
    assert high.alone <= low.alone
    assert high.wrong <= low.wrong


def test_weeks_are_those_with_outcomes() -> None:
    days = [1, 2, 8, 22, 40]
    some = [Told(0.95, True, NOW - timedelta(days=one), True) for one in days]
    assert figures(some, from_confidence=0.9, since=NOW - timedelta(days=28)) == Figures(4, 0, 4, 4, 3)
    assert figures(some, from_confidence=0.96, since=NOW - timedelta(days=28)).outcomes == 0


def test_an_event_that_has_not_ended_is_neither_done_nor_missing() -> None:
    some = [*told(0.95, 60, 0), Told(0.95, True, NOW, None)]
    seen = figures(some, from_confidence=0.9, since=NOW - timedelta(days=1))
    assert (seen.outcomes, seen.ended, seen.completed) == (61, 60, 60)
    assert broken(WORDS, seen) == []


@given(st.integers(0, 500), st.integers(0, 500), st.integers(0, 8))
def test_what_is_broken_has_not_been_earned(right: int, wrong: int, weeks: int) -> None:
    seen = Figures(right + wrong, wrong, right, right, weeks)
    assert not broken(WORDS, seen) or lacking(WORDS, seen)


def test_levels_are_three_steps() -> None:
    assert [above(level) for level in Level] == [Level.SUGGESTED, Level.ALONE, None]
    assert [below(level) for level in Level] == [None, Level.HAND, Level.SUGGESTED]


@pytest.mark.parametrize(("part", "of", "said"), [(1, 250, "0.4 %"), (61, 100, "61 %"), (0, 5, "0 %"), (0, 0, "none")])
def test_shares_are_said_in_words(part: int, of: int, said: str) -> None:
    assert percent(part, of) == said
