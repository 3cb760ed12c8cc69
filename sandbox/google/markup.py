"""Makes documents from uploaded HTML and plain text, and HTML, plain text and PDF from documents; knows no HTTP and no store."""

from collections.abc import Callable, Iterator

from sandbox.google.document import Document
from sandbox.google.drafts import DraftLine, assembled
from sandbox.google.html_reader import document_from_html
from sandbox.google.html_writer import html_of
from sandbox.google.outline import PAGE_BREAK, RULE, clean

PLAIN, HTML, PDF = "text/plain", "text/html", "application/pdf"
_RULE_IN_TEXT = {ord(RULE): "_" * 16, ord(PAGE_BREAK): None}


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
    return assembled([DraftLine([(clean(line), {})]) for line in lines])


def _to_plain(document: Document, title: str) -> bytes:
    """Return plain text as Drive exports it: with a byte order mark and CRLF; every cell's paragraphs are lines of their own."""
    text = "".join(_numbered(document)).translate(_RULE_IN_TEXT)
    return ("\ufeff" + text.removesuffix("\n").replace("\v", "\n").replace("\n", "\r\n")).encode()


def _numbered(document: Document) -> Iterator[str]:
    """Yield the lines, those of lists with their sign or number."""
    counts: dict[tuple[str, int], int] = {}
    for _, line, paragraph in document.lines():
        if not paragraph.bullet:
            yield line
            continue
        place = (paragraph.bullet, paragraph.level)
        counts = {other: count for other, count in counts.items() if other[0] != place[0] or other[1] <= place[1]}
        counts[place] = counts.get(place, 0) + 1
        yield "   " * paragraph.level + (f"{counts[place]}. " if paragraph.numbered else "* ") + line


def _to_pdf(document: Document, title: str) -> bytes:
    from sandbox.google.pdf import pdf_of

    return pdf_of(document, title)


_FROM: dict[str, Callable[[str], Document]] = {PLAIN: _from_plain, HTML: document_from_html}
_TO: dict[str, Callable[[Document, str], bytes]] = {PLAIN: _to_plain, HTML: html_of, PDF: _to_pdf}
