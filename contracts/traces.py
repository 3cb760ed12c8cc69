"""What a field of an outside record holds, and by whose hand: what the field history of a vendor says, where it keeps one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class Hand(StrEnum):
    """What changed a field. Unknown: its vendor keeps no history of fields."""

    OURS = "ours"
    PERSON = "person"
    IMPORT = "import"
    API = "API"
    AUTOMATION = "automation"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Trace:
    """A field as it stands: its name and value in the vendor's words, what wrote it, the vendor's id of whom, and when."""

    name: str
    value: str | None
    by: Hand = Hand.UNKNOWN
    who: str | None = None
    at: datetime | None = None


Traces = Mapping[str, Mapping[str, Trace]]
"""By record and by our name of the field; a record that is not there is left out."""
