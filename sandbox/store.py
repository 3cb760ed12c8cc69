"""Keeps one system's objects in memory, with indexes and an append-only journal; knows no vendor's shapes."""

import time
from collections.abc import Callable, Hashable, Iterable, Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any, BinaryIO

import orjson

IDS_FROM = (
    1_735_689_600_000  # ids count milliseconds since 2025, so that a sandbox without state gives no id twice across restarts
)


@dataclass(slots=True)
class Record:
    """One stored object; times are unix seconds, `key` is the caller's effect key if it gave one."""

    id: str
    created_at: float
    updated_at: float
    key: str | None
    object: dict[str, Any]


class Index:
    """The ids of one kind's records by the terms that each record has; kept up to date by its store."""

    def __init__(self, terms: Callable[[Record], Iterable[Hashable]]) -> None:
        self._terms = terms
        self._ids: dict[Hashable, dict[str, None]] = {}
        self._had: dict[str, tuple[Hashable, ...]] = {}

    def find(self, term: Hashable) -> list[str]:
        """Return the ids of the records with this term, in the order in which they got it."""
        return list(self._ids.get(term, ()))

    def terms(self) -> Iterable[Hashable]:
        """Return every term that some record has."""
        return self._ids.keys()

    def enter(self, record: Record) -> None:
        """Take a new or changed record in."""
        terms = tuple(dict.fromkeys(self._terms(record)))
        had = self._had.get(record.id)
        if had == terms:
            return
        if had:
            self.leave(record.id)
        self._had[record.id] = terms
        for term in terms:
            self._ids.setdefault(term, {})[record.id] = None

    def leave(self, record_id: str) -> None:
        """Forget a record."""
        for term in self._had.pop(record_id, ()):
            ids = self._ids[term]
            del ids[record_id]
            if not ids:
                del self._ids[term]

    def clear(self) -> None:
        """Forget all records."""
        self._ids.clear()
        self._had.clear()


class Store:
    """One system's objects by kind and id; with a journal, what was put outlives a killed process."""

    def __init__(self, journal: Path | None = None) -> None:
        self.kinds: dict[str, dict[str, Record]] = {}
        self.version = 0  # grows with every change: a cheap "is there anything new?"
        self._recent: dict[str, dict[str, None]] = {}
        self._indexes: dict[str, list[Index]] = {}
        self._last_id = int(time.time() * 1000) - IDS_FROM
        self._journal: BinaryIO | None = None
        if journal:
            self._replay(journal)
            self._journal = self._compacted(journal)

    def put(self, kind: str, record_id: str, object: dict[str, Any], key: str | None = None) -> Record:  # noqa: A002
        """Create or replace an object; a replaced one keeps its creation time, its place and, if none is given, its key."""
        now = time.time()
        before = self.kinds.get(kind, {}).get(record_id)
        record = Record(
            record_id, before.created_at if before else now, now, key if key is not None or not before else before.key, object
        )
        self._write({"kind": kind, "last_id": self._last_id, **_fields(record)})
        self._enter(kind, record)
        return record

    def get(self, kind: str, record_id: str) -> Record | None:
        """Return a record, or None."""
        return self.kinds.get(kind, {}).get(record_id)

    def delete(self, kind: str, record_id: str) -> bool:
        """Remove a record; return whether there was one."""
        if record_id not in self.kinds.get(kind, {}):
            return False
        self._write({"kind": kind, "last_id": self._last_id, "gone": record_id})
        self._leave(kind, record_id)
        return True

    def all(self, kind: str) -> Iterator[Record]:
        """Return a kind's records, oldest first."""
        return iter(list(self.kinds.get(kind, {}).values()))

    def count(self, kind: str) -> int:
        """Return how many records of a kind there are."""
        return len(self.kinds.get(kind, {}))

    def newest(self, kind: str, limit: int) -> list[Record]:
        """Return the records of a kind that changed last, newest first."""
        records = self.kinds.get(kind, {})
        return [records[i] for i in islice(reversed(self._recent.get(kind, {})), limit)]

    def index(self, kind: str, terms: Callable[[Record], Iterable[Hashable]]) -> Index:
        """Make an index over a kind that the store keeps from now on, also through replay and reset."""
        index = Index(terms)
        self._indexes.setdefault(kind, []).append(index)
        for record in self.all(kind):
            index.enter(record)
        return index

    def new_id(self) -> int:
        """Return a number that this store has not given before."""
        self._last_id += 1
        return self._last_id

    def reset(self) -> None:
        """Forget all objects; ids go on counting, so that an old id never names a new object."""
        self._write({"reset": True, "last_id": self._last_id})
        self._clear()

    def close(self) -> None:
        """Close the journal."""
        if self._journal:
            self._journal.close()
            self._journal = None

    def _enter(self, kind: str, record: Record) -> None:
        self.version += 1
        self.kinds.setdefault(kind, {})[record.id] = record
        recent = self._recent.setdefault(kind, {})
        recent.pop(record.id, None)
        recent[record.id] = None
        for index in self._indexes.get(kind, ()):
            index.enter(record)

    def _leave(self, kind: str, record_id: str) -> None:
        self.version += 1
        del self.kinds[kind][record_id]
        del self._recent[kind][record_id]
        for index in self._indexes.get(kind, ()):
            index.leave(record_id)

    def _clear(self) -> None:
        self.version += 1
        self.kinds.clear()
        self._recent.clear()
        for indexes in self._indexes.values():
            for index in indexes:
                index.clear()

    def _write(self, line: dict[str, Any]) -> None:
        if self._journal:
            self._journal.write(orjson.dumps(line) + b"\n")

    def _replay(self, journal: Path) -> None:
        journal.parent.mkdir(parents=True, exist_ok=True)
        if not journal.exists():
            return
        *whole, _torn = journal.read_bytes().split(b"\n")  # a process killed in mid-write leaves a last line without its end
        for number, raw in enumerate(whole, 1):
            try:
                self._apply(orjson.loads(raw))
            except (orjson.JSONDecodeError, KeyError) as error:
                raise ValueError(f"{journal}: line {number} is not a journal line") from error

    def _apply(self, line: dict[str, Any]) -> None:
        self._last_id = max(self._last_id, line.pop("last_id"))
        if line.get("reset"):
            self._clear()
        elif "gone" in line:
            self._leave(line["kind"], line["gone"])
        else:
            self._enter(line.pop("kind"), Record(**line))

    def _compacted(self, journal: Path) -> BinaryIO:
        """Rewrite the journal as one line per living object, so that it does not grow with every restart."""
        fresh = journal.with_suffix(".fresh")
        with fresh.open("wb") as file:
            for kind, records in self.kinds.items():
                for record in records.values():
                    file.write(orjson.dumps({"kind": kind, "last_id": self._last_id, **_fields(record)}) + b"\n")
        fresh.replace(journal)
        return journal.open("ab", buffering=0)


def _fields(record: Record) -> dict[str, Any]:
    return {name: getattr(record, name) for name in Record.__slots__}
