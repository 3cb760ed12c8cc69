"""While there is more work than places, every path gets its share by criticality, and none waits for ever."""

from __future__ import annotations

from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from contracts.catalog import Criticality
from deployments.turns import Turns

PATHS = {"digest": Criticality.LOW, "offer": Criticality.NORMAL, "lead": Criticality.HIGH, "payment": Criticality.HIGH}


def served(turns: Turns, number: int, *, busy: set[str]) -> list[str]:
    """Whose turn it was, while these have work all the time."""
    found = []
    for _ in range(number):
        found.append(next(path for path in turns.order() if path in busy))
        turns.taken(found[-1])
    return found


def test_with_work_for_all_the_places_are_shared_by_criticality() -> None:
    assert Counter(served(Turns(PATHS), 1100, busy=set(PATHS))) == {"lead": 400, "payment": 400, "offer": 200, "digest": 100}


def test_who_comes_first_after_nobody_had_work_is_the_most_critical() -> None:
    assert served(Turns(PATHS), 2, busy=set(PATHS)) == ["lead", "payment"]


@given(st.lists(st.sets(st.sampled_from(sorted(PATHS)), min_size=1), max_size=200))
def test_who_has_work_all_the_time_waits_for_few_turns_whatever_the_others_do(others: list[set[str]]) -> None:
    """Given a low path that always has work, then of any twelve turns one at least is its."""
    turns = Turns(PATHS)
    had = [served(turns, 1, busy={*busy, "digest"})[0] for busy in others]
    waits = [len(run) for run in "".join("d" if path == "digest" else "." for path in had).split("d")]
    assert max(waits) < 12


def test_who_had_nothing_to_do_saves_no_turns_up() -> None:
    turns = Turns(PATHS)
    served(turns, 1000, busy={"lead"})
    after = served(turns, 12, busy={"lead", "digest"})
    assert after.count("digest") <= 3
