"""Finds out how a text table is written: packed, encoding, delimiter, quote. It must not know what its columns mean."""

from __future__ import annotations

import codecs
import csv
import gzip
import io
import re
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import BinaryIO, cast

from assessment.errors import unreadable, wrong

SAMPLE = 200
BLOCK = 1 << 20
LONGEST_LINE = 1 << 22
ENOUGH = 20_000
"""Lines with other than ASCII characters after which their encoding is clear."""
MARKS = {codecs.BOM_UTF8: "utf-8-sig", codecs.BOM_UTF16_LE: "utf-16", codecs.BOM_UTF16_BE: "utf-16"}
NAMES = {"utf-8": "UTF-8", "utf-8-sig": "UTF-8 with a byte order mark", "cp1252": "Windows-1252 (Latin-1)"}
EXCEL = re.compile(r"sep=(.)\r?\n?$")


@dataclass(frozen=True, slots=True)
class Dialect:
    """How a text table is written, and how many lines stand before its header."""

    encoding: str
    delimiter: str
    quote: str
    packed: bool
    skipped: int

    def describe(self) -> str:
        """Return it in words."""
        delimiter = {",": "comma", ";": "semicolon", "\t": "tab", "|": "bar"}.get(self.delimiter, self.delimiter)
        quote = {'"': "double quotes", "'": "single quotes"}[self.quote]
        return f"{NAMES.get(self.encoding, self.encoding.upper())}, {delimiter}, {quote}{', gzip' if self.packed else ''}"


def dialect_of(path: Path) -> Dialect:
    """Look through a file and return how it is written.

    Raises:
        MisconfiguredError: it cannot be read.
        ContractError: it is empty, or no text.
    """
    with unreadable(path):
        with closing(opened(path)) as file:
            packed = isinstance(file, gzip.GzipFile)
            encoding = _encoding(path, file)
        with closing(opened(path)) as file:
            sample = list(islice(lines_of(file, encoding), SAMPLE))
    excel = EXCEL.match(sample[0]) if sample else None
    sample = sample[1:] if excel else sample
    quote = _quote(sample)
    delimiter = excel[1] if excel else _delimiter(sample, quote)
    return Dialect(encoding, delimiter, quote, packed, int(bool(excel)))


def opened(path: Path) -> BinaryIO:
    """Open a file's content, unpacked where it is packed by gzip."""
    with path.open("rb") as file:
        packed = file.read(2) == b"\x1f\x8b"
    return cast(BinaryIO, gzip.open(path)) if packed else path.open("rb")


def lines_of(file: BinaryIO, encoding: str) -> Iterator[str]:
    """Give the lines of a file with their ends; a byte that does not fit becomes U+FFFD, or is read as Latin-1 does."""
    with io.TextIOWrapper(file, encoding, "towline.latin1" if encoding == "cp1252" else "replace", newline="") as text:
        yield from text


def _latin1(error: UnicodeError) -> tuple[str, int]:
    """Read the five bytes that Windows-1252 leaves open as Latin-1 does."""
    if not isinstance(error, UnicodeDecodeError):
        raise error
    return error.object[error.start : error.end].decode("latin-1"), error.end


codecs.register_error("towline.latin1", _latin1)


def _encoding(path: Path, file: BinaryIO) -> str:
    """Look through the whole file: its first megabytes may be ASCII, and a line without an end would not fit into memory."""
    start = file.read(BLOCK)
    if not start:
        raise wrong(path, 1, "header", "is missing: the file is empty", "missing")
    told = next((encoding for mark, encoding in MARKS.items() if start.startswith(mark)), None) or _utf16(path, start)
    fits = strange = 0
    for block in _whole_lines(path, start, file):
        if told or block.isascii() or fits + strange > ENOUGH:
            continue
        for line in block.splitlines():
            if not line.isascii():
                good = _is_utf8(line)
                fits, strange = fits + good, strange + (not good)
    return told or ("cp1252" if strange > fits else "utf-8")


def _utf16(path: Path, start: bytes) -> str | None:
    """Tell UTF-16 without a mark by its zero bytes, which stand in every second place; others are no text."""
    even, odd = start[::2].count(0), start[1::2].count(0)
    if 10 * (even + odd) < len(start):
        return None
    if min(even, odd) * 10 > max(even, odd):
        raise wrong(path, 1, "file", "is no text table: it holds binary data", "encoding")
    return "utf-16-be" if even > odd else "utf-16-le"


def _whole_lines(path: Path, start: bytes, file: BinaryIO) -> Iterator[bytes]:
    number, rest, block = 1, b"", start
    while block:
        rest += block
        cut = rest.rfind(b"\n") + 1
        if len(rest) - cut > LONGEST_LINE:
            line = number + rest.count(b"\n")
            raise wrong(path, line, "line", f"has more than {LONGEST_LINE:,} bytes: this is no text table", "csv")
        number += rest.count(b"\n", 0, cut)
        yield rest[:cut]
        rest, block = rest[cut:], file.read(BLOCK)
    yield rest


def _is_utf8(line: bytes) -> bool:
    try:
        line.decode()
    except UnicodeDecodeError:
        return False
    return True


def _quote(sample: list[str]) -> str:
    single = sum(len(re.findall(r"(?:^|[,;\t|])'[^'\n]*'(?=[,;\t|\r\n])", line)) for line in sample)
    return "'" if single > len(sample) and not any('"' in line for line in sample) else '"'


def _delimiter(sample: list[str], quote: str) -> str:
    """Return the sign by which most rows have as many cells as the header, and that more than one."""

    def score(sign: str) -> tuple[float, int]:
        rows = [row for row in csv.reader(sample, delimiter=sign, quotechar=quote) if row]
        cells = len(rows[0]) if rows else 0
        return (sum(len(row) == cells for row in rows) / len(rows), cells) if cells > 1 else (0.0, cells)

    return max((",", ";", "\t", "|"), key=score)
