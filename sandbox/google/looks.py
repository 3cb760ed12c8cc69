"""What CSS means in the Docs API's words: text, paragraph and cell styles. Knows neither HTML nor documents.

https://developers.google.com/workspace/docs/api/reference/rest/v1/documents
"""

from typing import Any

from sandbox.google.css import SIDES, Css, border, length, rgb
from sandbox.google.named_styles import color, points

Json = dict[str, Any]

INHERITED = frozenset(
    {"color", "font-size", "font-family", "font-weight", "font-style", "text-align", "line-height", "text-indent",
     "text-decoration", "baseline", "link", "mark"}
)  # fmt: skip
_ALIGNMENTS = {"left": "START", "start": "START", "center": "CENTER", "right": "END", "end": "END", "justify": "JUSTIFIED"}
_VERTICAL = {"top": "TOP", "middle": "MIDDLE", "bottom": "BOTTOM"}
_DASHES = {"dotted": "DOT", "dashed": "DASH"}


def size_of(css: Css, above: float) -> float:
    """Return an element's font size in points; `above` is that of the element around it."""
    named = {"small": 10.0, "medium": 12.0, "large": 13.5, "x-large": 18.0, "smaller": above / 1.2, "larger": above * 1.2}
    return named.get(css.get("font-size", ""), length(css.get("font-size"), above, above) or above)


def text_style(css: Css) -> Json:
    """Return the TextStyle of letters; sizes are points by now, `link` and `mark` (a background) are told by the reader."""
    style: Json = {}
    if _is_bold(css.get("font-weight", "")):
        style["bold"] = True
    if css.get("font-style") in {"italic", "oblique"}:
        style["italic"] = True
    lines = css.get("text-decoration", "") + css.get("text-decoration-line", "")
    style |= {name: True for name, word in (("underline", "underline"), ("strikethrough", "line-through")) if word in lines}
    if shade := rgb(css.get("color")):
        style["foregroundColor"] = color(*shade)
    if mark := rgb(css.get("mark")):
        style["backgroundColor"] = color(*mark)
    if size := length(css.get("font-size")):
        style["fontSize"] = points(size)
    if family := css.get("font-family", "").split(",")[0].strip(" \"'"):
        style["weightedFontFamily"] = {"fontFamily": family, "weight": 400}
    if css.get("baseline"):
        style["baselineOffset"] = css["baseline"]
    if css.get("link"):
        style["link"] = {"url": css["link"]}
    return style


def paragraph_style(css: Css, size: float) -> Json:
    """Return what of a ParagraphStyle a block's CSS sets."""
    style: Json = {}
    if alignment := _ALIGNMENTS.get(css.get("text-align", "")):
        style["alignment"] = alignment
    if spacing := _line_spacing(css.get("line-height", ""), size):
        style["lineSpacing"] = spacing
    for name, source in (("spaceAbove", "margin-top"), ("spaceBelow", "margin-bottom"), ("indentEnd", "margin-right")):
        if (space := length(css.get(source), size)) is not None and space >= 0:
            style[name] = points(space)
    indent = sum(length(css.get(source), size) or 0 for source in ("margin-left", "padding-left"))
    first = indent + (length(css.get("text-indent"), size) or 0)
    if indent > 0:
        style["indentStart"] = points(indent)
    if first > 0:
        style["indentFirstLine"] = points(first)
    if "always" in (css.get("page-break-before"), css.get("break-before")) or css.get("break-before") == "page":
        style["pageBreakBefore"] = True
    return style


def cell_style(css: Css, size: float, default_border: str) -> Json:
    """Return a TableCellStyle; a cell that says nothing has Google's 5 points of padding and the table's own border."""
    style: Json = {"rowSpan": 1, "columnSpan": 1, "backgroundColor": {}}
    if shade := rgb(css.get("background-color")):
        style["backgroundColor"] = color(*shade)
    for side in SIDES:
        width, line, shade = border(css.get(f"border-{side}")) or border(default_border) or (0.0, "none", (0, 0, 0))
        edge = {"color": color(*shade), "width": points(width), "dashStyle": _DASHES.get(line, "SOLID")}
        style[f"border{side.title()}"] = edge
        space = length(css.get(f"padding-{side}"), size)
        style[f"padding{side.title()}"] = points(5 if space is None else space)
    style["contentAlignment"] = _VERTICAL.get(css.get("vertical-align", ""), "TOP")
    return style


def _is_bold(weight: str) -> bool:
    return weight in {"bold", "bolder"} or (weight.isdecimal() and int(weight) >= 600)


def _line_spacing(text: str, size: float) -> float | None:
    """Return Docs' line spacing in percent, which an import takes over from CSS as it is."""
    try:
        ratio = float(text)
    except ValueError:
        height = length(text, size, size)
        ratio = height / size if height else 0
    return round(ratio * 100, 2) if 0 < ratio < 100 else None
