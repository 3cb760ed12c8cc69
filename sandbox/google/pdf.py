"""Draws a document as a PDF on A4 pages, with the styles that the Docs API shows; fpdf2 writes the file, this lays it out."""

from typing import Any

from fpdf import FPDF

from sandbox.google.document import Document
from sandbox.google.named_styles import MARGIN, PAGE_HEIGHT, PAGE_WIDTH, PARAGRAPH, TEXT
from sandbox.google.outline import PAGE_BREAK, RULE, Block, Cell, Line, Row, Table, outline
from sandbox.google.pdf_lines import Font, Text, broken, drawable, font_of, rgb

Json = dict[str, Any]

_WIDTH, _BOTTOM = PAGE_WIDTH - 2 * MARGIN, PAGE_HEIGHT - MARGIN
_USUAL_LINE, _ASCENT = 1.15, 0.905  # of Arial, in ems
_BULLET_ROOM, _KEPT = 18, 48  # beside a bullet; below a heading, so that none stands alone at a page's end


def pdf_of(document: Document, title: str) -> bytes:
    """Return the document as a PDF. Letters that no core font has are drawn as the nearest one, or as `?`."""
    pdf = FPDF(unit="pt", format="A4")
    pdf.core_fonts_encoding = "cp1252"
    pdf.set_auto_page_break(False)
    pdf.set_title(drawable(title))
    pdf.add_page()
    _Layout(pdf, document).draw(outline(document))
    return bytes(pdf.output())


class _Layout:
    """A place on a page that moves down as blocks are drawn."""

    def __init__(self, pdf: FPDF, document: Document) -> None:
        self.pdf, self.document, self.y = pdf, document, MARGIN
        self._counts: dict[tuple[str, int], int] = {}
        self._broken: dict[tuple[int, float], list[Text]] = {}
        self._edges: list[tuple[Cell, float, float, float, float]] = []  # drawn last: shades would cover them

    def draw(self, blocks: list[Block]) -> None:
        """Draw the body's blocks, on as many pages as they need."""
        for block in blocks:
            if isinstance(block, Table):
                self._table(block)
            elif block.text.startswith(PAGE_BREAK) or (_style(block).get("pageBreakBefore") and self.y > MARGIN):
                self._new_page()
                self._flow(block, MARGIN, _WIDTH)
            else:
                self._flow(block, MARGIN, _WIDTH)

    def _flow(self, line: Line, x: float, width: float) -> None:
        """Draw a paragraph line by line, with a new page where one ends."""
        style = _style(line)
        if style.get("keepWithNext") and self.y + self._height([line], width) + _KEPT > _BOTTOM:
            self._new_page()
        self.y += _points(style, "spaceAbove") if self.y > MARGIN else 0
        sign = self._sign(line)
        for number, text in enumerate(self._lines(line, width)):
            if self.y + _leading(text, style) > _BOTTOM:
                self._new_page()
            self._text(line, text, x, width, "" if number else sign)
        self.y += _points(style, "spaceBelow")

    def _text(self, line: Line, text: Text, x: float, width: float, sign: str) -> None:
        """Draw one line of letters and go below it."""
        style = _style(line)
        left, right = _indents(line, style)
        base = self.y + _leading(text, style) - text.size * (_USUAL_LINE - _ASCENT) - _half_gap(text, style)
        room = width - left - right - text.width
        at = x + left + {"CENTER": room / 2, "END": room}.get(style["alignment"], 0)
        gaps = sum(piece.isspace() for piece, _, _ in text.pieces[:-1])
        stretch = room / gaps if style["alignment"] == "JUSTIFIED" and gaps and not text.ends else 0
        if sign:
            self._piece(sign, font_of({}, TEXT["NORMAL_TEXT"]), at - _BULLET_ROOM, base, 0)
        if line.text.startswith(RULE):
            self._stroke((136, 136, 136), 0.75)
            self.pdf.line(x, self.y + 6, x + width, self.y + 6)
        for piece, font, size in text.pieces if stretch else text.runs:
            self._piece(piece, font, at, base, size)
            at += size + (stretch if piece.isspace() else 0)
        self.y += _leading(text, style)

    def _piece(self, text: str, font: Font, x: float, base: float, width: float) -> None:
        pdf = self.pdf
        if font.mark:
            pdf.set_fill_color(*font.mark)
            pdf.rect(x, base - font.size * _ASCENT, width, font.size * _USUAL_LINE, "F")
        pdf.set_font(font.family, font.style, font.size)
        pdf.set_text_color(*font.ink)
        pdf.set_draw_color(*font.ink)
        if text not in {RULE, PAGE_BREAK}:
            pdf.text(x, base - font.rise, text)
        if font.link:
            pdf.link(x, base - font.size, width, font.size * _USUAL_LINE, font.link)

    def _table(self, table: Table) -> None:
        widths = table.widths(_WIDTH)
        for number, row in enumerate(table.rows):
            height = self._row_height(row, widths)
            if height > _BOTTOM - MARGIN:
                self._tall_row(row)
                continue
            if self.y + height > _BOTTOM:
                self._new_page()
                heads = [one for one in table.rows[:number] if one.style.get("tableHeader")]
                for head in heads:
                    self._row(head, widths, self._row_height(head, widths))
            self._row(row, widths, height)
        self._draw_edges()

    def _row(self, row: Row, widths: list[float], height: float) -> None:
        """Draw a row's shades and the text over them; note its borders."""
        top, places = self.y, _places(row, widths)
        for cell, x, width in places:
            if cell.style.get("backgroundColor"):
                self.pdf.set_fill_color(*rgb(cell.style["backgroundColor"]))
                self.pdf.rect(x, top, width, height, "F")
        for cell, x, width in places:
            inner = width - _points(cell.style, "paddingLeft") - _points(cell.style, "paddingRight")
            spare = height - self._cell_height(cell, width)
            self.y = top + _points(cell.style, "paddingTop")
            self.y += {"MIDDLE": spare / 2, "BOTTOM": spare}.get(cell.style["contentAlignment"], 0)
            self._inside(cell.content, x + _points(cell.style, "paddingLeft"), inner)
        self._edges += [(cell, x, top, width, height) for cell, x, width in places]
        self.y = top + height

    def _inside(self, blocks: list[Block], x: float, width: float) -> None:
        """Draw what stands in a cell; a table in a cell is drawn as its paragraphs."""
        for line in _flat(blocks):
            self.y += _points(_style(line), "spaceAbove")
            sign = self._sign(line)
            for number, text in enumerate(self._lines(line, width)):
                self._text(line, text, x, width, "" if number else sign)
            self.y += _points(_style(line), "spaceBelow")

    def _tall_row(self, row: Row) -> None:
        """Draw a row that is taller than a page as its paragraphs, without shade and borders."""
        for cell in row.cells:
            for line in _flat(cell.content):
                self._flow(line, MARGIN, _WIDTH)

    def _borders(self, style: Json, x: float, y: float, width: float, height: float) -> None:
        right, bottom = x + width, y + height
        edges = {"Top": (x, y, right, y), "Right": (right, y, right, bottom), "Bottom": (x, bottom, right, bottom)}
        for side, line in (edges | {"Left": (x, y, x, bottom)}).items():
            edge = style[f"border{side}"]
            if thick := _points(edge, "width"):
                self._stroke(rgb(edge["color"]), thick, {"DOT": 1, "DASH": 3}.get(edge["dashStyle"], 0))
                self.pdf.line(*line)
        self.pdf.set_dash_pattern()

    def _stroke(self, ink: tuple[int, int, int], thick: float, dash: float = 0) -> None:
        self.pdf.set_draw_color(*ink)
        self.pdf.set_line_width(thick)
        self.pdf.set_dash_pattern(dash, dash)

    def _lines(self, line: Line, width: float) -> list[Text]:
        """Return a paragraph's lines; they are asked for twice, once for their height."""
        if (line.start, width) not in self._broken:
            self._broken[line.start, width] = self._break(line, width)
        return self._broken[line.start, width]

    def _break(self, line: Line, width: float) -> list[Text]:
        style = _style(line)
        base = TEXT[style["namedStyleType"]]
        runs = [(text.removesuffix("\n"), font_of(look, base)) for text, look in self.document.runs(line.start, len(line.text))]
        return broken(self.pdf, runs, width - sum(_indents(line, style)))

    def _height(self, blocks: list[Block], width: float) -> float:
        height = 0.0
        for line in _flat(blocks):
            style = _style(line)
            height += sum(_leading(text, style) for text in self._lines(line, width))
            height += _points(style, "spaceAbove") + _points(style, "spaceBelow")
        return height

    def _cell_height(self, cell: Cell, width: float) -> float:
        inner = width - _points(cell.style, "paddingLeft") - _points(cell.style, "paddingRight")
        return self._height(cell.content, inner) + _points(cell.style, "paddingTop") + _points(cell.style, "paddingBottom")

    def _row_height(self, row: Row, widths: list[float]) -> float:
        return max(self._cell_height(cell, width) for cell, _, width in _places(row, widths))

    def _sign(self, line: Line) -> str:
        """Return a list item's bullet or number, which goes on from the item before."""
        paragraph = line.paragraph
        if not paragraph.bullet:
            return ""
        place = (paragraph.bullet, paragraph.level)
        self._counts = {key: n for key, n in self._counts.items() if key[0] != place[0] or key[1] <= place[1]}
        self._counts[place] = self._counts.get(place, 0) + 1
        return f"{self._counts[place]}." if paragraph.numbered else "•"

    def _draw_edges(self) -> None:
        for cell, *place in self._edges:
            self._borders(cell.style, *place)
        self._edges = []

    def _new_page(self) -> None:
        self._draw_edges()
        self.pdf.add_page()
        self.y = MARGIN


def _style(line: Line) -> Json:
    own = line.paragraph.style
    return PARAGRAPH[own.get("namedStyleType", "NORMAL_TEXT")] | own


def _flat(blocks: list[Block]) -> list[Line]:
    """Return lines, those of tables inside them one below the other."""
    found: list[Line] = []
    for block in blocks:
        inner = [block] if isinstance(block, Line) else [one for r in block.rows for c in r.cells for one in _flat(c.content)]
        found += inner
    return found


def _places(row: Row, widths: list[float]) -> list[tuple[Cell, float, float]]:
    """Return the cells that are seen, with where they begin and how wide they are: a merged one covers those after it."""
    found, x, covered = [], MARGIN, 0
    for number, (cell, width) in enumerate(zip(row.cells, widths, strict=True)):
        span = cell.style.get("columnSpan", 1)
        if not covered:
            found.append((cell, x, sum(widths[number : number + span])))
            covered = span
        covered -= 1
        x += width
    return found


def _indents(line: Line, style: Json) -> tuple[float, float]:
    left = _points(style, "indentStart") or (36.0 * (line.paragraph.level + 1) if line.paragraph.bullet else 0.0)
    return left, _points(style, "indentEnd")


def _points(style: Json, name: str) -> float:
    return float(style.get(name, {}).get("magnitude", 0))


def _leading(text: Text, style: Json) -> float:
    return text.size * _USUAL_LINE * float(style.get("lineSpacing", 100)) / 100


def _half_gap(text: Text, style: Json) -> float:
    return (_leading(text, style) - text.size * _USUAL_LINE) / 2
