"""Judges a column of phone numbers as `contracts.values.PhoneNumber` would, a million in seconds.

phonenumbers takes 30 microseconds for each. What it says of a number of a plus sign, digits and spacing alone depends on the
lengths that its metadata allow for the country alone, unless a trunk prefix stands in it. So these are judged in SQL by its
metadata, and phonenumbers itself is asked about the others.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache

from phonenumbers import PhoneMetadata
from phonenumbers.phonenumberutil import COUNTRY_CODE_TO_REGION_CODE
from pydantic_core import PydanticCustomError

from assessment.names import quoted
from contracts.values import PhoneNumber

NOWHERE = "001"
"""The region of numbers that belong to no country."""
PLAIN = r"^\+[0-9][0-9 ().-]*[0-9]$"
PLUS = r"[+\x{FF0B}]"
"""Without one, phonenumbers cannot know the country, and takes no number."""


@dataclass(frozen=True, slots=True)
class Prefix:
    """A beginning of three digits: how many are the country's code, a bit for each length of its numbers, its trunk prefix."""

    digits: str
    size: int
    lengths: int
    trunk: str


@cache
def prefixes() -> tuple[Prefix, ...]:
    """Return every beginning of three digits that is a country's."""
    return tuple(_prefixes())


def _prefixes() -> Iterator[Prefix]:
    for code, regions in COUNTRY_CODE_TO_REGION_CODE.items():
        geographic = regions[0] != NOWHERE
        found = PhoneMetadata.metadata_for_region(regions[0]) if geographic else PhoneMetadata.metadata_for_nongeo_region(code)
        if found is None or found.general_desc is None:
            continue
        lengths = {*found.general_desc.possible_length, *found.general_desc.possible_length_local_only} - {-1}
        start = str(code)
        for tail in itertools.product("0123456789", repeat=3 - len(start)):
            digits = start + "".join(tail)
            yield Prefix(digits, len(start), sum(1 << length for length in lengths), found.national_prefix_for_parsing or "")


def prefixes_sql() -> str:
    """Return the prefixes as rows of SQL: start, size, lengths, trunk."""
    rows = (f"('{one.digits}', {one.size}, {one.lengths}, {quoted(one.trunk)})" for one in prefixes())
    return f"(VALUES {', '.join(rows)}) AS prefixes(start, size, lengths, trunk)"


def doubtful_sql(digits: str) -> str:
    """Return the condition that its country's trunk prefix stands in a number, given as digits from the country's code on."""
    patterns = sorted({one.trunk for one in prefixes()} - {""})
    national = f"substr({digits}, size + 1)"
    cases = (f"WHEN {quoted(one)} THEN regexp_extract({national}, {quoted(f'^(?:{one})')}) <> ''" for one in patterns)
    return f"(CASE trunk {' '.join(cases)} ELSE false END)"


def parsed(text: str) -> str | None:
    """Return the number in E.164 form, or None."""
    try:
        return str(PhoneNumber.parse(text))
    except PydanticCustomError:
        return None
