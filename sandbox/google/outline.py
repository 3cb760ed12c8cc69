"""A document's body as a tree of lines and tables, each with its place; for those who show or export it. Knows no HTTP.

In the body's text a table is written as Docs counts it: one character before a table, a row and a cell, one after a table.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from sandbox.google.document import Document, Paragraph

Json = dict[str, Any]

TABLE, END, ROW, CELL = "\x10", "\x11", "\x12", "\x1c"
MARKS = TABLE + END + ROW + CELL
PAGE_BREAK, RULE = "\x0c", "\x0e"
_TOKEN = re.compile(f"[{MARKS}]|[^\n{MARKS}]*\n")
_STRIPPED = re.compile("[\x00-\x08\x0c-\x1f\ue000-\uf8ff]")
_NO_TEXT = {ord(mark): None for mark in MARKS + PAGE_BREAK + RULE}


@dataclass(slots=True)
class Line:
    """One paragraph: its text ends with the newline."""

    start: int
    text: str
    paragraph: "Paragraph"


@dataclass(slots=True)
class Cell:
    """A table's cell and what is in it."""

    start: int
    style: Json
    content: list["Block"] = field(default_factory=list)
    end: int = 0


@dataclass(slots=True)
class Row:
    """A table's row."""

    start: int
    style: Json
    cells: list[Cell] = field(default_factory=list)
    end: int = 0


@dataclass(slots=True)
class Table:
    """A table; `style` is the Docs API's TableStyle."""

    start: int
    style: Json
    rows: list[Row] = field(default_factory=list)
    end: int = 0

    def widths(self, room: float) -> list[float]:
        """Return the columns' widths in a space of `room` points: those without a width share what is left."""
        given = [column.get("width", {}).get("magnitude") for column in self.style["tableColumnProperties"]]
        fixed, free = sum(width for width in given if width), sum(not width for width in given)
        widths = [width or max(20.0, (room - fixed) / free) for width in given]
        shrunk = min(1.0, room / sum(widths))
        return [width * shrunk for width in widths]


Block = Line | Table


def outline(document: "Document") -> list[Block]:
    """Return the body's blocks, those in tables below their cells."""
    body: list[Block] = []
    here, above = body, []
    table: Table | None = None
    paragraphs, styles = iter(document.paragraphs), iter(document.structures)
    for match in _TOKEN.finditer(document.text):
        at, token = match.start(), match[0]
        if token == TABLE:
            above.append((here, table))
            table = Table(at, next(styles))
            here.append(table)
        elif token not in MARKS or table is None:
            here.append(Line(at, token, next(paragraphs)))
        else:
            _close(table, at, row=token != CELL)
            if token == ROW:
                table.rows.append(Row(at, next(styles)))
            elif token == CELL:
                table.rows[-1].cells.append(Cell(at, next(styles)))
                here = table.rows[-1].cells[-1].content
            else:
                table.end = at + 1
                here, table = above.pop()
    return body


def lines_of(blocks: list[Block]) -> Iterator[Line]:
    """Yield all lines, those in tables row by row."""
    for block in blocks:
        if isinstance(block, Line):
            yield block
        else:
            for row in block.rows:
                for cell in row.cells:
                    yield from lines_of(cell.content)


def readable(text: str) -> str:
    """Return a body's text without the characters that stand for structure."""
    return text.translate(_NO_TEXT)


def clean(text: str) -> str:
    """Return text as it may enter a body: Docs drops control characters, and those of private use."""
    return _STRIPPED.sub("", text)


def is_whole(stretch: str, after: str) -> bool:
    """Say whether a stretch of the body may go: it cuts no table in two, and takes no newline that a table or cell needs."""
    if stretch.endswith("\n") and after in MARKS:
        return False
    depth = 0
    for mark in (letter for letter in stretch if letter in MARKS):
        depth += (mark == TABLE) - (mark == END)
        if depth < (mark != END):
            return False
    return depth == 0


def _close(table: Table, at: int, *, row: bool) -> None:
    """Note where the last cell, and with it perhaps its row, ends."""
    if table.rows and table.rows[-1].cells:
        table.rows[-1].cells[-1].end = at
    if table.rows and row:
        table.rows[-1].end = at
