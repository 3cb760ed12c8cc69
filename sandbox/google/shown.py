"""A document as the Docs API shows it: paragraphs, tables, lists, named ranges, each with its indexes; knows no HTTP.

https://developers.google.com/workspace/docs/api/reference/rest/v1/documents
"""

import re
from collections.abc import Iterator
from typing import Any

from sandbox.google.document import Document, units
from sandbox.google.named_styles import DOCUMENT_STYLE, NAMED_STYLES, points
from sandbox.google.outline import PAGE_BREAK, RULE, Block, Cell, Line, Row, Table, outline

Resource = dict[str, Any]

_ELEMENTS = {PAGE_BREAK: "pageBreak", RULE: "horizontalRule"}
_PIECE = re.compile(f"[{PAGE_BREAK}{RULE}]|[^{PAGE_BREAK}{RULE}]+")
_LEVELS = 9
_BULLETS, _NUMBERS = "\u25cf\u25cb\u25a0", ("DECIMAL", "ALPHA", "ROMAN")


def revision_id(document_id: str, document: Document) -> str:
    """Return the id of a document's present state."""
    return f"ALm{document_id[-8:]}-{document.revision}"


def resource(document_id: str, title: str, document: Document) -> Resource:
    """Return a document as Docs shows it."""
    section = {"endIndex": 1, "sectionBreak": {"sectionStyle": {"columnSeparatorStyle": "NONE", "sectionType": "CONTINUOUS"}}}
    value: Resource = {
        "documentId": document_id,
        "title": title,
        "revisionId": revision_id(document_id, document),
        "suggestionsViewMode": "SUGGESTIONS_INLINE",
        "body": {"content": [section, *_content(document, outline(document))]},
        "documentStyle": DOCUMENT_STYLE,
        "namedStyles": NAMED_STYLES,
    }
    if document.ranges:
        value["namedRanges"] = _named_ranges(document)
    if bullets := {p.bullet for p in document.paragraphs if p.bullet}:
        value["lists"] = {bullet: {"listProperties": {"nestingLevels": _levels(document, bullet)}} for bullet in sorted(bullets)}
    return value


def _content(document: Document, blocks: list[Block]) -> list[Resource]:
    return [_paragraph(document, block) if isinstance(block, Line) else _table(document, block) for block in blocks]


def _paragraph(document: Document, line: Line) -> Resource:
    elements, start = [], document.index(line.start)
    at = start
    for run, look in document.runs(line.start, len(line.text)):
        for piece in _pieces(run):
            end = at + units(piece)
            kind = _ELEMENTS.get(piece)
            shown: Resource = {kind: {"textStyle": look}} if kind else {"textRun": {"content": piece, "textStyle": look}}
            elements.append({"startIndex": at, "endIndex": end, **shown})
            at = end
    paragraph: Resource = {"elements": elements, "paragraphStyle": line.paragraph.style}
    if line.paragraph.bullet:
        level = {"nestingLevel": line.paragraph.level} if line.paragraph.level else {}
        paragraph["bullet"] = {"listId": line.paragraph.bullet, **level, "textStyle": {}}
    return {"startIndex": start, "endIndex": at, "paragraph": paragraph}


def _pieces(run: str) -> Iterator[str]:
    if run.isprintable():
        yield run
    else:
        yield from (match[0] for match in _PIECE.finditer(run))


def _table(document: Document, table: Table) -> Resource:
    rows = [_row(document, row) for row in table.rows]
    shown = {"rows": len(rows), "columns": len(rows[0]["tableCells"]), "tableRows": rows, "tableStyle": table.style}
    return {**_span(document, table), "table": shown}


def _row(document: Document, row: Row) -> Resource:
    cells = [
        {**_span(document, cell), "content": _content(document, cell.content), "tableCellStyle": cell.style} for cell in row.cells
    ]
    return {**_span(document, row), "tableCells": cells, "tableRowStyle": row.style}


def _span(document: Document, part: Table | Row | Cell) -> Resource:
    return {"startIndex": document.index(part.start), "endIndex": document.index(part.end)}


def _levels(document: Document, bullet: str) -> list[Resource]:
    numbered = {p.level for p in document.paragraphs if p.bullet == bullet and p.numbered}
    levels = []
    for level in range(_LEVELS):
        glyph: Resource = {"glyphSymbol": _BULLETS[level % 3], "glyphFormat": f"%{level}"}
        if level in numbered:
            glyph = {"glyphType": _NUMBERS[level % 3], "glyphFormat": f"%{level}.", "startNumber": 1}
        indents = {"indentFirstLine": points(18 + 36 * level), "indentStart": points(36 + 36 * level)}
        levels.append({"bulletAlignment": "START", **glyph, **indents, "textStyle": {}})
    return levels


def _named_ranges(document: Document) -> Resource:
    found: Resource = {}
    for named in document.ranges:
        span = {"startIndex": document.index(named.start), "endIndex": document.index(named.end)}
        entry = {"namedRangeId": named.id, "name": named.name, "ranges": [span]}
        found.setdefault(named.name, {"name": named.name, "namedRanges": []})["namedRanges"].append(entry)
    return found
