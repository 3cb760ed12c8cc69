"""What an import has read so far, as a tree, and the document that it becomes; knows no HTML."""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import Any

import orjson

from sandbox.google.document import NORMAL, Document, Paragraph
from sandbox.google.named_styles import points
from sandbox.google.outline import CELL, END, ROW, TABLE

Json = dict[str, Any]
Piece = tuple[str, Json]


@dataclass(slots=True)
class DraftLine:
    """A paragraph's runs, without its newline."""

    runs: list[Piece]
    paragraph: Paragraph = field(default_factory=lambda: Paragraph(NORMAL))


@dataclass(slots=True)
class DraftCell:
    """A cell; `width` is what it says of its column, in points."""

    style: Json
    width: float | None = None
    content: list["Draft"] = field(default_factory=list)


@dataclass(slots=True)
class DraftTable:
    """A table as it was written: its rows may differ in length."""

    border: str
    rows: list[list[DraftCell]] = field(default_factory=list)
    headers: set[int] = field(default_factory=set)  # the numbers of rows that are repeated on every page
    widths: dict[int, float] = field(default_factory=dict)

    def columns(self) -> int:
        """Return how many columns the widest row needs."""
        return max((len(row) for row in self.rows), default=0)

    def style(self) -> Json:
        """Return the TableStyle; of the cells that give their column a width the topmost counts."""
        widths = dict(self.widths)
        for row in self.rows:
            for number, cell in enumerate(row):
                if cell.width and cell.style["columnSpan"] == 1:
                    widths.setdefault(number, cell.width)
        return {"tableColumnProperties": [_column(widths.get(number)) for number in range(self.columns())]}


Draft = DraftLine | DraftTable


def assembled(drafts: list[Draft]) -> Document:
    """Return the document of what was read; a body, and a cell, ends with a paragraph."""
    document = Document("", [], [])
    text: list[str] = []
    same = _Same()
    for piece, look in _pieces(_ended(drafts), document):
        text.append(piece)
        document.looks += [same(look)] * len(piece)
    document.text = "".join(text)
    document.paragraphs = [replace(paragraph, style=same(paragraph.style)) for paragraph in document.paragraphs]
    document.structures = [same(style) for style in document.structures]
    return document


class _Same:
    """Gives equal styles as one and the same object, which the store keeps once."""

    def __init__(self) -> None:
        self._known: dict[bytes, Json] = {}

    def __call__(self, style: Json) -> Json:
        return self._known.setdefault(orjson.dumps(style), style)


def _pieces(drafts: list[Draft], document: Document) -> Iterator[Piece]:
    for draft in drafts:
        if isinstance(draft, DraftLine):
            document.paragraphs.append(draft.paragraph)
            yield from draft.runs
            yield "\n", draft.runs[-1][1] if draft.runs else {}
        elif draft.columns():
            yield from _table(draft, document)


def _table(table: DraftTable, document: Document) -> Iterator[Piece]:
    document.structures.append(table.style())
    yield TABLE, {}
    for number, row in enumerate(table.rows):
        document.structures.append({"minRowHeight": {"unit": "PT"}} | ({"tableHeader": True} if number in table.headers else {}))
        yield ROW, {}
        for cell in [*row, *(DraftCell(row[-1].style | {"columnSpan": 1}) for _ in range(table.columns() - len(row)))]:
            document.structures.append(cell.style)
            yield CELL, {}
            yield from _pieces(_ended(cell.content), document)
    yield END, {}


def _ended(drafts: list[Draft]) -> list[Draft]:
    return drafts if drafts and isinstance(drafts[-1], DraftLine) else [*drafts, DraftLine([("", {})])]


def _column(width: float | None) -> Json:
    return {"widthType": "FIXED_WIDTH", "width": points(width)} if width else {"widthType": "EVENLY_DISTRIBUTED"}
