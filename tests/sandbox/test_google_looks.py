"""What an import keeps of CSS, and what a PDF shows of a document."""

import re
import zlib
from collections import Counter
from typing import Any

import pytest

from sandbox.google.markup import HTML, PDF, PLAIN, document_from, exported
from sandbox.google.shown import resource


def first(page: str) -> dict[str, Any]:
    """Return the first paragraph of an imported page."""
    content = resource("D", "t", document_from(HTML, page.encode()))["body"]["content"]
    found: dict[str, Any] = next(element["paragraph"] for element in content if "paragraph" in element)
    return found


def look(page: str) -> dict[str, Any]:
    """Return how its first letters look."""
    found: dict[str, Any] = first(page)["elements"][0]["textRun"]["textStyle"]
    return found


@pytest.mark.parametrize(
    ("page", "style"),
    [
        ("<p style='color:#ff0000'>x", {"foregroundColor": {"color": {"rgbColor": {"red": 1}}}}),
        ("<p style='color:rgb(0, 255, 0)'>x", {"foregroundColor": {"color": {"rgbColor": {"green": 1}}}}),
        ("<p style='color:black'>x", {"foregroundColor": {"color": {"rgbColor": {}}}}),
        ("<p style='color:nonsense'>x", {}),
        ("<p style='font-size:16px'>x", {"fontSize": {"magnitude": 12, "unit": "PT"}}),
        ("<div style='font-size:10pt'><p style='font-size:150%'>x", {"fontSize": {"magnitude": 15, "unit": "PT"}}),
        ("<p style='font-family: \"Open Sans\", Arial'>x", {"weightedFontFamily": {"fontFamily": "Open Sans", "weight": 400}}),
        ("<p style='font-weight:600;font-style:italic'>x", {"bold": True, "italic": True}),
        ("<b style='font-weight:normal'>x", {}),
        ("<p><u><s>x", {"underline": True, "strikethrough": True}),
        ("<p>" + "<sup>x", {"baselineOffset": "SUPERSCRIPT"}),
        ("<p><span style='background:yellow'>x", {"backgroundColor": {"color": {"rgbColor": {"red": 1, "green": 1}}}}),
        ("<style>p.a { color: red } p { color: blue }</style><p class='a'>x",
         {"foregroundColor": {"color": {"rgbColor": {"red": 1}}}}),
        ("<style>@media print { b { color: red } } td b, #no { color: red } /* b {} */</style><p><b>x", {"bold": True}),
        ("<style>div b { color: red }</style><div><p><b>x",
         {"bold": True, "foregroundColor": {"color": {"rgbColor": {"red": 1}}}}),
    ],
)  # fmt: skip
def test_letters_keep_their_looks(page: str, style: dict[str, Any]) -> None:
    assert look(page) == style


def test_a_link_is_blue_and_underlined() -> None:
    style = look("<p><a href='https://northwind.example'>x</a>")
    assert (style["link"], style["underline"]) == ({"url": "https://northwind.example"}, True)
    assert "foregroundColor" in style


@pytest.mark.parametrize(
    ("css", "style"),
    [
        ("text-align:center", {"alignment": "CENTER"}),
        ("line-height:150%", {"lineSpacing": 150}),
        ("line-height:1.5", {"lineSpacing": 150}),
        ("margin:6pt 0 12pt", {"spaceAbove": {"magnitude": 6, "unit": "PT"}, "spaceBelow": {"magnitude": 12, "unit": "PT"},
                               "indentEnd": {"unit": "PT"}}),
        ("margin-left:36pt;text-indent:-18pt", {"indentStart": {"magnitude": 36, "unit": "PT"},
                                                "indentFirstLine": {"magnitude": 18, "unit": "PT"}}),
        ("page-break-before:always", {"pageBreakBefore": True}),
        ("margin-top:-4pt;display:flex;float:left", {}),
    ],
)  # fmt: skip
def test_paragraphs_keep_their_layout(css: str, style: dict[str, Any]) -> None:
    named = {"namedStyleType": "NORMAL_TEXT", "direction": "LEFT_TO_RIGHT"}
    assert first(f"<p style='{css}'>x")["paragraphStyle"] == named | style


def test_lists_count_and_nest() -> None:
    document = document_from(HTML, b"<ol><li>a<li>b<ul><li>c</ul><li>d</ol><p>x</p><ol><li>e</ol>")
    assert exported(document, "t", PLAIN).decode("utf-8-sig").split("\r\n") == ["1. a", "2. b", "   * c", "3. d", "x", "1. e"]
    shown = resource("D", "t", document)
    paragraphs = [element["paragraph"] for element in shown["body"]["content"][1:]]
    assert [p.get("bullet", {}).get("nestingLevel", 0) for p in paragraphs] == [0, 0, 1, 0, 0, 0]
    levels = shown["lists"][paragraphs[0]["bullet"]["listId"]]["listProperties"]["nestingLevels"]
    assert (levels[0]["glyphType"], levels[1]["glyphSymbol"], len(levels)) == ("DECIMAL", "○", 9)


def test_rules_and_page_breaks_are_elements_of_their_own() -> None:
    document = document_from(HTML, b"<p>a</p><hr><hr style='page-break-before:always'><p>b</p>")
    elements = [e for p in resource("D", "t", document)["body"]["content"][1:] for e in p["paragraph"]["elements"]]
    kinds = [next(name for name in element if not name.endswith("Index")) for element in elements]
    assert kinds == ["textRun", "horizontalRule", "textRun", "pageBreak", "textRun", "textRun"]
    assert exported(document, "t", PLAIN).decode("utf-8-sig").split("\r\n") == ["a", "_" * 16, "", "b"]


def drawn(page: str) -> tuple[bytes, bytes]:
    """Return a page's PDF, and what is drawn on its pages."""
    pdf = exported(document_from(HTML, page.encode()), "Title", PDF)
    return pdf, b"\n".join(zlib.decompress(part) for part in re.findall(rb"stream\r?\n(x\x9c.*?)\r?\nendstream", pdf, re.DOTALL))


def words_of(ink: bytes) -> list[bytes]:
    """Return the words that are drawn, in order."""
    return b" ".join(re.findall(rb"\(((?:[^()\\]|\\.)*)\) Tj", ink)).split()


def pages(pdf: bytes) -> int:
    return len(re.findall(rb"/Type /Page\b(?!s)", pdf))


def test_a_pdf_shows_letters_shades_and_borders() -> None:
    page = "<h1>Köln – 5 €</h1><table><tr><td style='background-color:#ff0000;border:1pt solid #0000ff'>Price</td></tr></table>"
    pdf, ink = drawn(page)
    assert pdf.startswith(b"%PDF-")
    assert pdf.rstrip().endswith(b"%%EOF")
    for word in ("Köln", "–", "5", "€", "Price"):
        assert word.encode("cp1252") in words_of(ink)
    assert b"1 0 0 rg" in ink
    assert b"0 0 1 RG" in ink
    assert len(pdf) < 5_000


def test_a_pdf_draws_letters_that_it_has_no_font_for_as_the_nearest_ones() -> None:
    _, ink = drawn("<p>Łódź Dvořák → 東</p>")
    assert words_of(ink) == [b"L\xf3dz", b"Dvor\xe1k", b"->", b"?"]


def test_a_pdf_has_as_many_pages_as_it_needs_and_repeats_a_table_s_head() -> None:
    rows = "".join(f"<tr><td>{n}</td></tr>" for n in range(120))
    pdf, ink = drawn(f"<table><thead><tr><th>Head</th></tr></thead>{rows}</table>")
    assert ink.count(b"(Head)") == pages(pdf) > 2
    assert all(b"(%d)" % n in ink for n in range(120))


def test_a_pdf_loses_no_word_of_long_lines_long_words_and_tall_cells() -> None:
    words = [f"w{n}" for n in range(1500)]
    long_word = "x" * 300
    pdf, ink = drawn(f"<p>{' '.join(words)}</p><table><tr><td>{' '.join(words)}</td></tr></table><p>{long_word}</p>")
    assert pages(pdf) > 2
    drawn_words = Counter(words_of(ink))
    assert all(drawn_words[word.encode()] == 2 for word in words)
    assert sum(len(part) for part in re.findall(rb"\((x+)\)", ink)) == 300


@pytest.mark.parametrize(("css", "count"), [("", 1), ("page-break-before:always", 2)])
def test_a_page_begins_where_it_is_asked_for(css: str, count: int) -> None:
    assert pages(drawn(f"<p>a</p><p style='{css}'>b</p>")[0]) == count


def test_text_of_all_looks_is_drawn() -> None:
    page = (
        "<p style='text-align:justify'>" + "<b>bold</b> <i>italic</i> <u>under</u> <s>struck</s> x<sup>2</sup> " * 12 + "</p>"
        "<ul><li>item</li></ul><ol><li>first</li></ol><hr><p><a href='https://northwind.example'>link</a>"
        "<span style='background-color:yellow;font-family:Georgia'>marked</span> <code>code</code></p>"
    )
    pdf, ink = drawn(page)
    for word in (b"bold", b"italic", b"under", b"struck", b"item", b"1.", b"link", b"marked", b"code", b"\x95"):
        assert b"(" + word + b")" in ink, word
    assert b"https://northwind.example" in pdf
