"""Drive's search language, read and tested without a Drive."""

from typing import Any

import pytest

from sandbox.google.query import BadQuery, Term, matches, parse

FOLDER = "application/vnd.google-apps.folder"
FILE: dict[str, Any] = {
    "name": "HelloWorld Northwind's plan",
    "mimeType": FOLDER,
    "parents": ["F1"],
    "trashed": False,
    "starred": True,
    "createdTime": "2026-05-01T10:00:00.000Z",
    "modifiedTime": "2026-06-01T10:00:00.000Z",
    "appProperties": {"towline_key": "a:1", "kind": "account"},
    "permissions": [{"role": "owner", "emailAddress": "me@towline.example"}],
}


def fits(query: str, **changes: Any) -> bool:
    return matches(parse(query), FILE | changes, "the body says proposal")


@pytest.mark.parametrize(
    "query",
    [
        "name = 'helloworld northwind\\'s plan'",
        "name contains 'Hello'",
        "name contains 'north'",
        f"mimeType = '{FOLDER}'",
        "mimeType contains 'google-apps'",
        "mimeType != 'text/plain'",
        "'F1' in parents",
        "'me@towline.example' in owners",
        "'me@towline.example' in writers",
        "trashed = false",
        "trashed=false and starred=true",
        "not trashed = true",
        "appProperties has { key='towline_key' and value='a:1' }",
        "appProperties has {value='account' and key='kind'}",
        "modifiedTime > '2026-05-31T23:59:59'",
        "createdTime <= '2026-05-01T10:00:00+00:00'",
        "fullText contains 'proposal'",
        "not (name = 'x' or trashed = true)",
    ],
)
def test_a_file_is_found_by_what_it_is(query: str) -> None:
    assert fits(query)


@pytest.mark.parametrize(
    "query",
    [
        "name contains 'World'",
        "name = 'HelloWorld'",
        "'F2' in parents",
        "trashed = true",
        "appProperties has { key='towline_key' and value='a:2' }",
        "appProperties has { key='other' and value='a:1' }",
        "modifiedTime < '2026-06-01T00:00:00Z'",
        "'you@towline.example' in readers",
        "properties has { key='kind' and value='account' }",
    ],
)
def test_a_file_is_not_found_by_what_it_is_not(query: str) -> None:
    assert not fits(query)


def test_and_and_or_have_one_rank_and_go_from_left_to_right() -> None:
    assert not fits("name = 'x' or starred = true and trashed = true")
    assert fits("trashed = true and name = 'x' or starred = true")
    assert fits("starred = true or (name = 'x' and trashed = true)")


def test_not_binds_tighter_than_and() -> None:
    assert fits("not trashed = true and starred = true")
    assert not fits("not starred = true and trashed = false")


def test_quotes_and_backslashes_are_escaped_in_texts() -> None:
    assert parse(r"name = 'it\'s a \\ b'") == Term("name", "=", r"it's a \ b")


@pytest.mark.parametrize(
    "query",
    [
        "name",
        "name =",
        "name = x",
        "name ~ 'x'",
        "name < 'x'",
        "nam = 'x'",
        "name = 'x",
        "name = 'it's'",
        "name = 'x' and",
        "and name = 'x'",
        "(name = 'x'",
        "name = 'x')",
        "name = 'x' name = 'y'",
        "trashed = 'false'",
        "trashed > true",
        "'F1' in children",
        "'F1' parents",
        "appProperties has { key='a' }",
        "appProperties has { key='a' and key='b' }",
        "appProperties has { key='a', value='b' }",
        "modifiedTime > 'yesterday'",
        "not",
        'name = "x"',
    ],
)
def test_a_query_that_cannot_be_read_is_refused(query: str) -> None:
    with pytest.raises(BadQuery):
        parse(query)


def test_a_query_that_goes_on_for_ever_is_refused() -> None:
    assert parse(" or ".join(["appProperties has { key='k' and value='v' }"] * 200))
    for endless in ("not " * 5_000 + "trashed = true", "(" * 5_000, " or ".join(["trashed = true"] * 5_000)):
        with pytest.raises(BadQuery):
            parse(endless)
