"""Every row of the mapping matrix keeps what it promises: values go to the vendor's form and back unchanged, nulls by their rule.

The tests are made from the data: a new row is tested without a new test.
"""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

import moneyed
import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from contracts.errors import RefusedError
from contracts.matrix import Null, Row, matrix
from contracts.values import Money
from contracts.vocabulary import Vocabulary

ROWS = [
    pytest.param(table.vendor, row, id=f"{table.vendor}-{entity}-{name}")
    for table in matrix().values()
    for entity, fields in table.entities.items()
    for name, row in fields.fields.items()
]
PYTHON = {"string": str, "integer": int, "list": list}
CODES = sorted(code for code, currency in moneyed.CURRENCIES.items() if currency.sub_unit in (1, 10, 100, 1000))
LETTERS = st.characters(exclude_categories=["C", "Z"])
WORDS = st.lists(st.text(LETTERS, min_size=1, max_size=12), min_size=1, max_size=4).map(" ".join)


def words_of(vocabulary: Vocabulary, vendor: str) -> st.SearchStrategy[str]:
    """Our own words, and, where a vocabulary keeps them, words that nobody knows."""
    ours = st.sampled_from(sorted(vocabulary.words))
    if vocabulary.others != "kept":
        return ours
    return ours | WORDS.filter(lambda text: vocabulary.find(text) is None and text not in vocabulary.of(vendor))


def values_of(row: Row, vendor: str) -> st.SearchStrategy[Any]:
    if row.words:
        return words_of(row.words, vendor)
    by_type: dict[str, st.SearchStrategy[Any]] = {
        "key": st.uuids().map(str),
        "integer": st.integers(0, 10**9),
        "money": st.builds(Money, minor=st.integers(0, 10**12), currency=st.sampled_from(CODES)),
        "date": st.dates(date(1970, 1, 2), date(2200, 1, 1)),
        "moment": st.integers(0, 4 * 10**12).map(lambda ms: datetime.fromtimestamp(ms / 1000, UTC)),
        "text": WORDS,
    }
    return by_type[row.types[0]]


@pytest.mark.parametrize(("vendor", "row"), ROWS)
@settings(max_examples=30, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow])
@given(data=st.data())
def test_a_value_goes_to_the_vendor_and_comes_back_unchanged(vendor: str, row: Row, data: st.DataObject) -> None:
    value = data.draw(values_of(row, vendor))
    try:
        theirs = row.out(vendor, value)
    except RefusedError:  # a fraction that the vendor cannot express is refused, never rounded
        assume(row.types[0] != "money")
        raise
    assert set(theirs) <= set(row.theirs)
    assert type(theirs[row.theirs[0]]) is PYTHON[row.types[1]]
    if row.is_read:
        assert row.back(vendor, _nested(theirs)) == value


@pytest.mark.parametrize(("vendor", "row"), ROWS)
@pytest.mark.parametrize("nothing", [None, ""])
def test_what_is_not_known_goes_by_the_null_rule(vendor: str, row: Row, nothing: Any) -> None:
    if row.nulls is Null.REQUIRED:
        with pytest.raises(ValueError, match=r"^is required$"):
            row.out(vendor, nothing)
    else:
        assert row.out(vendor, nothing) == (dict.fromkeys(row.theirs, "") if row.nulls is Null.EMPTY else {})
    for record in ({}, _nested(dict.fromkeys(row.theirs)), _nested(dict.fromkeys(row.theirs, ""))):
        assert row.back(vendor, record) is None


def _nested(flat: dict[str, Any] | Any) -> dict[str, Any]:
    """A vendor's record of dotted names."""
    record: dict[str, Any] = {}
    for path, value in flat.items():
        *groups, name = path.split(".")
        place = record
        for group in groups:
            place = place.setdefault(group, {})
        place[name] = value
    return record
