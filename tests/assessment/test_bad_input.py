"""A source that is damaged, or is no table of contacts, is told of with place and reason, and nothing is left half done."""

from __future__ import annotations

import csv
import errno
import gzip
import random
from datetime import UTC, datetime
from pathlib import Path

import duckdb
import pytest

from assessment.assess import Result, assess_file
from assessment.errors import unreadable
from benchmarks.dirty import Shape, write
from contracts.errors import ContractError, MisconfiguredError, TowlineError
from contracts.files import FileError

NOW = datetime(2026, 11, 25, 12, tzinfo=UTC)
HEADER = "id,name,email,phone,company,country\n"
ADA = "1,Ada Byron,ada@northwind.example,+49 30 901820,Northwind,DE\n"


def assessed(folder: Path, content: str | bytes, name: str = "contacts.csv", mapping: Path | None = None) -> Result:
    path = folder / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return assess_file(path, folder / "out", NOW, mapping)


def worklist(result: Result) -> list[dict[str, str]]:
    with result.worklist.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def found(result: Result) -> set[tuple[int, str]]:
    return {(int(row["line"]), row["cause"]) for row in worklist(result)}


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"", "contacts.csv:1: header: is missing: the file is empty"),
        (b"\n\n\n", "contacts.csv:1: header: is missing: the file is empty"),
        (HEADER.encode(), "contacts.csv:2: rows: are missing: there is nothing behind the header"),
        (random.Random(1).randbytes(9_000) + bytes(9_000), "contacts.csv:1: file: is no text table: it holds binary data"),  # noqa: S311
        (gzip.compress(HEADER.encode() + ADA.encode() * 9)[:-20], "contacts.csv: is packed by gzip, and damaged"),
        (b"PAR1 but no Parquet", "contacts.csv:1: file: is a Parquet file that cannot be read"),
        (b"a,b\n1,2\n", "contacts.csv:1: header: has no column for any of: e-mail, phone, company, name. Its columns: `a`, `b`."),
        (HEADER.encode() + b"x" * 5_000_000, "contacts.csv:2: line: has more than 4,194,304 bytes: this is no text table"),
    ],
    ids=["no bytes", "no header", "no rows", "binary", "half a gzip", "half a Parquet", "other columns", "an endless line"],
)
def test_what_is_no_table_of_contacts_is_refused_and_leaves_nothing(tmp_path: Path, content: bytes, says: str) -> None:
    with pytest.raises(ContractError) as raised:
        assessed(tmp_path, content)
    assert raised.value.text.startswith(says)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["contacts.csv"]


def test_a_failed_assessment_leaves_what_an_earlier_one_wrote(tmp_path: Path) -> None:
    first = assessed(tmp_path, HEADER + ADA)
    before = {path.name: path.read_bytes() for path in first.report.parent.iterdir()}
    with pytest.raises(ContractError):
        assessed(tmp_path, "")
    assert {path.name: path.read_bytes() for path in first.report.parent.iterdir()} == before


def test_a_file_that_is_not_there_and_a_folder_that_is_a_file_are_the_operators(tmp_path: Path) -> None:
    with pytest.raises(MisconfiguredError, match="cannot be read: No such file"):
        assess_file(tmp_path / "nothing.csv", tmp_path / "out", NOW)
    (tmp_path / "out").write_text("")
    with pytest.raises(MisconfiguredError, match="cannot be written"):
        assessed(tmp_path, HEADER + ADA)


def test_a_full_disk_is_said_of_the_results_not_of_the_source(tmp_path: Path) -> None:
    with pytest.raises(OSError, match="No space"), unreadable(tmp_path / "contacts.csv"):
        raise OSError(errno.ENOSPC, "No space left on device")


def test_latin_1_with_three_percent_of_broken_rows_is_read_and_every_broken_row_listed(tmp_path: Path) -> None:
    planted = write(tmp_path / "contacts.csv", Shape(1_000, broken=30), 11, "latin-1")
    result = assess_file(tmp_path / "contacts.csv", tmp_path / "out", NOW)
    assert result.found.source.written == "Windows-1252 (Latin-1), comma, double quotes"
    assert (result.found.rows, result.found.source.broken) == (1_030, 30)
    assert found(result) == {(one.line, "broken_row") for one in planted}


def test_bytes_that_are_no_utf_8_break_their_row_alone(tmp_path: Path) -> None:
    rows = HEADER.encode() + "1,Zoë Müller,zoe@x.example,,Süd,DE\n".encode() + b"2,Zo\xeb,zo@x.example,,S\xfcd,DE\n"
    result = assessed(tmp_path, rows + "3,Jörg,j@x.example,,Süd,DE\n".encode())
    assert result.found.source.written.startswith("UTF-8,")
    assert [(row["line"], row["reason"]) for row in worklist(result)] == [("3", "has bytes that are no text")]


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "cp1252"])
@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_encoding_and_delimiter_are_found_out(tmp_path: Path, encoding: str, delimiter: str) -> None:
    text = (HEADER + ADA + "2,Zoë,zoe@,030 12,Süd,Mars\n").replace(",", delimiter)
    result = assessed(tmp_path, text.encode(encoding))
    assert found(result) == {(3, "invalid_email"), (3, "invalid_phone"), (3, "vocabulary")}


def test_the_line_by_which_excel_names_the_delimiter_is_no_header(tmp_path: Path) -> None:
    result = assessed(tmp_path, "sep=;\r\n" + HEADER.replace(",", ";") + "1;Ada;ada@;;Northwind;DE\n")
    assert found(result) == {(3, "invalid_email")}


def test_packed_and_parquet_files_say_the_same(tmp_path: Path) -> None:
    text = HEADER + ADA + "2,Zoë,zoe@,030 12,,Mars\n"
    plain = found(assessed(tmp_path, text))
    assert found(assessed(tmp_path, gzip.compress(text.encode()), "contacts.csv.gz")) == plain
    duckdb.sql(f"SELECT * FROM read_csv('{tmp_path / 'contacts.csv'}', all_varchar = true)").write_parquet(
        str(tmp_path / "c.parquet")
    )
    parquet = found(assess_file(tmp_path / "c.parquet", tmp_path / "out", NOW))
    assert parquet == {(line - 1, cause) for line, cause in plain}  # there is no header


def test_a_row_over_several_lines_is_one_row_and_an_open_quote_breaks_one_line(tmp_path: Path) -> None:
    rows = (
        '1,"Ada\nByron",ada@northwind.example,,Northwind,DE\n2,"open,b@northwind.example,,Northwind,DE\n3,Bo,bo@,,Northwind,DE\n'
    )
    result = assessed(tmp_path, HEADER + rows)
    assert found(result) == {(4, "broken_row"), (5, "invalid_email")}


def test_a_number_of_absurd_length_is_invalid(tmp_path: Path) -> None:
    result = assessed(tmp_path, HEADER + f"1,Ada,ada@x.example,+49{'1' * 500},Northwind,DE\n")
    assert found(result) == {(2, "invalid_phone")}


def test_columns_of_other_names_are_mapped(tmp_path: Path) -> None:
    (tmp_path / "map.yaml").write_text("fields:\n  email: {column: Wohin}\n")
    result = assessed(tmp_path, "Wohin,Firma\nada@,Northwind\n", mapping=tmp_path / "map.yaml")
    assert result.found.source.columns == {"email": "Wohin", "company": "Firma"}
    assert found(result) == {(2, "invalid_email")}
    assert result.found.absent == ["person"]


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("fields:\n  mail: {column: Wohin}\n", "map.yaml:2: fields.mail: is no field; the fields are id, "),
        ("fields:\n  email: {column: Woher}\n", "map.yaml:2: fields.email.column: `Woher` is no column of the table"),
        ("fields: [email]\n", "map.yaml:1: fields: "),
        ("fields: {\n", "map.yaml:2: "),
    ],
)
def test_a_mapping_file_that_does_not_fit_is_refused(tmp_path: Path, text: str, says: str) -> None:
    (tmp_path / "map.yaml").write_text(text)
    with pytest.raises(FileError) as raised:
        assessed(tmp_path, "Wohin,Firma\nada@,Northwind\n", mapping=tmp_path / "map.yaml")
    assert says in raised.value.text
    assert not (tmp_path / "out").exists()


def test_no_error_repeats_what_stands_in_a_cell(tmp_path: Path) -> None:
    for content in ("Ada Byron,ada@northwind.example\n" * 2, HEADER):
        with pytest.raises(TowlineError) as raised:
            assessed(tmp_path, content.replace("Ada Byron", "x" * 500))
        assert len(raised.value.text) < 400


def test_an_id_that_begins_like_a_formula_is_none_in_the_work_list(tmp_path: Path) -> None:
    result = assessed(tmp_path, HEADER + ADA.replace("1,", "=HYPERLINK(1),", 1).replace("ada@northwind.example", "ada@"))
    assert [row["id"] for row in worklist(result)] == ["'=HYPERLINK(1)"]
