"""A schedule that nobody could mean is refused at start-up, by file, line and field."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from contracts.catalog import load_catalog
from contracts.files import OWN, FileError

EVERY = "    every: 60"


@pytest.mark.parametrize(
    ("schedule", "why"),
    [
        ('    at: "0 8 * * 1-5"', "stand together"),
        ("    zone: Europe/Berlin", "stand together"),
        ('    every: 60\n    at: "0 8 * * 1-5"\n    zone: Europe/Berlin', "not by both"),
        ('    at: "0 25 * * *"\n    zone: Europe/Berlin', "at: is not a cron expression"),
        ('    at: "@daily"\n    zone: Europe/Berlin', "at: is not a cron expression"),
        ('    at: "0 0 8 * * 1"\n    zone: Europe/Berlin', "at: is not a cron expression of five fields"),
        ('    at: "0 8 * * *"\n    zone: Europe/Atlantis', "zone: is not a time zone"),
        ('    at: "0 8 * * *"\n    zone: ../../etc/passwd', "zone: is not a time zone"),
        ('    at: "0 8 * * *"\n    zone: ""', "zone: is not a time zone"),
        ("    every: 0", "greater than 0"),
    ],
)
def test_a_schedule_that_cannot_be_is_named_by_file_and_line(tmp_path: Path, schedule: str, why: str) -> None:
    shutil.copytree(OWN, tmp_path / "contracts", ignore=shutil.ignore_patterns("__pycache__"))
    path = tmp_path / "contracts" / "catalog" / "operations.yaml"
    text = path.read_text()
    assert EVERY in text
    path.write_text(text.replace(EVERY, schedule))
    with pytest.raises(FileError) as caught:
        load_catalog(tmp_path / "contracts")
    where, said = caught.value.text.split(": ", 1)
    assert where.startswith(f"{path}:")
    assert why in said
