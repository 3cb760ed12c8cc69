"""Every guard, limit, vocabulary and mapping names its decision record, and the record is there."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

from contracts.changes import texts
from contracts.files import OWN

RECORDS = {int(path.name[:4]) for path in (Path(__file__).parents[2] / "docs" / "decisions").glob("[0-9]*.md")}
REASONED = (
    *(f"{name}.yaml" for name in ("systems", "rules", "thresholds", "alerting", "decisions", "budgets", "autonomy", "advice")),
    "mappings/",
    "vocabularies/",
)
NAMED = {name: YAML(typ="safe").load(text) for name, text in texts(OWN).items() if name.startswith(REASONED)}


def named(value: Any) -> list[int]:
    """Every decision that is named somewhere in a file."""
    if isinstance(value, dict):
        return [value["decision"]] if "decision" in value else [one for part in value.values() for one in named(part)]
    return []


@pytest.mark.parametrize("name", NAMED)
def test_a_file_that_can_refuse_something_names_records_that_exist(name: str) -> None:
    decisions = named(NAMED[name])
    assert decisions
    assert set(decisions) <= RECORDS
