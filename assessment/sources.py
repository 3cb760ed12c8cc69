"""Brings a source into DuckDB as `source`: text tables, Parquet files, a CRM's pages. It must not judge what it brings."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from itertools import islice
from operator import itemgetter
from pathlib import Path
from typing import Any

from duckdb import DuckDBPyConnection, OutOfMemoryException
from duckdb import Error as DuckDBError

from assessment.columns import Columns, columns_of
from assessment.dialect import Dialect, dialect_of, lines_of, opened
from assessment.errors import unreadable, wrong
from assessment.lines import SEPARATOR, Lines, Row
from assessment.names import quoted
from assessment.rules import fields

Contact = Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Source:
    """What was read: `rows` that can be read, `broken` ones that cannot, `empty` lines; which column is which field."""

    name: str
    written: str
    rows: int
    broken: int
    empty: int
    columns: Mapping[str, str]
    ignored: Sequence[str]

    @property
    def there(self) -> frozenset[str]:
        """The fields that it has, with the name that is made of its parts."""
        return frozenset((*self.columns, *(("person",) if {"first_name", "last_name"} & set(self.columns) else ())))


def read_file(db: DuckDBPyConnection, path: Path, mapping: Path | None, folder: Path) -> Source:
    """Bring a file into `source`, and its broken rows into the table `broken`.

    Raises:
        MisconfiguredError: it cannot be read.
        FileError: the mapping file does not fit.
        ContractError: it is empty, is no table, or has no column that we know; names file, line and reason.
    """
    with unreadable(path), path.open("rb") as file:
        is_parquet = file.read(4) == b"PAR1"
    return _parquet(db, path, mapping) if is_parquet else _text(db, path, mapping, folder)


async def read_pages(db: DuckDBPyConnection, name: str, pages: AsyncIterator[Sequence[Contact]], folder: Path) -> Source:
    """Bring a CRM's contacts into `source`; their line is the order in which they came."""
    known, count = tuple(fields()), 0
    with (folder / "rows").open("w", encoding="utf-8", newline="") as file:
        async for page in pages:
            for contact in page:
                count += 1
                file.write(_row(count, [" ".join(contact.get(field, "").split()) for field in known]))
    if not count:
        raise wrong(Path(name), 0, "contacts", "there are none", "missing")
    (folder / "broken").touch()
    _load(db, folder, known)
    return Source(name, "page by page", count, 0, 0, {field: field for field in known}, ())


def _text(db: DuckDBPyConnection, path: Path, mapping: Path | None, folder: Path) -> Source:
    dialect = dialect_of(path)
    with unreadable(path), closing(opened(path)) as file:
        lines, columns, header = _begun(path, dialect, lines_of(file, dialect.encoding), mapping)
        count, broken = _copy(lines, columns, folder)
    if not count and not broken:
        raise wrong(path, header + 1, "rows", "are missing: there is nothing behind the header", "missing")
    _load(db, folder, list(columns.places))
    return Source(path.name, dialect.describe(), count, broken, lines.empty, columns.known, columns.ignored)


def _begun(path: Path, dialect: Dialect, text: Any, mapping: Path | None) -> tuple[Lines, Columns, int]:
    lines = Lines(islice(text, dialect.skipped, None), dialect.delimiter, dialect.quote, first=dialect.skipped + 1)
    header = lines.header()
    if header is None:
        raise wrong(path, 1, "header", "is missing: the file is empty", "missing")
    return lines, columns_of(path, header.line, header.cells, mapping), header.line


def _copy(lines: Lines, columns: Columns, to: Path) -> tuple[int, int]:
    """Write what is known of the rows that can be read, and why others cannot; return how many there are of each."""
    places = list(columns.places.values())
    pick = itemgetter(*places) if len(places) > 1 else lambda cells: (cells[places[0]],)
    count = broken = 0
    with (to / "rows").open("w", encoding="utf-8", newline="") as rows, (to / "broken").open("w", encoding="utf-8") as others:
        for row in lines.rows(len(columns.names)):
            if isinstance(row, Row):
                rows.write(_row(row.line, pick(row.cells)))
                count += 1
            else:
                others.write(_row(row.line, [row.why]))
                broken += 1
    return count, broken


def _row(line: int, cells: Iterable[str]) -> str:
    return f"{line}{SEPARATOR}{SEPARATOR.join(map(str.strip, cells))}\n"


def _load(db: DuckDBPyConnection, folder: Path, known: Sequence[str]) -> None:
    db.execute(f"CREATE VIEW source AS {_rows_sql(folder / 'rows', known)}")
    db.execute(f"CREATE TABLE broken AS {_rows_sql(folder / 'broken', ['reason'])}")


def _rows_sql(path: Path, columns: Sequence[str]) -> str:
    shape = ", ".join(f"'{column}': 'VARCHAR'" for column in columns)
    how = f"header = false, auto_detect = false, delim = '{SEPARATOR}', quote = '', escape = '', max_line_size = 16000000"
    return f"SELECT * FROM read_csv({quoted(str(path))}, columns = {{'line': 'BIGINT', {shape}}}, {how})"


def _parquet(db: DuckDBPyConnection, path: Path, mapping: Path | None) -> Source:
    file = f"read_parquet({quoted(str(path))}, file_row_number = true)"
    try:
        names = [name for name, *_ in db.execute(f"DESCRIBE SELECT * FROM {file}").fetchall() if name != "file_row_number"]
        columns = columns_of(path, 1, names, mapping)
        picked = ", ".join(f'trim({_name(names[place])}::VARCHAR) AS "{field}"' for field, place in columns.places.items())
        db.execute(f"CREATE TABLE source AS SELECT file_row_number + 1 AS line, {picked} FROM {file}")
    except OutOfMemoryException:
        raise
    except DuckDBError:
        raise wrong(path, 1, "file", "is a Parquet file that cannot be read", "parquet") from None
    db.execute("CREATE TABLE broken (line BIGINT, reason VARCHAR)")
    (count,) = db.execute("SELECT count(*) FROM source").fetchone() or (0,)
    if not count:
        raise wrong(path, 1, "rows", "are missing: there is nothing in the file", "missing")
    return Source(path.name, "Parquet", count, 0, 0, columns.known, columns.ignored)


def _name(column: str) -> str:
    return '"' + column.replace('"', '""') + '"'
