"""Reads uploaded HTML as Drive imports it: headings, paragraphs, lists, tables and rules, with inline and simple sheet styles."""

import re
from dataclasses import dataclass
from html.parser import HTMLParser

from sandbox.google.css import Css, Element, Sheet, declarations, inherited, length
from sandbox.google.document import NORMAL, Document, Json, Paragraph
from sandbox.google.drafts import Draft, DraftCell, DraftLine, DraftTable, assembled
from sandbox.google.looks import INHERITED, cell_style, paragraph_style, size_of, text_style
from sandbox.google.named_styles import TEXT
from sandbox.google.outline import PAGE_BREAK, RULE, clean

_HEADINGS = {f"h{n}": f"HEADING_{n}" for n in range(1, 7)}
_CELLS, _LISTS = {"td", "th"}, {"ul", "ol"}
_BLOCKS = {*_HEADINGS, *_CELLS, *_LISTS, "p", "div", "li", "tr", "table", "section", "article", "header", "footer", "main",
           "blockquote", "pre", "body", "caption"}  # fmt: skip
_VOID = {"br", "hr", "img", "meta", "link", "input", "wbr", "area", "base", "embed", "source", "track"}
_ENDED_BY = {"li": {"li"}, "tr": {"tr", *_CELLS}, "td": _CELLS, "th": _CELLS}
_SILENT = {"script", "title"}
_BROWSERS_SHEET = """
b, strong, th { font-weight: bold } i, em, cite { font-style: italic } u, ins { text-decoration: underline }
s, strike, del { text-decoration: line-through } code, pre, kbd { font-family: Courier New } center { text-align: center }
sub { baseline: SUBSCRIPT } sup { baseline: SUPERSCRIPT } blockquote { margin-left: 30pt }
"""


@dataclass(slots=True)
class _Open:
    """An element that is being read."""

    element: Element
    css: Css  # its own
    handed: Css  # what is handed down to those below it
    look: Json


def document_from_html(text: str) -> Document:
    """Return the document that an upload of HTML becomes."""
    reader = _Reader()
    reader.feed(text)
    reader.close()
    reader.end_paragraph()
    return assembled(reader.body)


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.body: list[Draft] = []
        self._sheet = Sheet()
        self._sheet.read(_BROWSERS_SHEET)
        self._open: list[_Open] = [_Open(Element("html"), {}, {}, {})]
        self._runs: list[tuple[str, Json]] = []
        self._tables: list[DraftTable] = []
        self._lists = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Begin an element; what cannot be inside one another is ended first."""
        given = {name: value or "" for name, value in attrs}
        self._end_siblings(tag)
        if tag in _BLOCKS or tag == "hr":
            self.end_paragraph()
        opened = self._opened(tag, given)
        if tag == "br":
            self._runs.append(("\v", self._open[-1].look))  # a line break inside a paragraph, as Docs shows it
        elif tag == "hr":
            self._add(_ruled(opened.css))
        elif tag == "col" and self._tables:
            self._tables[-1].widths.setdefault(len(self._tables[-1].widths), _width(opened.css, given) or 0)
        if tag in _VOID or tag == "col":
            return
        self._open.append(opened)
        self._begin(tag, given, opened)

    def handle_endtag(self, tag: str) -> None:
        """End an element, and those inside it that were not ended."""
        if tag in _BLOCKS:
            self.end_paragraph()
        for number in reversed(range(1, len(self._open))):
            if self._open[number].element.tag == tag:
                del self._open[number:]
                if tag == "table" and self._tables:
                    self._end_table()
                return

    def handle_data(self, data: str) -> None:
        """Take text, its white space folded as browsers do."""
        tags = {opened.element.tag for opened in self._open}
        if tags & {"style"}:
            self._sheet.read(data)
            return
        text = clean(re.sub(r"[ \t\r\n\f]+", " ", data))
        if not self._runs or self._runs[-1][0].endswith((" ", "\v")):
            text = text.lstrip(" ")
        if text and not tags & _SILENT and not self._between_cells():
            self._runs.append((text, self._open[-1].look))

    def end_paragraph(self) -> None:
        """Close the paragraph being read; an empty one is none."""
        if self._runs:
            text, look = self._runs[-1]
            self._runs[-1] = (text.rstrip(" "), look)
            self._add(DraftLine(self._runs, self._paragraph()))
        self._runs = []

    def _opened(self, tag: str, given: dict[str, str]) -> _Open:
        """Return an element with its styles: the browser's, the sheet's and its own, over what is handed down to it."""
        above = self._open[-1]
        names = {f".{name}" for name in given.get("class", "").split()} | {f"#{name}" for name in given.get("id", "").split()}
        return self._styled(Element(tag, frozenset(names)), given, above)

    def _styled(self, element: Element, given: dict[str, str], above: _Open) -> _Open:
        sheet = self._sheet.styles([*(one.element for one in self._open), element])
        css = _attributes(element.tag, given) | sheet | declarations(given.get("style", ""))
        if "font-size" in css:
            css["font-size"] = f"{size_of(css, length(above.handed.get('font-size')) or 11)}pt"
        if "background-color" in css and element.tag not in _BLOCKS:
            css["mark"] = css["background-color"]
        if above.handed.get("text-decoration", "none") != "none" and css.get("text-decoration") != "none":
            css["text-decoration"] = f"{above.handed['text-decoration']} {css.get('text-decoration', '')}".strip()
        handed = above.handed | inherited(css, INHERITED)
        return _Open(element, css, handed, text_style(handed))

    def _begin(self, tag: str, given: dict[str, str], opened: _Open) -> None:
        if tag == "table":
            self._tables.append(DraftTable(_border_of(given)))
        elif tag in _LISTS and self._depth() == 1:
            self._lists += 1
        elif self._tables and tag == "tr":
            self._tables[-1].rows.append([])
        elif self._tables and tag in _CELLS:
            self._begin_cell(given, opened)

    def _begin_cell(self, given: dict[str, str], opened: _Open) -> None:
        table = self._tables[-1]
        if not table.rows:
            table.rows.append([])
        row = table.rows[-1]
        if any(one.element.tag == "thead" for one in self._open):
            table.headers.add(len(table.rows) - 1)
        style = cell_style(opened.css, _size(opened), table.border)
        span = int(given["colspan"]) if given.get("colspan", "").isdecimal() else 1
        row.append(DraftCell(style | {"columnSpan": max(1, min(span, 20))}, _width(opened.css, given)))
        row += [DraftCell(style | {"columnSpan": 1}) for _ in range(min(span, 20) - 1)]

    def _end_table(self) -> None:
        table = self._tables.pop()
        table.rows = [row for row in table.rows if row]
        self._add(table)

    def _end_siblings(self, tag: str) -> None:
        """End what the beginning of this element ends: `<li>a<li>b`, `<td>a<td>b`, `<p>a<p>b`."""
        ended = _ENDED_BY.get(tag, {"p"} if tag in _BLOCKS else set())
        for opened in reversed(self._open[1:]):
            if opened.element.tag in {"table", "ul", "ol"} or (opened.element.tag in _CELLS and tag not in {*_CELLS, "tr"}):
                return
            if opened.element.tag in ended:
                self.handle_endtag(opened.element.tag)

    def _add(self, draft: Draft) -> None:
        """Put what was read where it belongs: into the last real cell of the innermost table, or the body."""
        here = self.body
        if self._tables and self._tables[-1].rows and self._tables[-1].rows[-1]:
            row = self._tables[-1].rows[-1]
            spanning = next((n for n, c in enumerate(row) if n + c.style["columnSpan"] >= len(row)), len(row) - 1)
            here = row[spanning].content
        here.append(draft)

    def _paragraph(self) -> Paragraph:
        block = next((one for one in reversed(self._open) if one.element.tag in _BLOCKS), self._open[0])
        own = {} if block.element.tag in _CELLS else block.css
        style = NORMAL | {"namedStyleType": _named_style(block.element)}
        style |= paragraph_style({**block.handed, **own}, _size(block))
        depth = self._depth()
        if not depth or not any(one.element.tag == "li" for one in self._open):
            return Paragraph(style)
        ordered = next(one.element.tag == "ol" for one in reversed(self._open) if one.element.tag in _LISTS)
        return Paragraph(style, f"kix.list{self._lists}", min(depth, 9) - 1, ordered)

    def _depth(self) -> int:
        """Return how many lists are around, up to the innermost cell."""
        depth = 0
        for opened in reversed(self._open):
            if opened.element.tag in _CELLS:
                break
            depth += opened.element.tag in _LISTS
        return depth

    def _between_cells(self) -> bool:
        inner = next((o.element.tag for o in reversed(self._open) if o.element.tag in {"table", "tr", "caption", *_CELLS}), "")
        return inner in {"table", "tr"}


def _named_style(element: Element) -> str:
    if element.tag == "p" and element.names & {".title", ".subtitle"}:  # as Docs writes them in its own HTML
        return "TITLE" if ".title" in element.names else "SUBTITLE"
    return _HEADINGS.get(element.tag, "NORMAL_TEXT")


def _size(opened: _Open) -> float:
    named = TEXT[_named_style(opened.element)]["fontSize"]["magnitude"]
    return length(opened.handed.get("font-size")) or float(named)


def _attributes(tag: str, given: dict[str, str]) -> Css:
    """Return what attributes from before CSS say."""
    css = {name: given[old] for old, name in (("bgcolor", "background-color"), ("align", "text-align")) if given.get(old)}
    css |= {"vertical-align": given["valign"]} if given.get("valign") else {}
    if tag == "a" and given.get("href"):
        css |= {"link": given["href"], "color": "#1155cc", "text-decoration": "underline"}
    if tag == "font":
        css |= {name: given[old] for old, name in (("color", "color"), ("face", "font-family")) if given.get(old)}
    return css


def _border_of(given: dict[str, str]) -> str:
    """Return the border of cells that say nothing: Docs gives every table one, unless the table asks for none."""
    return "none" if given.get("border") == "0" else "1pt solid black"


def _width(css: Css, given: dict[str, str]) -> float | None:
    return length(css.get("width") or given.get("width"), whole=451.28)


def _ruled(css: Css) -> DraftLine:
    """Return a horizontal line; one that asks for a new page is a page break instead, as Word and Docs write it."""
    breaks = "always" in (css.get("page-break-before"), css.get("page-break-after"))
    return DraftLine([(PAGE_BREAK if breaks else RULE, {})])
