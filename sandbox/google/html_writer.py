"""Writes a document as HTML, as Drive exports it, so that an import makes the same document of it again."""

import html
from itertools import groupby
from typing import Any

from sandbox.google.document import Document
from sandbox.google.outline import PAGE_BREAK, RULE, Block, Cell, Line, Table, outline

Json = dict[str, Any]

_ALIGNMENTS = {"START": "left", "CENTER": "center", "END": "right", "JUSTIFIED": "justify"}
_SPACES = {"spaceAbove": "margin-top", "spaceBelow": "margin-bottom", "indentStart": "margin-left", "indentEnd": "margin-right"}
_DASHES = {"DOT": "dotted", "DASH": "dashed"}
_TAGS = (("b", "bold"), ("i", "italic"), ("u", "underline"), ("s", "strikethrough"))


def html_of(document: Document, title: str) -> bytes:
    """Return a whole page."""
    head = f'<head><meta content="text/html; charset=UTF-8" http-equiv="content-type"><title>{html.escape(title)}</title></head>'
    return f'<html>{head}<body class="doc-content">{_blocks(document, outline(document))}</body></html>'.encode()


def _blocks(document: Document, blocks: list[Block]) -> str:
    shown = []
    for bullet, group in groupby(blocks, key=lambda block: block.paragraph.bullet if isinstance(block, Line) else None):
        if bullet:
            shown.append(_list(document, [line for line in group if isinstance(line, Line)]))
        else:
            shown += [_line(document, one) if isinstance(one, Line) else _table(document, one) for one in group]
    return "".join(shown)


def _list(document: Document, lines: list[Line], level: int = 0) -> str:
    """Return lines of a list, deeper ones in lists of their own."""
    tag = "ol" if lines[0].paragraph.numbered and lines[0].paragraph.level <= level else "ul"
    inner = []
    for deeper, group in groupby(lines, key=lambda line: line.paragraph.level > level):
        same = list(group)
        inner += [_list(document, same, level + 1)] if deeper else [_line(document, line, "li") for line in same]
    return f"<{tag}>{''.join(inner)}</{tag}>"


def _line(document: Document, line: Line, tag: str = "") -> str:
    inner = "".join(_inline(run, look) for run, look in document.runs(line.start, len(line.text) - 1))
    name = line.paragraph.style.get("namedStyleType", "NORMAL_TEXT")
    if line.text.strip("\n") in {RULE, PAGE_BREAK}:
        return "<hr>" if RULE in line.text else '<hr style="page-break-before:always">'
    kind = f' class="{name.lower()}"' if name in {"TITLE", "SUBTITLE"} else ""
    tag = tag or (f"h{name[-1]}" if name.startswith("HEADING_") else "p")
    return f"<{tag}{kind}{_attribute(_paragraph_css(line.paragraph.style))}>{inner}</{tag}>"


def _table(document: Document, table: Table) -> str:
    columns = table.style["tableColumnProperties"]
    rows = []
    for row in table.rows:
        cells, covered = [], 0
        for cell, column in zip(row.cells, columns, strict=True):
            if covered:
                covered -= 1
                continue
            covered = cell.style.get("columnSpan", 1) - 1
            span = f' colspan="{covered + 1}"' if covered else ""
            css = _cell_css(cell, None if covered else column.get("width", {}).get("magnitude"))
            cells.append(f"<td{span}{_attribute(css)}>{_blocks(document, cell.content)}</td>")
        rows.append(f"<tr>{''.join(cells)}</tr>")
    return f'<table style="border-collapse:collapse">{"".join(rows)}</table>'


def _inline(text: str, look: Json) -> str:
    shown = html.escape(text).replace("\v", "<br>").replace(RULE, "").replace(PAGE_BREAK, "")
    for tag, wanted in _TAGS:
        if look.get(wanted):
            shown = f"<{tag}>{shown}</{tag}>"
    if look.get("baselineOffset") in {"SUBSCRIPT", "SUPERSCRIPT"}:
        tag = look["baselineOffset"][:3].lower()
        shown = f"<{tag}>{shown}</{tag}>"
    if css := _text_css(look):
        shown = f"<span{_attribute(css)}>{shown}</span>"
    url = look.get("link", {}).get("url")
    return f'<a href="{html.escape(url)}">{shown}</a>' if url else shown


def _text_css(look: Json) -> str:
    css = [f"{name}:{_color(look[key])}" for key, name in _COLORS if look.get(key)]
    css += [f"font-size:{look['fontSize'].get('magnitude', 0):g}pt"] if look.get("fontSize") else []
    css += [f"font-family:'{look['weightedFontFamily']['fontFamily']}'"] if look.get("weightedFontFamily") else []
    return ";".join(css)


_COLORS = (("foregroundColor", "color"), ("backgroundColor", "background-color"))


def _paragraph_css(style: Json) -> str:
    css = [f"{name}:{style[key].get('magnitude', 0):g}pt" for key, name in _SPACES.items() if key in style]
    if "indentFirstLine" in style:
        first = style["indentFirstLine"].get("magnitude", 0) - style.get("indentStart", {}).get("magnitude", 0)
        css += [f"text-indent:{first:g}pt"] * bool(first)
    css += [f"text-align:{_ALIGNMENTS[style['alignment']]}"] if style.get("alignment") in _ALIGNMENTS else []
    css += [f"line-height:{style['lineSpacing'] / 100:g}"] if style.get("lineSpacing") else []
    css += ["page-break-before:always"] if style.get("pageBreakBefore") else []
    return ";".join(css)


def _cell_css(cell: Cell, width: float | None) -> str:
    style, css = cell.style, []
    for side in ("top", "right", "bottom", "left"):
        edge = style[f"border{side.title()}"]
        line = _DASHES.get(edge["dashStyle"], "solid")
        css.append(f"border-{side}:{edge['width'].get('magnitude', 0):g}pt {line} {_color(edge['color'])}")
        css.append(f"padding-{side}:{style[f'padding{side.title()}'].get('magnitude', 0):g}pt")
    css += [f"background-color:{_color(style['backgroundColor'])}"] if style.get("backgroundColor") else []
    css += [f"vertical-align:{style['contentAlignment'].lower()}"]
    return ";".join([*css, *([f"width:{width:g}pt"] if width else [])])


def _color(shade: Json) -> str:
    rgb = shade.get("color", {}).get("rgbColor", {})
    return "#" + "".join(f"{round(rgb.get(part, 0) * 255):02x}" for part in ("red", "green", "blue"))


def _attribute(css: str) -> str:
    return f' style="{html.escape(css)}"' if css else ""
