"""The rows of a text table, each with the line it begins on; one that is broken is told of, and costs no other its place."""

from __future__ import annotations

import csv
import itertools
from collections import deque
from collections.abc import Iterable, Iterator
from typing import NamedTuple

LONGEST_RECORD = 200
"""Lines after which a quote is taken as never closed."""
LONGEST_CELL = 100_000
TOO_LONG = f"has a cell of {LONGEST_CELL:,} characters or more"
DAMAGED, NUL, SEPARATOR = "\ufffd", "\0", "\x1f"
"""Signs that no cell may have: a byte that was no text, and what separates cells on their way to DuckDB."""


class Row(NamedTuple):
    """A row that can be read."""

    line: int
    cells: list[str]


class Broken(NamedTuple):
    """A row that cannot be read, and why; never what it says."""

    line: int
    why: str


class Lines:
    """The rows of a text table. Empty lines are no rows, and counted."""

    def __init__(self, lines: Iterable[str], delimiter: str, quote: str, *, first: int = 1) -> None:
        """Read `lines`, of which the first one has the number `first`."""
        self.empty = 0
        self._lines = enumerate(lines, first)
        self._back: deque[tuple[int, str]] = deque()
        self._delimiter, self._quote = delimiter, quote

    def header(self) -> Row | None:
        """Return the first row that is not empty, whatever its length; None when there is none."""
        for line, text in self._taken():
            cells = [cell.strip() for cell in self._cells(text) or text.split(self._delimiter)]
            if any(cells):
                return Row(line, cells)
        return None

    def rows(self, width: int) -> Iterator[Row | Broken]:
        """Give all rows behind the header; one that does not have `width` cells is broken."""
        delimiter, quote = self._delimiter, self._quote
        for line, text in self._taken():
            if quote in text:
                yield self._quoted(line, text, width)
                continue
            bare = text.rstrip("\r\n")
            cells = bare.split(delimiter)
            if len(cells) == width and len(bare) < LONGEST_CELL and not _is_strange(bare):
                if any(cells):
                    yield Row(line, cells)
                else:
                    self.empty += 1
            elif bare.strip():
                yield self._judged(line, cells, width)
            else:
                self.empty += 1

    def _taken(self) -> Iterator[tuple[int, str]]:
        while True:
            if self._back:
                yield self._back.popleft()
            elif (one := next(self._lines, None)) is not None:
                yield one
            else:
                return

    def _quoted(self, line: int, text: str, width: int) -> Row | Broken:
        """A row with quotes may go over several lines; when that leads to nothing, only its first line is broken."""
        if (cells := self._cells(text)) is not None:
            return self._judged(line, cells, width)
        if text.count(self._quote) % 2 == 0 or len(text) >= LONGEST_CELL:
            return Broken(line, TOO_LONG if len(text) >= LONGEST_CELL else "has text behind a closing quote")
        more: list[tuple[int, str]] = []
        for one in itertools.islice(self._taken(), LONGEST_RECORD):
            more.append(one)
            if one[1].count(self._quote) % 2:
                cells = self._cells(text + "".join(part for _, part in more))
                if cells is not None and len(cells) == width:
                    return self._judged(line, [" ".join(cell.split()) for cell in cells], width)
                break
        self._back.extendleft(reversed(more))
        return Broken(line, "has a quote that is not closed")

    def _judged(self, line: int, cells: list[str], width: int) -> Row | Broken:
        if len(cells) != width:
            return Broken(line, f"has {len(cells)} cells, the header {width}")
        if any(_is_strange(cell) for cell in cells):
            return Broken(line, "has bytes that are no text")
        if any(len(cell) >= LONGEST_CELL for cell in cells):
            return Broken(line, TOO_LONG)
        return Row(line, cells)

    def _cells(self, text: str) -> list[str] | None:
        """The cells of a record, or None when its quotes do not fit."""
        try:
            return next(csv.reader((text,), delimiter=self._delimiter, quotechar=self._quote, strict=True), [])
        except csv.Error:
            return None


def _is_strange(text: str) -> bool:
    return DAMAGED in text or NUL in text or SEPARATOR in text
