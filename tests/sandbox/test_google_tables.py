"""Tables in the document model: where they stand by the API's count, what edits they take, and that they survive exports."""

from typing import Any

import pytest

from sandbox.google.document import BadEdit, Document
from sandbox.google.edits import edited
from sandbox.google.markup import HTML, PLAIN, document_from, exported
from sandbox.google.shown import resource

PAGE = b"""<p>Before</p><table><tr><td style="width:100pt;background-color:#ff0000;padding:3pt 6pt">a {{x}}</td><td>b</td></tr>
<tr><td colspan="2" style="border:2pt dashed blue">wide</td></tr></table><p>After</p>"""


def made(page: bytes = PAGE) -> Document:
    return document_from(HTML, page)


def content(document: Document) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = resource("D", "t", document)["body"]["content"]
    return found


def cells(document: Document) -> list[list[dict[str, Any]]]:
    (table,) = [element["table"] for element in content(document) if "table" in element]
    return [row["tableCells"] for row in table["tableRows"]]


def text_of(blocks: list[dict[str, Any]]) -> str:
    return "".join(e["textRun"]["content"] for block in blocks for e in block["paragraph"]["elements"])


def after(document: Document, *requests: dict[str, Any]) -> Document:
    return edited(document, list(requests))[0]


def delete(start: int, end: int) -> dict[str, Any]:
    return {"deleteContentRange": {"range": {"startIndex": start, "endIndex": end}}}


def insert(index: int, text: str = "new") -> dict[str, Any]:
    return {"insertText": {"text": text, "location": {"index": index}}}


def test_a_table_takes_one_index_itself_and_one_a_row_and_cell() -> None:
    """As `insertTable` at 1 does at Google: the cells of an empty table of 2 by 2 begin at 5, 7, 10 and 12."""
    document = made(b"<p>\xc2\xa0</p><table><tr><td></td><td></td></tr><tr><td></td><td></td></tr></table>")
    _, _, table, last = content(after(document, delete(1, 2)))
    assert [cell["content"][0]["startIndex"] for row in table["table"]["tableRows"] for cell in row["tableCells"]] == [
        5,
        7,
        10,
        12,
    ]
    rows = table["table"]["tableRows"]
    assert [(row["startIndex"], row["endIndex"]) for row in rows] == [(3, 8), (8, 13)]
    assert (table["startIndex"], table["endIndex"]) == (2, 14)
    assert (last["startIndex"], last["endIndex"]) == (14, 15)
    assert (table["table"]["rows"], table["table"]["columns"]) == (2, 2)


def test_cells_have_the_styles_that_their_css_gives_them() -> None:
    (first, second), (wide, covered) = [[cell["tableCellStyle"] for cell in row] for row in cells(made())]
    assert first["backgroundColor"] == {"color": {"rgbColor": {"red": 1}}}
    assert (first["paddingTop"], first["paddingLeft"]) == ({"magnitude": 3, "unit": "PT"}, {"magnitude": 6, "unit": "PT"})
    assert second["paddingTop"] == {"magnitude": 5, "unit": "PT"}
    assert (wide["columnSpan"], covered["columnSpan"]) == (2, 1)
    edge = {"color": {"color": {"rgbColor": {"blue": 1}}}, "width": {"magnitude": 2, "unit": "PT"}, "dashStyle": "DASH"}
    assert wide["borderTop"] == wide["borderLeft"] == edge
    (table,) = [element["table"] for element in content(made()) if "table" in element]
    fixed, even = table["tableStyle"]["tableColumnProperties"]
    assert fixed == {"widthType": "FIXED_WIDTH", "width": {"magnitude": 100, "unit": "PT"}}
    assert even == {"widthType": "EVENLY_DISTRIBUTED"}


def test_text_is_replaced_in_cells_and_everything_else_stays() -> None:
    request = {"replaceAllText": {"containsText": {"text": "{{x}}", "matchCase": True}, "replaceText": "one\ntwo €"}}
    document = after(made(), request)
    (first, _), _ = cells(document)
    assert text_of(first["content"]) == "a one\ntwo €\n"
    assert exported(document, "t", PLAIN).decode("utf-8-sig").split("\r\n") == [
        "Before",
        "a one",
        "two €",
        "b",
        "wide",
        "",
        "After",
    ]
    assert Document.stored(document.kept_form()) == document


def test_a_replacement_never_takes_the_newline_that_ends_a_cell() -> None:
    request = {"replaceAllText": {"containsText": {"text": "b\n", "matchCase": True}, "replaceText": ""}}
    document, replies = edited(made(), [request])
    assert replies == [{"replaceAllText": {}}]
    assert document.text == made().text


def test_text_goes_into_a_cell_but_not_between_cells() -> None:
    document = made()
    inside = cells(document)[0][1]["content"][0]["startIndex"]
    assert text_of(cells(after(document, insert(inside)))[0][1]["content"]) == "newb\n"
    for between in (inside - 1, next(e for e in content(document) if "table" in e)["startIndex"]):
        with pytest.raises(BadEdit, match="inside the bounds of an existing paragraph"):
            after(document, insert(between))


def test_a_table_goes_whole_or_not_at_all() -> None:
    document = made()
    table = next(element for element in content(document) if "table" in element)
    start, end = table["startIndex"], table["endIndex"]
    gone = after(document, delete(start, end))
    assert (gone.text, gone.structures) == ("Before\nAfter\n", [])
    assert after(document, delete(start - 3, end + 2)).text == "Befoter\n"
    cell = cells(document)[0][0]
    for low, high in (
        (start - 1, start),
        (start, end - 1),
        (start + 1, end),
        (cell["startIndex"], cell["endIndex"]),
        (6, start + 4),
    ):
        with pytest.raises(BadEdit, match="Cannot delete the requested range"):
            after(document, delete(low, high))
    content_only = delete(cell["content"][0]["startIndex"], cell["content"][0]["endIndex"] - 1)
    assert text_of(cells(after(document, content_only))[0][0]["content"]) == "\n"


def test_a_table_among_several_goes_with_its_own_styles() -> None:
    page = b"".join(b"<p>p</p><table><tr><td bgcolor='%b'>x</td></tr></table>" % shade for shade in (b"red", b"lime", b"blue"))
    document = made(page)
    second = [element for element in content(document) if "table" in element][1]
    left = after(document, delete(second["startIndex"], second["endIndex"]))
    tables = [element["table"] for element in content(left) if "table" in element]
    shades = [t["tableRows"][0]["tableCells"][0]["tableCellStyle"]["backgroundColor"]["color"]["rgbColor"] for t in tables]
    assert shades == [{"red": 1}, {"blue": 1}]


def test_rows_are_as_long_as_the_longest_and_a_table_may_stand_in_a_cell() -> None:
    page = b"<table><tr><td>a<td>b<td>c<tr><td>d</table><table><tr><td><table><tr><td>inner</td></tr></table></td></tr></table>"
    document = made(page)
    first, second = [element["table"] for element in content(document) if "table" in element]
    assert [len(row["tableCells"]) for row in first["tableRows"]] == [3, 3]
    inner, after_it = second["tableRows"][0]["tableCells"][0]["content"]
    assert text_of(inner["table"]["tableRows"][0]["tableCells"][0]["content"]) == "inner\n"
    assert text_of([after_it]) == "\n"
    assert "paragraph" in content(document)[-1]


@pytest.mark.parametrize(
    "page",
    [b"<table>", b"<table><tr></tr></table>", b"<tr><td>x", b"<td>x</td>", b"</table></td>x", b"<table><tr>stray<td>x</table>y"],
)
def test_tables_that_are_broken_are_read_as_far_as_they_go(page: bytes) -> None:
    document = made(page)
    assert content(document)[-1]["endIndex"] == document.index(len(document.text))
    assert document.text.count("\n") == len(document.paragraphs)


def test_exported_html_becomes_the_same_document_again() -> None:
    page = PAGE + (
        b"<h2 style='color:#1f3a5f;margin-top:12pt'>Head</h2><ol><li>one<ul><li>deep</li></ul></li><li>two</li></ol><hr>"
        b"<p style='text-align:right;line-height:1.5;text-indent:10pt'>x<sup>2</sup> <span style='font-size:9pt'>small</span></p>"
    )
    document = made(page)
    again = document_from(HTML, exported(document, "A & B", HTML))
    assert (again.text, again.looks, again.structures) == (document.text, document.looks, document.structures)
    assert [(p.style, p.level, p.numbered) for p in again.paragraphs] == [
        (p.style, p.level, p.numbered) for p in document.paragraphs
    ]
