"""A confidence lies between 0 and 1, falls with every part that falls, and makes good for none that is missing."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.autonomy import Action, Level, Risk, autonomy
from lifecycle.confidence import Band, Grounds, Treatment, band, confidence, reasons, treatment

WEIGHTS = autonomy().weights
PARTS = ("match", "completeness", "freshness", "rules")
WORDS = autonomy().actions["correct_vocabulary"]
shares = st.floats(0, 1)
parts_of = st.fixed_dictionaries(dict.fromkeys(PARTS, shares))


@given(parts_of, st.sampled_from(PARTS), shares)
def test_a_part_that_rises_never_lowers_it_and_it_stays_within_0_and_1(
    parts: dict[str, float], part: str, instead: float
) -> None:
    low, high = sorted((parts[part], instead))
    less, more = confidence(parts | {part: low}, WEIGHTS), confidence(parts | {part: high}, WEIGHTS)
    assert 0 <= less <= more <= 1


@given(parts_of, st.sampled_from(PARTS))
def test_no_part_makes_good_for_one_that_is_missing(parts: dict[str, float], part: str) -> None:
    assert confidence(parts | {part: 0.0}, WEIGHTS) == 0


def test_what_is_known_exactly_fresh_and_complete_is_sure() -> None:
    parts = Grounds(1.0, 0, 0.0, {"it is known": True}).parts(30)
    assert parts == {"match": 1, "completeness": 1, "freshness": 1, "rules": 1}
    assert confidence(parts, WEIGHTS) == 1


@given(st.floats(-1, 2), st.integers(0, 50), st.floats(-5, 5000), st.dictionaries(st.text(max_size=3), st.booleans(), max_size=4))
def test_parts_lie_between_0_and_1_whatever_the_grounds(match: float, faults: int, age: float, rules: dict[str, bool]) -> None:
    assert all(0 <= part <= 1 for part in Grounds(match, faults, age, rules).parts(30).values())


def test_each_ground_tells_its_reason_in_words() -> None:
    grounds = Grounds(0.93, 2, 45, {"no other word is as near": True, "a person has accepted it before": False})
    assert reasons(grounds, grounds.parts(30)) == [
        "93% like what we know",
        "2 other fields do not fit",
        "45 days old",
        "no other word is as near",
        "not: a person has accepted it before",
    ]
    assert reasons(None, {}) == ["nothing that we know is near to it"]


@pytest.mark.parametrize(
    ("sure", "how"), [(0.0, Band.LOW), (0.5999, Band.LOW), (0.6, Band.MEDIUM), (0.9199, Band.MEDIUM), (0.92, Band.HIGH)]
)
def test_bands_begin_at_their_thresholds(sure: float, how: Band) -> None:
    assert band(sure, WORDS) is how


@pytest.mark.parametrize("level", Level)
@pytest.mark.parametrize("how_sure", Band)
@pytest.mark.parametrize("risk", Risk)
@pytest.mark.parametrize("ceiling", Level)
def test_alone_is_done_only_what_is_sure_of_low_risk_and_allowed(
    how_sure: Band, risk: Risk, ceiling: Level, level: Level
) -> None:
    action: Action = WORDS.model_copy(update={"risk": risk, "ceiling": ceiling})
    alone = (how_sure, risk, ceiling, level) == (Band.HIGH, Risk.LOW, Level.ALONE, Level.ALONE)
    expected = Treatment.ALONE if alone else Treatment.BY_HAND if level is Level.HAND else Treatment.SUGGESTED
    assert treatment(how_sure, action, level) is (Treatment.BLOCKED if how_sure is Band.LOW else expected)
