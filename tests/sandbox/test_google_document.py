"""The document model: indexes in UTF-16 units, edits, styles, named ranges, and what becomes of it in other formats."""

import copy
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sandbox.google.document import BadEdit, Document, units
from sandbox.google.edits import edited
from sandbox.google.markup import HTML, PLAIN, document_from, exported
from sandbox.google.shown import resource

Request = dict[str, Any]
TEMPLATE = b"""<html><head><title>not content</title></head><body>
  <h1>Proposal for {{client}}</h1>
  <p>Dear <b>{{person}}</b>,<br>here is our offer.</p>
  <ul><li>Scope</li><li>Price: {{price}}</li></ul>
  <h2>Terms</h2><p>30 days &amp; no more</p>
</body></html>"""


def plain(text: str) -> Document:
    return document_from(PLAIN, text.encode())


def after(document: Document, *requests: Request) -> Document:
    return edited(document, list(requests))[0]


def content(document: Document) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = resource("D", "t", document)["body"]["content"]
    return found


def insert(text: str, index: int) -> Request:
    return {"insertText": {"text": text, "location": {"index": index}}}


def replace_all(text: str, to: str, *, match_case: bool = True) -> Request:
    return {"replaceAllText": {"containsText": {"text": text, "matchCase": match_case}, "replaceText": to}}


def delete(start: int, end: int) -> Request:
    return {"deleteContentRange": {"range": {"startIndex": start, "endIndex": end}}}


def styles(document: Document) -> list[str]:
    return [p.style["namedStyleType"] for p in document.paragraphs]


def test_an_empty_document_is_a_section_break_and_a_newline() -> None:
    section, paragraph = content(Document())
    assert "sectionBreak" in section
    assert section["endIndex"] == 1
    assert "startIndex" not in section
    assert (paragraph["startIndex"], paragraph["endIndex"]) == (1, 2)
    assert paragraph["paragraph"]["elements"][0]["textRun"]["content"] == "\n"


def test_indexes_count_utf_16_units_from_one() -> None:
    first, second = content(plain("a😀b\nç"))[1:]
    assert (first["startIndex"], first["endIndex"]) == (1, 6)
    assert (second["startIndex"], second["endIndex"]) == (6, 8)


def test_text_goes_to_the_index_that_it_is_meant_for() -> None:
    assert after(plain("a😀b"), insert("x", 4)).text == "a😀xb\n"
    assert after(plain("ab"), insert("x", 3)).text == "abx\n"
    assert after(plain("ab"), {"insertText": {"text": "x", "endOfSegmentLocation": {}}}).text == "abx\n"


@pytest.mark.parametrize("index", [0, 3, 5, 99])
def test_text_outside_a_paragraph_or_inside_a_surrogate_pair_is_refused(index: int) -> None:
    with pytest.raises(BadEdit):
        after(plain("a😀"), insert("x", index))


def test_requests_see_what_the_ones_before_them_did() -> None:
    assert after(plain("ab"), insert("123", 1), delete(2, 4), insert("-", 2)).text == "1-ab\n"


def test_a_request_that_fails_leaves_the_document_as_it_was() -> None:
    document = plain("ab")
    before = copy.deepcopy(document)
    with pytest.raises(BadEdit, match=r"requests\[1\].deleteContentRange"):
        edited(document, [insert("x", 1), delete(1, 99)])
    assert document == before


@pytest.mark.parametrize(
    "request_",
    [
        {},
        {"insertText": {"text": "x", "location": {"index": 1}}, "deleteContentRange": {}},
        {"paintItBlack": {}},
        {"insertTable": {"rows": 1, "columns": 1}},
        {"insertText": {"text": "x"}},
        {"insertText": {"text": "x", "location": {"index": 1, "segmentId": "kix.header"}}},
        {"insertText": {"text": "x", "location": {"index": 1, "tabId": "t.9"}}},
        {"insertText": {"location": {"index": 1}}},
        {"insertText": "x"},
        {"replaceAllText": {"containsText": {"text": ""}, "replaceText": "x"}},
        {"replaceAllText": {"replaceText": "x"}},
        {"deleteContentRange": {"range": {"startIndex": 2, "endIndex": 2}}},
        {"deleteContentRange": {"range": {"startIndex": 1, "endIndex": 4}}},
        {"updateTextStyle": {"range": {"startIndex": 1, "endIndex": 2}, "textStyle": {"bold": True}}},
        {"updateTextStyle": {"range": {"startIndex": 1, "endIndex": 2}, "textStyle": {}, "fields": "boldness"}},
        {
            "updateParagraphStyle": {
                "range": {"startIndex": 1, "endIndex": 2},
                "paragraphStyle": {"namedStyleType": "HUGE"},
                "fields": "*",
            }
        },
        {"createNamedRange": {"name": "", "range": {"startIndex": 1, "endIndex": 2}}},
        {"deleteNamedRange": {"namedRangeId": "none"}},
        "insertText",
    ],
)
def test_a_request_that_makes_no_sense_is_refused_with_its_place(request_: Any) -> None:
    with pytest.raises(BadEdit, match=r"requests\[0\]"):
        edited(plain("ab"), [request_])


def test_replacing_counts_what_it_replaced_and_leaves_zero_out() -> None:
    document, replies = edited(plain("Ada, ada"), [replace_all("Ada", "Bob"), replace_all("nobody", "x")])
    assert replies == [{"replaceAllText": {"occurrencesChanged": 1}}, {"replaceAllText": {}}]
    assert document.text == "Bob, ada\n"
    assert after(plain("Ada, ada"), replace_all("ADA", "Bob", match_case=False)).text == "Bob, Bob\n"


def test_a_replacement_is_taken_as_it_is_and_not_searched_again() -> None:
    assert after(plain("a+a"), replace_all("a", r"aa\1")).text == "aa\\1+aa\\1\n"
    assert after(plain("x.y xzy"), replace_all("x.y", "-")).text == "- xzy\n"


def test_a_filled_template_keeps_its_headings_and_looks() -> None:
    document = after(document_from(HTML, TEMPLATE), replace_all("{{client}}", "Nörd & Söhne"), replace_all("{{person}}", "Ada"))
    assert (
        document.text
        == "Proposal for Nörd & Söhne\nDear Ada,\vhere is our offer.\nScope\nPrice: {{price}}\nTerms\n30 days & no more\n"
    )
    assert styles(document) == ["HEADING_1", "NORMAL_TEXT", "NORMAL_TEXT", "NORMAL_TEXT", "HEADING_2", "NORMAL_TEXT"]
    assert [bool(p.bullet) for p in document.paragraphs] == [False, False, True, True, False, False]
    runs = [element["textRun"] for element in content(document)[2]["paragraph"]["elements"]]
    assert [(run["content"], run["textStyle"]) for run in runs] == [
        ("Dear ", {}),
        ("Ada", {"bold": True}),
        (",\vhere is our offer.\n", {}),
    ]


def test_a_newline_makes_a_paragraph_of_the_same_style() -> None:
    document = after(document_from(HTML, b"<h1>Title</h1><p>Body</p>"), insert("A\nB", 1))
    assert document.text == "A\nBTitle\nBody\n"
    assert styles(document) == ["HEADING_1", "HEADING_1", "NORMAL_TEXT"]


def test_a_paragraph_that_goes_whole_leaves_the_next_one_its_style() -> None:
    document = document_from(HTML, b"<h1>Title</h1><p>Body</p>")
    assert styles(after(document, delete(1, 7))) == ["NORMAL_TEXT"]
    assert styles(after(document, delete(3, 8))) == ["HEADING_1"]
    assert after(document, delete(3, 8)).text == "Tiody\n"


def test_styles_change_where_they_are_asked_for_and_go_back_to_default_when_unset() -> None:
    bold = {"updateTextStyle": {"range": {"startIndex": 2, "endIndex": 3}, "textStyle": {"bold": True}, "fields": "bold"}}
    document = after(plain("abc\nd"), bold)
    assert document.looks[:3] == [{}, {"bold": True}, {}]
    unset = {"updateTextStyle": {"range": {"startIndex": 1, "endIndex": 4}, "textStyle": {}, "fields": "bold"}}
    assert after(document, unset).looks == [{}] * 6
    heading = {
        "updateParagraphStyle": {
            "range": {"startIndex": 1, "endIndex": 6},
            "paragraphStyle": {"namedStyleType": "HEADING_2", "alignment": "CENTER"},
            "fields": "namedStyleType",
        }
    }
    changed = after(document, heading)
    assert styles(changed) == ["HEADING_2", "HEADING_2"]
    assert "alignment" not in changed.paragraphs[0].style


def test_a_named_range_moves_with_its_text_and_goes_with_it() -> None:
    named = {"createNamedRange": {"name": "price", "range": {"startIndex": 3, "endIndex": 5}}}
    document, replies = edited(plain("abcdef"), [named])
    assert replies[0]["createNamedRange"]["namedRangeId"] == document.ranges[0].id

    def place(*requests: Request) -> tuple[int, int]:
        found = resource("D", "t", after(document, *requests))["namedRanges"]["price"]["namedRanges"][0]["ranges"][0]
        return found["startIndex"], found["endIndex"]

    assert place() == (3, 5)
    assert place(insert("xx", 3)) == (5, 7)
    assert place(insert("xx", 4)) == (3, 7)
    assert place(insert("xx", 5)) == (3, 5)
    assert place(delete(1, 4)) == (1, 2)
    assert place(replace_all("cd", "12345")) == (3, 8)
    assert after(document, delete(2, 6)).ranges == []


def test_a_named_range_can_be_refilled_and_removed() -> None:
    document = after(plain("abcdef"), {"createNamedRange": {"name": "price", "range": {"startIndex": 3, "endIndex": 5}}})
    refilled = after(document, {"replaceNamedRangeContent": {"namedRangeName": "price", "text": "EUR 10"}})
    assert refilled.text == "abEUR 10ef\n"
    assert refilled.text[refilled.ranges[0].start : refilled.ranges[0].end] == "EUR 10"
    assert after(document, {"deleteNamedRange": {"name": "price"}}).ranges == []


texts = st.text(
    st.characters(codec="utf-8", exclude_categories=("Cs", "Co"), exclude_characters="\r\x85\u2028\u2029") | st.just("\n")
)


@given(texts, st.lists(st.tuples(st.integers(0, 50), st.integers(0, 50), texts), max_size=5))
def test_indexes_always_fit_together(start: str, steps: list[tuple[int, int, str]]) -> None:
    """Whatever is done to a document, its elements lie side by side, and every index leads back to its position."""
    document = plain(start)
    for a, b, text in steps:
        low, high = sorted((a, b))
        try:
            document = after(document, delete(low, high), insert(text, low))
        except BadEdit:
            continue
    at = 1
    for paragraph in content(document)[1:]:
        assert paragraph["startIndex"] == at
        for element in paragraph["paragraph"]["elements"]:
            assert element["startIndex"] == at
            at += len(element["textRun"]["content"].encode("utf-16-le")) // 2
            assert element["endIndex"] == at
        assert paragraph["endIndex"] == at
        assert element["textRun"]["content"].endswith("\n")
    assert at == 1 + units(document.text)
    assert all(document.position(document.index(p)) == p for p in range(len(document.text)))
    assert len(document.looks) == len(document.text)
    assert Document.stored(document.kept_form()) == document


def test_a_document_is_exported_as_drive_does() -> None:
    document = document_from(HTML, TEMPLATE)
    assert exported(document, "t", PLAIN).decode("utf-8-sig").split("\r\n")[:4] == [
        "Proposal for {{client}}",
        "Dear {{person}},",
        "here is our offer.",
        "* Scope",
    ]
    again = document_from(HTML, exported(document, "A & B", HTML))
    assert (again.text, styles(again), again.looks) == (document.text, styles(document), document.looks)


def test_a_document_kept_by_an_older_sandbox_is_still_read() -> None:
    kept = {"text": "ab\n", "looks": [[1, {"bold": True}], [2, {}]], "paragraphs": [[{"namedStyleType": "TITLE"}, "kix.1"]]}
    document = Document.stored(kept | {"ranges": [], "revision": 3})
    assert (document.looks[0], document.paragraphs[0].bullet, styles(document)) == ({"bold": True}, "kix.1", ["TITLE"])
    assert Document.stored(document.kept_form()) == document
