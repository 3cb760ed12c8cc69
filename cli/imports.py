"""Reads the tables of an import and makes its events: files in, a plan out. It must not know the database or the screen."""

from __future__ import annotations

import csv
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TextIO

from pydantic import ValidationError

from contracts.errors import ContractError, MisconfiguredError
from contracts.event import Envelope, contract_error
from contracts.mapping import ImportMap, Join, Row, load_map


@dataclass(frozen=True, slots=True)
class ImportPlan:
    """What an import would bring, and what became of every row: `read` is `filtered` plus the events.

    `mended` counts cells per column over all tables; `unmatched`, per joined file, the rows whose key it does not have.
    """

    events: Sequence[Mapping[str, Any]]
    read: int
    filtered: int
    mended: Mapping[str, int]
    unmatched: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class Sheet:
    """A table: its file's name, its columns, and its rows with the line each begins on."""

    file: str
    columns: Sequence[str]
    rows: Iterator[tuple[int, Row]]


def read_events(csv_path: Path, event_type: str, map_path: Path) -> ImportPlan:
    """Return the CloudEvents that a CSV file's rows become by a mapping file; nothing is stored.

    A file is read as UTF-8, with or without a byte order mark, and as Windows-1252 when it is no UTF-8. Joined files are
    looked for beside the CSV file, then beside the mapping file.

    Raises:
        MisconfiguredError: a file cannot be read, or the mapping does not fit; names file, line and field.
        ContractError: a column is missing or stands twice, a key or an id stands twice or is no id, a time is none, or the
            file is no CSV table; names file, line and column, never a value.
    """
    mapping = load_map(map_path, event_type)
    with ExitStack() as files:
        sheet = open_sheet(csv_path, files)
        joined = [open_sheet(_beside(join, csv_path, map_path), files) for join in mapping.join]
        _check_columns(mapping, sheet, joined)
        return _plan(mapping, sheet, joined)


def _plan(mapping: ImportMap, sheet: Sheet, joined: Sequence[Sheet]) -> ImportPlan:
    mended: Counter[str] = Counter()
    unmatched: Counter[str] = Counter()
    tables = [_by_key(mapping, join, other, mended) for join, other in zip(mapping.join, joined, strict=True)]
    events: list[Mapping[str, Any]] = []
    lines: dict[str, int] = {}
    for line, row in sheet.rows:
        mended.update(mapping.mend(row))
        _note(lines, row[mapping.id].strip(), sheet.file, line, mapping.id)
        strangers = [join.file for join, table in zip(mapping.join, tables, strict=True) if _lend(row, join, table)]
        if mapping.takes(row):
            unmatched.update(strangers)
            events.append(_checked(mapping.event_of(row), mapping, sheet.file, line))
    return ImportPlan(events, len(lines), len(lines) - len(events), mended, unmatched)


def _by_key(mapping: ImportMap, join: Join, sheet: Sheet, mended: Counter[str]) -> dict[str, Row]:
    """The joined rows by their key, and a blank one for rows that have none."""
    lent = [column for column in sheet.columns if column != join.on]
    table = {"": dict.fromkeys(lent, "")}
    lines: dict[str, int] = {}
    for line, row in sheet.rows:
        mended.update(mapping.mend(row))
        _note(lines, row[join.on], sheet.file, line, join.on)
        table[row[join.on]] = {column: row[column] for column in lent}
    return table


def _lend(row: Row, join: Join, table: Mapping[str, Row]) -> bool:
    """Put the joined columns into the row, and say whether it names a key that the table does not have."""
    key = row[join.on]
    row |= table.get(key, table[""])
    return key not in table


def _note(lines: dict[str, int], key: str, file: str, line: int, column: str) -> None:
    if not key:
        raise _wrong(file, line, column, "is empty", "missing")
    if key in lines:
        raise _wrong(file, line, column, f"has the value of line {lines[key]} again", "duplicate")
    lines[key] = line


def _checked(event: dict[str, Any], mapping: ImportMap, file: str, line: int) -> dict[str, Any]:
    """The event, if its envelope is one; what is wrong in its data is the contract's business."""
    try:
        Envelope.model_validate(event)
    except ValidationError as error:
        fault = contract_error(error)
        column = {"id": mapping.id, "subject": mapping.subject, "time": mapping.time and mapping.time.column}.get(fault.field)
        raise _wrong(file, line, column or fault.field, fault.text, fault.rule) from None
    return event


def _check_columns(mapping: ImportMap, sheet: Sheet, joined: Sequence[Sheet]) -> None:
    """Every column that the mapping names is there once, before a row is read."""
    known = set(sheet.columns)
    if mapping.id not in known:
        raise _wrong(sheet.file, 1, mapping.id, "is not a column", "missing")
    for join, other in zip(mapping.join, joined, strict=True):
        if join.on not in other.columns:
            raise _wrong(other.file, 1, join.on, "is not a column", "missing")
        if join.on not in known:
            raise _wrong(sheet.file, 1, join.on, f"is not a column; {other.file} is to be joined on it", "missing")
        for column in sorted(set(other.columns) & known - {join.on, ""}):
            raise _wrong(other.file, 1, column, "is a column of another table already", "duplicate")
        known.update(other.columns)
    for column in sorted(mapping.columns() - known):
        where = ", ".join(other.file for other in joined)
        raise _wrong(sheet.file, 1, column, f"is not a column{f', nor one of {where}' if where else ''}", "missing")


def _beside(join: Join, csv_path: Path, map_path: Path) -> Path:
    for folder in (csv_path.parent, map_path.parent):
        if (folder / join.file).is_file():
            return folder / join.file
    raise MisconfiguredError(f"{map_path}: join: {join.file} is neither beside {csv_path.name} nor beside the mapping file")


def open_sheet(path: Path, files: ExitStack) -> Sheet:
    """Open a table and read its header; its rows are read as they are asked for. Raises MisconfiguredError, ContractError."""
    try:
        text = files.enter_context(path.open(encoding=_encoding(path), newline=""))
    except OSError as error:
        raise MisconfiguredError(f"{path}: cannot be read: {error.strerror}") from None
    records = _records(path.name, text)
    _, columns = next(records, (0, []))
    if not columns:
        raise _wrong(path.name, 1, "header", "is missing: the file is empty", "missing")
    for column, count in Counter(columns).items():
        if column and count > 1:
            raise _wrong(path.name, 1, column, "stands in the header twice", "duplicate")
    return Sheet(path.name, columns, _rows(path.name, columns, records))


def _encoding(path: Path) -> str:
    """UTF-8, or Windows-1252 for a file that is none; Latin-1 text reads the same in it."""
    for encoding in ("utf-8-sig", "cp1252"):
        try:
            with path.open(encoding=encoding) as text:
                while text.read(1 << 20):
                    pass
        except UnicodeDecodeError:
            continue
        return encoding
    raise _wrong(path.name, 1, "file", "is neither UTF-8 nor Windows-1252 text", "encoding")


def _records(file: str, text: TextIO) -> Iterator[tuple[int, list[str]]]:
    """Records with the line that each begins on; lines of nothing but commas are none."""
    reader = csv.reader(text, strict=True)
    while True:
        line = reader.line_num + 1
        try:
            record = next(reader, None)
        except csv.Error as error:
            raise _wrong(file, line, "record", f"is not CSV: {error}", "csv") from None
        if record is None:
            return
        if any(record):
            yield line, record


def _rows(file: str, columns: Sequence[str], records: Iterable[tuple[int, list[str]]]) -> Iterator[tuple[int, Row]]:
    for line, record in records:
        if len(record) != len(columns):
            raise _wrong(file, line, "record", f"has {len(record)} cells, the header {len(columns)}", "csv")
        yield line, dict(zip(columns, record, strict=True))


def _wrong(file: str, line: int, column: str, why: str, rule: str) -> ContractError:
    return ContractError(f"{file}:{line}: {column}: {why}", field=column, rule=rule, cause="import")
