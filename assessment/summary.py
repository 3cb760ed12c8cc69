"""What an assessment found, counted: each row once per cause. It must not know how it is shown."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from duckdb import DuckDBPyConnection

from assessment.duplicates import Work
from assessment.rules import FieldRule, Rules
from assessment.sources import Source

LARGEST = 10
COMMONEST = 12
SHARED_BY = 5
"""Rows that must have a wrong word before it is shown: what stands in a single row may be somebody's name."""
BROKEN_SHOWN = 10


@dataclass(frozen=True, slots=True)
class CauseCount:
    """A cause: rows that have it, what there is to mend without and in conflict, and the hours that takes."""

    cause: str
    title: str
    rows: int
    groups: int
    groups_in_conflict: int
    items: int
    items_in_conflict: int
    hours: float
    basis: str


@dataclass(frozen=True, slots=True)
class FieldCount:
    """A field: its column, rows in which it is filled, rows with a finding by cause, groups of duplicates that conflict in it."""

    field: str
    title: str
    column: str
    filled: int
    rows: Mapping[str, int]
    conflicts: int


@dataclass(frozen=True, slots=True)
class Group:
    """A group of rows that are one: its cause, the line of the row to keep, its size, the fields in conflict."""

    cause: str
    keep: int
    rows: int
    conflicts: str


@dataclass(frozen=True, slots=True)
class Miss:
    """A word that is not in its field's vocabulary, in how many rows, and the word that may be meant."""

    field: str
    word: str
    rows: int
    suggestion: str | None


@dataclass(frozen=True, slots=True)
class Assessment:
    """All that was found. `duplicates` are rows that would go when each person stood in one row only."""

    source: Source
    rows: int
    sound: int
    duplicates: int
    duplicates_in_conflict: int
    causes: Sequence[CauseCount]
    fields: Sequence[FieldCount]
    absent: Sequence[str]
    hours: float
    hours_with_reserve: float
    reserve: float
    groups: Sequence[Group]
    misses: Sequence[Miss]
    other_misses: int
    broken: Sequence[tuple[int, str]]

    def count(self, cause: str) -> int:
        """Return the rows that have a cause."""
        return next((one.rows for one in self.causes if one.cause == cause), 0)

    def as_json(self) -> Mapping[str, Any]:
        """Return all of it, with hours as they are shown."""
        return asdict(self)


def summarise(
    db: DuckDBPyConnection, source: Source, rules: Rules, fields: Mapping[str, FieldRule], work: Mapping[str, Work]
) -> Assessment:
    """Count the findings."""
    total = source.rows + source.broken
    personal = ", ".join(f"'{cause}'" for cause in rules.duplicates)
    rows = dict(db.execute("SELECT cause, count(DISTINCT line) FROM findings GROUP BY cause").fetchall())
    causes = [_cause(db, rules, cause, rows.get(cause, 0), work.get(cause)) for cause in rules.causes]
    hours = sum(one.hours for one in causes)
    duplicates = f"SELECT count(DISTINCT line) FROM findings WHERE cause IN ({personal})"
    misses = db.execute(
        "SELECT field, word, rows, suggestion FROM misses WHERE rows >= ? ORDER BY rows DESC, word LIMIT ?",
        [SHARED_BY, COMMONEST],
    ).fetchall()
    people = f"cause IN ({personal}) OR NOT EXISTS (FROM groups WHERE cause IN ({personal}))"
    once = "QUALIFY row_number() OVER (PARTITION BY keep ORDER BY size DESC, cause) = 1"
    largest = f"SELECT cause, keep, size, conflicts FROM groups WHERE {people} {once} ORDER BY size DESC, keep LIMIT ?"
    groups = db.execute(largest, [LARGEST]).fetchall()
    return Assessment(
        source,
        total,
        total - _one(db, "SELECT count(DISTINCT line) FROM findings"),
        _one(db, duplicates),
        _one(db, f"{duplicates} AND conflicts <> ''"),
        causes,
        _fields(db, source, fields),
        [field for field in rules.required if field not in source.there],
        hours,
        hours * (1 + rules.reserve.share),
        rules.reserve.share,
        [Group(*row) for row in groups],
        [Miss(*row) for row in misses],
        _one(db, "SELECT count(*) FROM misses") - len(misses),
        db.execute("SELECT line, reason FROM broken ORDER BY line LIMIT ?", [BROKEN_SHOWN]).fetchall(),
    )


def _cause(db: DuckDBPyConnection, rules: Rules, cause: str, rows: int, work: Work | None) -> CauseCount:
    rule = rules.causes[cause]
    groups, differ, easy, hard = (work.groups, work.groups_in_conflict, work.easy, work.hard) if work else (0, 0, rows, 0)
    if rule.per == "value" and not work:
        easy = _one(db, "SELECT count(*) FROM misses")
    slow = rule.in_conflict.minutes if rule.in_conflict else rule.minutes
    parts = [f"{count:,} x {minutes:g} min" for count, minutes in ((easy, rule.minutes), (hard, slow)) if count]
    minutes = easy * rule.minutes + hard * slow
    return CauseCount(cause, rule.title, rows, groups, differ, easy + hard, hard, minutes / 60, " + ".join(parts))


def _fields(db: DuckDBPyConnection, source: Source, fields: Mapping[str, FieldRule]) -> list[FieldCount]:
    """Fields that are there, with their findings; of duplicates only conflicts are counted by field."""
    there = [field for field in fields if field in source.there]
    sums = ", ".join(f'count("{field}")' for field in there)
    filled = dict(zip(there, db.execute(f"SELECT {sums} FROM records").fetchone() or (), strict=True))
    found: dict[str, dict[str, int]] = {}
    single = "SELECT field, cause, count(DISTINCT line) FROM findings WHERE keep IS NULL AND field IS NOT NULL GROUP BY ALL"
    for field, cause, rows in db.execute(single).fetchall():
        found.setdefault(field, {})[cause] = rows
    unnested = "SELECT unnest(string_split(conflicts, ' ')) AS field FROM groups WHERE conflicts <> ''"
    conflicts = dict(db.execute(f"SELECT field, count(*) FROM ({unnested}) GROUP BY field").fetchall())
    return [
        FieldCount(
            field,
            fields[field].title,
            source.columns.get(field, ""),
            filled[field],
            found.get(field, {}),
            conflicts.get(field, 0),
        )
        for field in there
    ]


def _one(db: DuckDBPyConnection, query: str) -> int:
    (found,) = db.execute(query).fetchone() or (0,)
    return int(found)
