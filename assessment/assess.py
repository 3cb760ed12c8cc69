"""Assesses a source: reads it, finds, counts, writes report and work list; all of it, or nothing."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import duckdb
from duckdb import DuckDBPyConnection

from assessment.defects import find_defects, make_findings
from assessment.duplicates import find_duplicates
from assessment.records import make_records
from assessment.report import write_report
from assessment.rules import fields, rules
from assessment.sources import Contact, Source, read_file, read_pages
from assessment.summary import Assessment, summarise
from assessment.worklist import write_worklist
from contracts.errors import MisconfiguredError

SETTINGS: dict[str, str | bool | int | float | list[str]] = {
    "memory_limit": "1GB",
    "preserve_insertion_order": False,
    "autoinstall_known_extensions": False,
    "autoload_known_extensions": False,
}
"""DuckDB goes on in the folder of the results when its memory is full, and asks for nothing from outside."""
REPORT, WORKLIST = "assessment.html", "worklist.csv"


@dataclass(frozen=True, slots=True)
class Result:
    """What was found, and the files that say it."""

    found: Assessment
    report: Path
    worklist: Path


def assess_file(path: Path, out: Path, now: datetime, mapping: Path | None = None) -> Result:
    """Assess a file's contacts and write report and work list into `out`.

    Raises:
        MisconfiguredError: the file cannot be read, or `out` not written.
        FileError: the mapping file, or one of the house, is wrong.
        ContractError: the file is no table of contacts; names line and reason.
    """
    with _workshop(out) as (folder, db):
        return _assess(db, read_file(db, path, mapping, folder), folder, out, now)


async def assess_pages(name: str, pages: AsyncIterator[Sequence[Contact]], out: Path, now: datetime) -> Result:
    """Assess the contacts that a CRM gives page by page, as `assess_file` does."""
    with _workshop(out) as (folder, db):
        return _assess(db, await read_pages(db, name, pages, folder), folder, out, now)


@contextmanager
def _workshop(out: Path) -> Iterator[tuple[Path, DuckDBPyConnection]]:
    """Give a folder beside the results, and a database in it; both go away."""
    made = not out.exists()
    try:
        out.mkdir(parents=True, exist_ok=True)
        folder = Path(tempfile.mkdtemp(prefix=".assess-", dir=out))
    except OSError as error:
        raise MisconfiguredError(f"{out}: cannot be written: {error.strerror}") from None
    done = False
    try:
        with duckdb.connect(config=SETTINGS | {"temp_directory": str(folder / "spill")}) as db:
            db.execute("SET enable_progress_bar = false")
            yield folder, db
        done = True
    except OSError as error:
        raise MisconfiguredError(f"{out}: cannot be written: {error.strerror}") from None
    except (duckdb.OutOfMemoryException, duckdb.IOException):
        raise MisconfiguredError(f"{out}: has no room for the work; take another folder with --out") from None
    finally:
        shutil.rmtree(folder, ignore_errors=True)
        if made and not done:
            out.rmdir()


def _assess(db: DuckDBPyConnection, source: Source, folder: Path, out: Path, now: datetime) -> Result:
    known, rule = dict(fields()), rules()
    make_records(db, rule, known)
    make_findings(db)
    find_defects(db, rule, source.there)
    work = find_duplicates(db, rule, known, source.there)
    found = summarise(db, source, rule, known, work)
    write_worklist(db, folder / WORKLIST)
    write_report(found, rule, known, now, folder / REPORT)
    for name in (WORKLIST, REPORT):
        (folder / name).replace(out / name)
    return Result(found, out / REPORT, out / WORKLIST)
