"""Partial answers: the `fields` mask."""

import pytest

from sandbox.google.fields import BadMask, parse_mask, select

ANSWER = {
    "kind": "drive#fileList",
    "nextPageToken": "t",
    "files": [
        {"id": "1", "name": "a", "owners": [{"displayName": "Ada", "emailAddress": "ada@towline.example"}]},
        {"id": "2", "name": "b", "capabilities": {"canEdit": True, "canCopy": False}},
    ],
}
SHAPE = {"kind": None, "nextPageToken": None, "files": dict.fromkeys(("id", "name", "owners", "capabilities", "size"))}


@pytest.mark.parametrize(
    ("mask", "expected"),
    [
        ("nextPageToken", {"nextPageToken": "t"}),
        ("files(id)", {"files": [{"id": "1"}, {"id": "2"}]}),
        ("files/id,nextPageToken", {"files": [{"id": "1"}, {"id": "2"}], "nextPageToken": "t"}),
        ("files(id,owners/displayName)", {"files": [{"id": "1", "owners": [{"displayName": "Ada"}]}, {"id": "2"}]}),
        ("files( id , capabilities( canEdit ) )", {"files": [{"id": "1"}, {"id": "2", "capabilities": {"canEdit": True}}]}),
        ("files/capabilities(canCopy)", {"files": [{}, {"capabilities": {"canCopy": False}}]}),
        ("files(id),files(name)", {"files": [{"id": "1", "name": "a"}, {"id": "2", "name": "b"}]}),
        ("files/*", {"files": ANSWER["files"]}),
        ("*", ANSWER),
        ("kind,*", ANSWER),
    ],
)
def test_an_answer_is_cut_down_to_the_mask(mask: str, expected: object) -> None:
    assert select(ANSWER, parse_mask(mask, SHAPE)) == expected


@pytest.mark.parametrize(
    "mask", ["", ",", "files(", "files()", "files(id", "files)id", "files/", "a b", "kind,,kind", "files;id"]
)
def test_a_mask_that_cannot_be_read_is_refused(mask: str) -> None:
    with pytest.raises(BadMask):
        parse_mask(mask)


@pytest.mark.parametrize("mask", ["file(id)", "files(idd)", "kind,next"])
def test_a_field_that_the_resource_does_not_have_is_refused(mask: str) -> None:
    with pytest.raises(BadMask):
        parse_mask(mask, SHAPE)
