"""When a limit is used up is told by the pace of late, and nothing is told while it does not fall."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from web.quotas import Quotas

BEGIN = datetime(2026, 11, 21, 9, 30, tzinfo=UTC)


@pytest.mark.parametrize(
    ("readings", "expected"),
    [
        ([(0, 100)], None),
        ([(0, 100), (5, 100)], None),
        ([(0, 50), (5, 100)], None),
        ([(0, 100), (5, 50)], 5.0),
        ([(0, 100), (10, 20), (14, 10)], 10 * 14 / 90),
        ([(0, 1000), (60, 100), (70, 50)], 10.0),
        ([(0, 100), (5, 0)], 0.0),
        ([(0, 100), (0, 50)], None),
    ],
)
def test_it_runs_out_at_the_pace_of_the_last_quarter_of_a_minute(
    readings: list[tuple[float, float]], expected: float | None
) -> None:
    quotas = Quotas()
    *_, last = [quotas.runs_out("hubspot.calls", left, BEGIN + timedelta(seconds=at)) for at, left in readings]
    assert last == (None if expected is None else pytest.approx(expected))


def test_limits_are_told_apart() -> None:
    quotas = Quotas()
    quotas.runs_out("hubspot.calls", 100, BEGIN)
    assert quotas.runs_out("stripe.calls", 50, BEGIN + timedelta(seconds=5)) is None
