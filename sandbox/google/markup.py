"""Makes documents from uploaded HTML and plain text, and HTML, plain text and PDF from documents; knows no HTTP and no store."""

import html
import re
from collections.abc import Callable, Iterable
from html.parser import HTMLParser
from itertools import groupby

from sandbox.google.document import NORMAL, Document, Json, Paragraph
from sandbox.google.pdf import pdf_of

PLAIN, HTML, PDF = "text/plain", "text/html", "application/pdf"
_HEADINGS = {f"h{n}": f"HEADING_{n}" for n in range(1, 7)}
_BLOCKS = {"p", "div", "li", "ul", "ol", "tr", "td", "th", "table", "section", "article", "header", "footer", "blockquote", "pre"}
_LOOKS: dict[str, Json] = {
    "b": {"bold": True},
    "strong": {"bold": True},
    "i": {"italic": True},
    "em": {"italic": True},
    "u": {"underline": True},
    "s": {"strikethrough": True},
}
_SILENT = {"head", "style", "script", "title"}


def document_from(mime_type: str, content: bytes) -> Document:
    """Return the document that Drive makes of an uploaded text. Raises KeyError for types it does not convert."""
    return _FROM[mime_type](content.decode("utf-8-sig", "replace"))


def converts_from(mime_type: str) -> bool:
    """Say whether an upload of this type can become a document."""
    return mime_type in _FROM


def exported(document: Document, title: str, mime_type: str) -> bytes:
    """Return a document in another format, as files.export gives it. Raises KeyError for formats that are not offered."""
    return _TO[mime_type](document, title)


def _from_plain(text: str) -> Document:
    lines = text.replace("\r\n", "\n").replace("\r", "\n").removesuffix("\n").split("\n")
    return _assembled([([(line, {})], Paragraph(NORMAL)) for line in lines])


def _from_html(text: str) -> Document:
    reader = _Reader()
    reader.feed(text)
    reader.close()
    reader.end_paragraph()
    return _assembled(reader.paragraphs or [([("", {})], Paragraph(NORMAL))])


def _assembled(paragraphs: list[tuple[list[tuple[str, Json]], Paragraph]]) -> Document:
    pieces = [piece for runs, _ in paragraphs for piece in (*runs, ("\n", runs[-1][1] if runs else {}))]
    return Document(
        text="".join(text for text, _ in pieces),
        looks=[look for text, look in pieces for _ in text],
        paragraphs=[paragraph for _, paragraph in paragraphs],
    )


class _Reader(HTMLParser):
    """Reads HTML into paragraphs of runs: headings, paragraphs, list items, line breaks, and the plain inline styles."""

    def __init__(self) -> None:
        super().__init__()
        self.paragraphs: list[tuple[list[tuple[str, Json]], Paragraph]] = []
        self._runs: list[tuple[str, Json]] = []
        self._looks: list[tuple[str, Json]] = []
        self._lists: list[str] = []
        self._style, self._silent, self._in_item = "NORMAL_TEXT", 0, False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Begin a block, a look, or a line."""
        given = dict(attrs)
        if tag in _SILENT:
            self._silent += 1
        elif tag in _HEADINGS or tag in _BLOCKS:
            self.end_paragraph()
            self._begin_block(tag, given.get("class") or "")
        elif tag == "br":
            self._runs.append(("\v", self._look()))  # a line break inside a paragraph, as Docs shows it
        elif tag in _LOOKS:
            self._looks.append((tag, _LOOKS[tag]))
        elif tag == "a" and given.get("href"):
            self._looks.append((tag, {"link": {"url": given["href"]}}))

    def handle_endtag(self, tag: str) -> None:
        """End a block or a look."""
        if tag in _SILENT:
            self._silent = max(0, self._silent - 1)
        elif tag in _HEADINGS or tag in _BLOCKS:
            self.end_paragraph()
            self._style = "NORMAL_TEXT"
            if tag in {"ul", "ol"} and self._lists:
                self._lists.pop()
            self._in_item = self._in_item and tag != "li"
        else:
            last = next((n for n in reversed(range(len(self._looks))) if self._looks[n][0] == tag), None)
            if last is not None:
                del self._looks[last]

    def handle_data(self, data: str) -> None:
        """Take text, its white space folded as browsers do."""
        text = re.sub(r"[ \t\r\n\f]+", " ", data)
        if not self._runs or self._runs[-1][0].endswith((" ", "\v")):
            text = text.lstrip(" ")
        if text and not self._silent:
            self._runs.append((text, self._look()))

    def end_paragraph(self) -> None:
        """Close the paragraph being read; an empty one is none."""
        if self._runs:
            text, look = self._runs[-1]
            self._runs[-1] = (text.rstrip(" "), look)
            bullet = self._lists[-1] if self._lists and self._in_item else None
            self.paragraphs.append((self._runs, Paragraph(NORMAL | {"namedStyleType": self._style}, bullet)))
        self._runs = []

    def _begin_block(self, tag: str, classes: str) -> None:
        self._style = _HEADINGS.get(tag, "NORMAL_TEXT")
        if tag == "p" and classes in {"title", "subtitle"}:  # as Docs writes them in its own HTML
            self._style = classes.upper()
        if tag in {"ul", "ol"}:
            self._lists.append(f"kix.list{len(self.paragraphs)}.{len(self._lists)}")
        self._in_item = self._in_item or tag == "li"

    def _look(self) -> Json:
        return {name: value for _, look in self._looks for name, value in look.items()}


def _to_plain(document: Document, title: str) -> bytes:
    """Return plain text as Drive exports it: with a byte order mark and CRLF."""
    lines = ("* " * bool(p.bullet) + line for _, line, p in document.lines())
    return ("\ufeff" + "".join(lines).removesuffix("\n").replace("\v", "\n").replace("\n", "\r\n")).encode()


def _to_html(document: Document, title: str) -> bytes:
    blocks: list[str] = []
    for bullet, lines in groupby(document.lines(), key=lambda line: line[2].bullet):
        items = [_block(document, position, text, paragraph, bullet) for position, text, paragraph in lines]
        blocks.append("<ul>" + "".join(items) + "</ul>" if bullet else "".join(items))
    head = f'<head><meta content="text/html; charset=UTF-8" http-equiv="content-type"><title>{html.escape(title)}</title></head>'
    return f'<html>{head}<body class="doc-content">{"".join(blocks)}</body></html>'.encode()


def _block(document: Document, position: int, text: str, paragraph: Paragraph, bullet: str | None) -> str:
    inner = "".join(_inline(run, look) for run, look in document.runs(position, len(text) - 1))
    style = paragraph.style.get("namedStyleType", "NORMAL_TEXT")
    if bullet:
        return f"<li>{inner}</li>"
    if style.startswith("HEADING_"):
        return f"<h{style[-1]}>{inner}</h{style[-1]}>"
    return f'<p class="{style.lower()}">{inner}</p>' if style != "NORMAL_TEXT" else f"<p>{inner}</p>"


def _inline(text: str, look: Json) -> str:
    shown = html.escape(text).replace("\v", "<br>")
    for tag, wanted in (("b", "bold"), ("i", "italic"), ("u", "underline"), ("s", "strikethrough")):
        if look.get(wanted):
            shown = f"<{tag}>{shown}</{tag}>"
    url = look.get("link", {}).get("url")
    return f'<a href="{html.escape(url)}">{shown}</a>' if url else shown


def _to_pdf(document: Document, title: str) -> bytes:
    def sizes() -> Iterable[tuple[str, float]]:
        for _, line, paragraph in document.lines():
            style = paragraph.style.get("namedStyleType", "")
            size = {"TITLE": 26.0, "HEADING_1": 20.0, "HEADING_2": 16.0, "HEADING_3": 14.0}.get(style, 11.0)
            for part in line.removesuffix("\n").split("\v"):
                yield ("- " if paragraph.bullet else "") + part, size

    return pdf_of(sizes(), title)


_FROM: dict[str, Callable[[str], Document]] = {PLAIN: _from_plain, HTML: _from_html}
_TO: dict[str, Callable[[Document, str], bytes]] = {PLAIN: _to_plain, HTML: _to_html, PDF: _to_pdf}
