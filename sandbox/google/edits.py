"""Carries out the requests of documents.batchUpdate on a document, all or none; knows no HTTP and no store.

https://developers.google.com/workspace/docs/api/reference/rest/v1/documents/request
"""

import re
from collections.abc import Callable
from dataclasses import replace
from uuid import uuid4

from sandbox.google.document import BadEdit, Document, Json, NamedRange, Paragraph, units
from sandbox.google.outline import clean

ONLY_TAB = "t.0"
_TEXT_STYLES = {
    "bold", "italic", "underline", "strikethrough", "smallCaps", "backgroundColor", "foregroundColor", "fontSize",
    "weightedFontFamily", "baselineOffset", "link",
}  # fmt: skip
_NAMED_STYLES = {"NORMAL_TEXT", "TITLE", "SUBTITLE", *(f"HEADING_{n}" for n in range(1, 7))}
_PARAGRAPH_STYLES = {
    "namedStyleType", "alignment", "lineSpacing", "direction", "spacingMode", "spaceAbove", "spaceBelow", "indentFirstLine",
    "indentStart", "indentEnd", "keepLinesTogether", "keepWithNext", "avoidWidowAndOrphan", "pageBreakBefore", "shading",
    "borderBetween", "borderTop", "borderBottom", "borderLeft", "borderRight", "tabStops",
}  # fmt: skip
_KNOWN_ELSEWHERE = {
    "acceptSuggestion", "addCommentReply", "addDocumentTab", "createDropdownDefinition", "createFooter", "createFootnote",
    "createHeader", "createParagraphBullets", "deleteComment", "deleteCommentReply", "deleteDropdownDefinition", "deleteFooter",
    "deleteHeader", "deleteParagraphBullets", "deletePositionedObject", "deleteSuggestion", "deleteTab", "deleteTableColumn",
    "deleteTableRow", "insertComment", "insertDate", "insertDropdown", "insertInlineImage", "insertPageBreak", "insertPerson",
    "insertRichLink", "insertSectionBreak", "insertTable", "insertTableColumn", "insertTableRow", "mergeTableCells",
    "pinTableHeaderRows", "rejectSuggestion", "replaceImage", "unmergeTableCells", "updateCommentPost", "updateDocumentStyle",
    "updateDocumentTabProperties", "updateDropdownDefinitionProperties", "updateDropdownProperties", "updateNamedStyle",
    "updateSectionStyle", "updateTableCellStyle", "updateTableColumnProperties", "updateTableRowStyle",
}  # fmt: skip


def edited(document: Document, requests: list[Json]) -> tuple[Document, list[Json]]:
    """Return the document after all requests, and one reply a request; the given document stays as it was. Raises BadEdit."""
    after = document.copy()
    replies = [_carry_out(after, number, request) for number, request in enumerate(requests)]
    after.revision += 1
    return after, replies


def _carry_out(document: Document, number: int, request: Json) -> Json:
    where = f"requests[{number}]"
    kinds = [kind for kind, asked in request.items() if asked is not None] if isinstance(request, dict) else []
    if len(kinds) != 1:
        raise BadEdit(f"Invalid {where}: Must specify exactly one request.")
    kind = kinds[0]
    if kind in _KNOWN_ELSEWHERE:
        raise BadEdit(f"Invalid {where}.{kind}: This sandbox does not carry out this kind of request.")
    if kind not in _KINDS:
        raise BadEdit(f"Invalid JSON payload received. Unknown name \"{kind}\" at '{where}': Cannot find field.")
    try:
        return _KINDS[kind](document, request[kind])
    except BadEdit as error:
        raise BadEdit(f"Invalid {where}.{kind}: {error}") from None
    except (KeyError, TypeError, AttributeError) as error:
        raise BadEdit(f"Invalid {where}.{kind}: a field is missing or of the wrong type ({error}).") from None


def _replace_all_text(document: Document, asked: Json) -> Json:
    wanted = asked["containsText"]
    if wanted.get("searchByRegex"):
        raise BadEdit("This sandbox does not search by regular expressions.")
    if not wanted["text"]:
        raise BadEdit("The text to find must not be empty.")
    _check_tabs(asked)
    flags = 0 if wanted.get("matchCase") else re.IGNORECASE
    found = [m for m in re.finditer(re.escape(wanted["text"]), document.text[:-1], flags) if document.may_go(*m.span())]
    text = clean(asked.get("replaceText", ""))
    for match in reversed(found):
        document.substitute(*match.span(), text)
    return {"replaceAllText": {"occurrencesChanged": len(found)} if found else {}}  # zero is left out, as in all of Google's JSON


def _insert_text(document: Document, asked: Json) -> Json:
    text = clean(asked["text"])
    if ("location" in asked) == ("endOfSegmentLocation" in asked):
        raise BadEdit("Exactly one of location and endOfSegmentLocation must be set.")
    if "location" in asked:
        _check_place(asked["location"])
        document.insert(document.position(int(asked["location"]["index"])), text)
    else:
        _check_place(asked["endOfSegmentLocation"])
        document.insert(len(document.text) - 1, text)
    return {}


def _delete_content_range(document: Document, asked: Json) -> Json:
    document.delete(*_span(document, asked["range"]))
    return {}


def _update_text_style(document: Document, asked: Json) -> Json:
    names = _names(asked, _TEXT_STYLES)
    style = asked.get("textStyle", {})
    document.restyle_text(*_span(document, asked["range"]), lambda look: _changed(look, style, names))
    return {}


def _update_paragraph_style(document: Document, asked: Json) -> Json:
    names = _names(asked, _PARAGRAPH_STYLES)
    style = asked.get("paragraphStyle", {})
    if style.get("namedStyleType", "NORMAL_TEXT") not in _NAMED_STYLES:
        raise BadEdit("namedStyleType is not a named style.")

    def change(paragraph: Paragraph) -> Paragraph:
        return replace(paragraph, style={"namedStyleType": "NORMAL_TEXT"} | _changed(paragraph.style, style, names))

    document.restyle_paragraphs(*_span(document, asked["range"]), change)
    return {}


def _create_named_range(document: Document, asked: Json) -> Json:
    if not 1 <= units(asked["name"]) <= 256:
        raise BadEdit("The name must be 1 to 256 UTF-16 code units long.")
    named = NamedRange(f"kix.{uuid4().hex[:12]}", asked["name"], *_span(document, asked["range"]))
    document.ranges.append(named)
    return {"createNamedRange": {"namedRangeId": named.id}}


def _delete_named_range(document: Document, asked: Json) -> Json:
    chosen = {named.id for named in _ranges(document, asked, "namedRangeId", "name")}
    document.ranges = [r for r in document.ranges if r.id not in chosen]
    return {}


def _replace_named_range_content(document: Document, asked: Json) -> Json:
    _check_tabs(asked)
    text = clean(asked.get("text", ""))
    chosen = [named.id for named in _ranges(document, asked, "namedRangeId", "namedRangeName")]
    for range_id in chosen:
        named = next((r for r in document.ranges if r.id == range_id), None)
        if named:
            end = min(named.end, len(document.text) - 1)
            if not document.may_go(named.start, end):
                raise BadEdit("The named range cuts through a table.")
            document.substitute(named.start, end, text)
    return {}


def _ranges(document: Document, asked: Json, by_id: str, by_name: str) -> list[NamedRange]:
    if (by_id in asked) == (by_name in asked):
        raise BadEdit(f"Exactly one of {by_id} and {by_name} must be set.")
    found = [r for r in document.ranges if (r.id == asked[by_id] if by_id in asked else r.name == asked[by_name])]
    if by_id in asked and not found:
        raise BadEdit("There is no named range with the given ID.")
    return found


def _span(document: Document, asked: Json) -> tuple[int, int]:
    _check_place(asked)
    start, end = document.position(int(asked["startIndex"])), document.position(int(asked["endIndex"]))
    if start >= end:
        raise BadEdit("The range should not be empty.")
    return start, end


def _check_place(asked: Json) -> None:
    if asked.get("segmentId"):
        raise BadEdit("The segment was not found.")
    if asked.get("tabId") not in (None, "", ONLY_TAB):
        raise BadEdit("The tab was not found.")


def _check_tabs(asked: Json) -> None:
    tabs = (asked.get("tabsCriteria") or {}).get("tabIds")
    if tabs and ONLY_TAB not in tabs:
        raise BadEdit("The tab was not found.")


def _names(asked: Json, known: set[str]) -> set[str]:
    """Return the style names in a request's field mask; of a path only the first part counts, the rest goes with it."""
    names = {name.strip().split(".")[0] for name in asked.get("fields", "").split(",") if name.strip()}
    if not names:
        raise BadEdit("At least one field must be listed in fields.")
    if names == {"*"}:
        return known
    if unknown := names - known:
        raise BadEdit(f"Invalid field: {min(unknown)}")
    return names


def _changed(before: Json, style: Json, names: set[str]) -> Json:
    """Return a style with the named fields taken from another; a named field that is not set there goes back to its default."""
    return {k: v for k, v in before.items() if k not in names} | {k: v for k, v in style.items() if k in names}


_KINDS: dict[str, Callable[[Document, Json], Json]] = {
    "replaceAllText": _replace_all_text,
    "insertText": _insert_text,
    "deleteContentRange": _delete_content_range,
    "updateTextStyle": _update_text_style,
    "updateParagraphStyle": _update_paragraph_style,
    "createNamedRange": _create_named_range,
    "deleteNamedRange": _delete_named_range,
    "replaceNamedRangeContent": _replace_named_range_content,
}
