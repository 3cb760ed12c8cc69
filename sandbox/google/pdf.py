"""Writes lines of text as a plain A4 PDF, so that an exported document opens in any reader; knows nothing of documents."""

import textwrap
from collections.abc import Iterable

WIDTH, HEIGHT, MARGIN = 595, 842, 72  # points, A4
_GLYPH = 0.5  # the average width of a Helvetica letter, in ems


def pdf_of(lines: Iterable[tuple[str, float]], title: str) -> bytes:
    """Return a PDF of lines with their font sizes in points, wrapped, on pages; others than Latin letters become `?`."""
    pages = _pages(lines)
    kids = " ".join(f"{4 + 2 * n} 0 R" for n in range(len(pages)))
    objects = [
        b"<< /Type /Catalog /Pages 2 0 R >>",
        f"<< /Type /Pages /Kids [{kids}] /Count {len(pages)} >>".encode(),
        b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica /Encoding /WinAnsiEncoding >>",
    ]
    for number, page in enumerate(pages):
        objects.append(
            f"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 {WIDTH} {HEIGHT}] /Resources << /Font << /F1 3 0 R >> >> "
            f"/Contents {5 + 2 * number} 0 R >>".encode()
        )
        objects.append(b"<< /Length %d >>\nstream\n%b\nendstream" % (len(page), page))
    objects.append(b"<< /Title (%b) >>" % _escaped(title))
    return _file(objects)


def _pages(lines: Iterable[tuple[str, float]]) -> list[bytes]:
    pages: list[list[bytes]] = [[]]
    y = float(HEIGHT - MARGIN)
    for text, size in lines:
        for part in textwrap.wrap(text, int((WIDTH - 2 * MARGIN) / (size * _GLYPH))) or [""]:
            y -= size * 1.4
            if y < MARGIN:
                pages.append([])
                y = HEIGHT - MARGIN - size * 1.4
            pages[-1].append(b"BT /F1 %g Tf %d %g Td (%b) Tj ET" % (size, MARGIN, y, _escaped(part)))
    return [b"\n".join(page) for page in pages]


def _escaped(text: str) -> bytes:
    latin = text.encode("cp1252", "replace")
    return latin.replace(b"\\", rb"\\").replace(b"(", rb"\(").replace(b")", rb"\)")


def _file(objects: list[bytes]) -> bytes:
    """Return the objects as a file with its cross-reference table; the last object is the document's description."""
    out, offsets = bytearray(b"%PDF-1.4\n%\xe2\xe3\xcf\xd3\n"), []
    for number, body in enumerate(objects, 1):
        offsets.append(len(out))
        out += b"%d 0 obj\n%b\nendobj\n" % (number, body)
    start, count = len(out), len(objects) + 1
    out += b"xref\n0 %d\n0000000000 65535 f \n" % count
    out += b"".join(b"%010d 00000 n \n" % offset for offset in offsets)
    out += b"trailer\n<< /Size %d /Root 1 0 R /Info %d 0 R >>\nstartxref\n%d\n%%%%EOF\n" % (count, len(objects), start)
    return bytes(out)
