"""When an alert is quiet, and what a wrong file is told."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from contracts.alerting import Quiet, alerting, load_alerting
from contracts.catalog import Criticality
from contracts.files import OWN, FileError

NIGHTS = Quiet.model_validate({"below": "high", "from": "20:00", "until": "07:00"})
NOONS = Quiet.model_validate({"below": "normal", "from": "12:00", "until": "14:00"})


@pytest.mark.parametrize(("hour", "is_quiet"), [(18, False), (19, True), (23, True), (5, True), (6, False), (12, False)])
def test_a_night_goes_by_the_owners_clock(hour: int, is_quiet: bool) -> None:
    """In winter Berlin is an hour ahead."""
    now = datetime(2026, 11, 25, hour, tzinfo=UTC)
    assert NIGHTS.holds(Criticality.NORMAL, "Europe/Berlin", now) is is_quiet
    assert not NIGHTS.holds(Criticality.HIGH, "Europe/Berlin", now)


def test_quiet_hours_may_lie_within_a_day() -> None:
    noon, evening = datetime(2026, 11, 25, 13, tzinfo=UTC), datetime(2026, 11, 25, 20, tzinfo=UTC)
    assert NOONS.holds(Criticality.LOW, "UTC", noon)
    assert not NOONS.holds(Criticality.LOW, "UTC", evening)
    assert not NOONS.holds(Criticality.NORMAL, "UTC", noon)


def test_every_criticality_has_its_time() -> None:
    assert set(alerting().acknowledge_within_minutes) == set(Criticality)


@pytest.mark.parametrize(
    ("was", "becomes", "why"),
    [
        ("high: 15, ", "", "acknowledge_within_minutes: lacks high, which the catalog has"),
        ("high: 15", "high: 0", "acknowledge_within_minutes.high"),
        ('"20:00"', '"late"', "quiet.from"),
        ("below: high", "below: huge", "quiet.below"),
        ("mail_after_minutes: 2", "mail_after_minutes: soon", "mail_after_minutes"),
    ],
)
def test_a_wrong_file_is_refused_with_its_line(tmp_path: Path, was: str, becomes: str, why: str) -> None:
    text = (OWN / "alerting.yaml").read_text()
    assert was in text
    path = tmp_path / "alerting.yaml"
    path.write_text(text.replace(was, becomes))
    with pytest.raises(FileError, match=rf"alerting.yaml:\d+: {why}"):
        load_alerting(path)
