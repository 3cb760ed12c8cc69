"""Breaks a paragraph's runs into lines of a given width, set in a PDF's core fonts; knows no page and no table."""

import re
import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from itertools import groupby
from typing import Any

from fpdf import FPDF

Json = dict[str, Any]

_SERIF = ("times", "georgia", "garamond", "cambria", "merriweather", "serif", "playfair", "lora", "book antiqua")
_MONO = ("courier", "consolas", "mono", "menlo")
_PIECE = re.compile(r"\v|[ \t]+|[^\s\v]+|\s")
_LIKE = str.maketrans(
    {"ł": "l", "Ł": "L", "đ": "d", "Đ": "D", "ı": "i", "\u2212": "-", "\u2010": "-", "\u2011": "-", "→": "->", "≤": "<=",
     "≥": ">=", "●": "•", "\u202f": "\u00a0", "\u2009": " ", "\u200b": "", "\ufeff": "", "✓": "x", "☐": "[ ]", "☑": "[x]"}
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Font:
    """How letters are drawn: `style` is the library's, of B, I, U and S."""

    family: str = "helvetica"
    style: str = ""
    size: float = 11
    ink: tuple[int, int, int] = (0, 0, 0)
    mark: tuple[int, int, int] | None = None
    link: str = ""
    rise: float = 0


@dataclass(slots=True)
class Text:
    """A line's pieces with their widths."""

    pieces: list[tuple[str, Font, float]] = field(default_factory=list)
    size: float = 0  # of its largest letters
    ends: bool = True  # at the end of the paragraph, or at a line break

    @property
    def width(self) -> float:
        """The width, without the spaces at the end."""
        seen = list(self.pieces)
        while seen and seen[-1][0].isspace():
            seen.pop()
        return sum(width for _, _, width in seen)

    @property
    def runs(self) -> list[tuple[str, Font, float]]:
        """The pieces put together where they look alike: a line is drawn in few strokes."""
        alike = [(font, list(pieces)) for font, pieces in groupby(self.pieces, key=lambda piece: piece[1])]
        return [("".join(text for text, _, _ in pieces), font, sum(width for *_, width in pieces)) for font, pieces in alike]


def font_of(look: Json, base: Json) -> Font:
    """Return the font of a TextStyle over that of the named style."""
    style = base | look
    family = style["weightedFontFamily"]["fontFamily"].lower()
    known = "courier" if any(one in family for one in _MONO) else "times" if _is_serif(family) else "helvetica"
    letters = (("B", "bold"), ("I", "italic"), ("U", "underline"), ("S", "strikethrough"))
    size, offset = style["fontSize"].get("magnitude", 0) or 1, style.get("baselineOffset", "")
    rise = {"SUPERSCRIPT": size * 0.33, "SUBSCRIPT": -size * 0.12}.get(offset, 0)
    mark = rgb(style["backgroundColor"]) if style.get("backgroundColor") else None
    drawn = "".join(letter for letter, name in letters if style.get(name))
    ink, link = rgb(style["foregroundColor"]), style.get("link", {}).get("url", "")
    return Font(known, drawn, size * (0.65 if rise else 1), ink, mark, link, rise)


def rgb(shade: Json) -> tuple[int, int, int]:
    """Return an OptionalColor's parts, from 0 to 255."""
    parts = shade.get("color", {}).get("rgbColor", {})
    return (round(parts.get("red", 0) * 255), round(parts.get("green", 0) * 255), round(parts.get("blue", 0) * 255))


def drawable(text: str) -> str:
    """Return text in letters that the core fonts have: accents go before a letter does, and `?` stands for the rest."""
    text = text.translate(_LIKE)
    try:
        text.encode("cp1252")
    except UnicodeEncodeError:
        return "".join(map(_nearest, unicodedata.normalize("NFC", text)))
    return text


_WIDTHS: dict[tuple[str, str, float, str], float] = {}
_MOST_WIDTHS = 50_000


def broken(pdf: FPDF, runs: Iterable[tuple[str, Font]], width: float) -> list[Text]:
    """Return the lines of a paragraph; a word that is too long for one is cut."""
    lines, empty = [Text()], Font()
    for word in _words(pdf, runs, width):
        line, room = lines[-1], sum(piece[2] for piece in word)
        empty = word[0][1]
        if word[0][0] == "\v":
            lines.append(Text())
            continue
        if line.pieces and not word[0][0].isspace() and sum(p[2] for p in line.pieces) + room > width + 0.01:
            line.ends, line = False, Text()
            lines.append(line)
        line.pieces += word
        line.size = max([line.size, *(font.size for _, font, _ in word)])
    for line in lines:
        line.size = line.size or empty.size
    return lines


def _words(pdf: FPDF, runs: Iterable[tuple[str, Font]], width: float) -> Iterator[list[tuple[str, Font, float]]]:
    """Yield what cannot be parted: a word, which may change its looks in the middle, a line break, or spaces."""
    word: list[tuple[str, Font, float]] = []
    for text, font in runs:
        pdf.set_font(font.family, font.style.replace("S", ""), font.size)
        for piece in _PIECE.findall(drawable(text)):
            measured = [(part, font, _width(pdf, font, part)) for part in _cut(pdf, font, piece, width)]
            if piece.isspace() or len(measured) > 1:
                yield from filter(None, [word])
                yield from ([part] for part in measured)
                word = []
            else:
                word += measured
    if word:
        yield word


def _width(pdf: FPDF, font: Font, text: str) -> float:
    """The width of a word in the font that is set; words come again and again, and measuring was half of a document's time."""
    known = (font.family, font.style, font.size, text)
    if known not in _WIDTHS:
        if len(_WIDTHS) >= _MOST_WIDTHS:
            _WIDTHS.clear()
        _WIDTHS[known] = float(pdf.get_string_width(text))
    return _WIDTHS[known]


def _cut(pdf: FPDF, font: Font, piece: str, width: float) -> list[str]:
    if piece.isspace() or _width(pdf, font, piece) <= width:
        return [piece]
    parts, part = [], ""
    for letter in piece:
        if part and pdf.get_string_width(part + letter) > width:
            parts.append(part)
            part = ""
        part += letter
    return [*parts, part]


def _nearest(letter: str) -> str:
    for form in (letter, "".join(c for c in unicodedata.normalize("NFKD", letter) if not unicodedata.combining(c))):
        try:
            form.encode("cp1252")
        except UnicodeEncodeError:
            continue
        return form
    return "?"


def _is_serif(family: str) -> bool:
    return "sans" not in family and any(one in family for one in _SERIF)
