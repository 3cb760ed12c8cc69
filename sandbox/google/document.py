"""A Google document's body: text, looks, paragraph styles, and the Docs API's index arithmetic; knows no HTTP and no store.

The API counts UTF-16 code units from 1 (0 is the section break that opens every body); inside, positions count characters from 0.
https://developers.google.com/workspace/docs/api/concepts/structure
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from itertools import chain, groupby
from typing import Any

from sandbox.google.outline import CELL, MARKS, ROW, TABLE, is_whole, lines_of, outline

Json = dict[str, Any]

NORMAL = {"namedStyleType": "NORMAL_TEXT", "direction": "LEFT_TO_RIGHT"}


class BadEdit(ValueError):  # noqa: N818 - what it is, not that it is an error
    """The edit does not fit the document; the text says why, as the vendor would."""


@dataclass(frozen=True, slots=True)
class Paragraph:
    """How one paragraph looks, newline included; its text is in the document."""

    style: Json
    bullet: str | None = None  # id of the list it belongs to
    level: int = 0  # how deep in the list
    numbered: bool = False


@dataclass(frozen=True, slots=True)
class NamedRange:
    """A named stretch of the body, in characters."""

    id: str
    name: str
    start: int
    end: int


@dataclass(slots=True)
class Document:
    """A body that always ends with a newline: one look per character, one `Paragraph` per newline; looks are never changed.

    `structures` are the styles of tables, rows and cells, in the order in which they begin in the text.
    """

    text: str = "\n"
    looks: list[Json] = field(default_factory=lambda: [{}])
    paragraphs: list[Paragraph] = field(default_factory=lambda: [Paragraph(NORMAL)])
    ranges: list[NamedRange] = field(default_factory=list)
    revision: int = 1
    structures: list[Json] = field(default_factory=list)

    @classmethod
    def stored(cls, kept: Json) -> "Document":
        """Return the document that `kept_form` described; older states have the styles themselves in the numbers' place."""
        of: Callable[[Any], Json] = kept["styles"].__getitem__ if "styles" in kept else lambda style: style
        looks: list[Json] = []
        for length, look in kept["looks"]:
            looks += [of(look)] * length
        paragraphs = [Paragraph(of(number), *rest) for number, *rest in kept["paragraphs"]]
        ranges = [NamedRange(*r) for r in kept["ranges"]]
        structures = [of(number) for number in kept.get("structures", ())]
        return cls(kept["text"], looks, paragraphs, ranges, kept["revision"], structures)

    def kept_form(self) -> Json:
        """Return the document as JSON for the store; styles are kept once, however often they are used."""
        runs = [list(run) for _, run in groupby(self.looks, key=id)]
        used = chain((run[0] for run in runs), (p.style for p in self.paragraphs), self.structures)
        styles = {id(style): style for style in used}
        numbers = {name: number for number, name in enumerate(styles)}
        return {
            "text": self.text,
            "looks": [(len(run), numbers[id(run[0])]) for run in runs],
            "paragraphs": [
                (numbers[id(p.style)], p.bullet, p.level, p.numbered) if p.bullet else (numbers[id(p.style)],)
                for p in self.paragraphs
            ],
            "ranges": [(r.id, r.name, r.start, r.end) for r in self.ranges],
            "revision": self.revision,
            "structures": [numbers[id(style)] for style in self.structures],
            "styles": list(styles.values()),
        }

    def copy(self) -> "Document":
        """Return a copy that can be edited without touching this one."""
        lists = {name: getattr(self, name).copy() for name in ("looks", "paragraphs", "ranges", "structures")}
        return replace(self, **lists)

    def index(self, position: int) -> int:
        """Return the API's index of a character position."""
        return 1 + units(self.text[:position])

    def position(self, index: int) -> int:
        """Return the character position of an API index. Raises BadEdit outside the body and inside a surrogate pair."""
        if not 1 <= index <= self.index(len(self.text)):
            raise BadEdit(
                f"Index {index} must be less than the end index of the referenced segment, {self.index(len(self.text))}."
            )
        if units(self.text) == len(self.text):
            return index - 1
        before = self.text.encode("utf-16-le")[: 2 * (index - 1)].decode("utf-16-le", "ignore")
        if units(before) != index - 1:
            raise BadEdit(f"Index {index} cannot be inside a surrogate pair.")
        return len(before)

    def insert(self, position: int, text: str) -> None:
        """Insert text that looks like what stands before it; newlines split the paragraph and keep its style."""
        if not 0 <= position < len(self.text) or self.text[position] in MARKS:
            raise BadEdit("The insertion index must be inside the bounds of an existing paragraph.")
        self._splice(position, position, text, self.looks[position if self._begins_paragraph(position) else position - 1])

    def delete(self, start: int, end: int) -> None:
        """Remove a stretch, merging paragraphs whose newline goes."""
        if start >= end:
            raise BadEdit("The range should not be empty.")
        if end >= len(self.text):
            raise BadEdit("The range cannot include the newline character at the end of the segment.")
        if not self.may_go(start, end):
            raise BadEdit("Invalid deletion range. Cannot delete the requested range.")
        self._splice(start, end, "", {})

    def may_go(self, start: int, end: int) -> bool:
        """Say whether a stretch can be taken out without harm to a table."""
        stretch = self.text[start:end]
        return stretch.isprintable() or not self.structures or is_whole(stretch, self.text[end])

    def substitute(self, start: int, end: int, text: str) -> None:
        """Put text in a stretch's place, with the look of the stretch's first character."""
        self._splice(start, end, text, self.looks[start])

    def restyle_text(self, start: int, end: int, change: Callable[[Json], Json]) -> None:
        """Change the look of every character in a stretch."""
        self.looks[start:end] = [look for old, run in groupby(self.looks[start:end]) for look in [change(old)] * len(list(run))]

    def restyle_paragraphs(self, start: int, end: int, change: Callable[[Paragraph], Paragraph]) -> None:
        """Change every paragraph that a stretch touches."""
        first, last = self._paragraph_at(start), self._paragraph_at(max(start, end - 1))
        for number in range(first, last + 1):
            self.paragraphs[number] = change(self.paragraphs[number])

    def lines(self) -> Iterator[tuple[int, str, Paragraph]]:
        """Yield each paragraph's position, its text with the newline, and its style; those in tables, too."""
        for line in lines_of(outline(self)):
            yield line.start, line.text, line.paragraph

    def runs(self, position: int, length: int) -> Iterator[tuple[str, Json]]:
        """Yield a stretch's texts of one look each."""
        for look, run in groupby(self.looks[position : position + length]):
            size = len(list(run))
            yield self.text[position : position + size], look
            position += size

    def _paragraph_at(self, position: int) -> int:
        return self.text.count("\n", 0, position)

    def _begins_paragraph(self, position: int) -> bool:
        return position == 0 or self.text[position - 1] == "\n" or self.text[position - 1] in MARKS

    def _splice(self, start: int, end: int, text: str, look: Json) -> None:
        first, gone = self._paragraph_at(start), self.text.count("\n", start, end)
        survivor = self.paragraphs[first + gone if self._begins_paragraph(start) and gone and not text else first]
        self.paragraphs[first : first + gone + 1] = [survivor] * (text.count("\n") + 1)
        self.ranges = [moved for r in self.ranges if (moved := _moved(r, start, end, len(text)))]
        if self.structures and not self.text[start:end].isprintable():
            before = _structures_in(self.text[:start])
            del self.structures[before : before + _structures_in(self.text[start:end])]
        self.text = self.text[:start] + text + self.text[end:]
        self.looks[start:end] = [look] * len(text)


def units(text: str) -> int:
    """Return how many UTF-16 code units a text takes."""
    return len(text) if text.isascii() else len(text.encode("utf-16-le", "surrogatepass")) // 2


def _structures_in(text: str) -> int:
    return text.count(TABLE) + text.count(ROW) + text.count(CELL)


def _moved(named: NamedRange, start: int, end: int, size: int) -> NamedRange | None:
    """Return where a range is after `start` to `end` became `size` characters; None when nothing is left of it."""
    grown = size - (end - start)
    new_start, new_end = named.start, named.end
    if named.start > start or (named.start == start and end == start):
        new_start = named.start + grown if named.start >= end else start + size
    if named.end > start:
        new_end = named.end + grown if named.end >= end else start
    return replace(named, start=new_start, end=new_end) if new_start < new_end else None
