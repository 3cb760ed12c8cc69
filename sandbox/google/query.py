"""Drive's search language (`q` of files.list): a small parser and the test of one file; knows nothing of stores or HTTP.

`and` and `or` have the same rank and are taken from left to right, as the vendor describes; `not` binds tighter.
https://developers.google.com/workspace/drive/api/guides/ref-search-terms
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Literal

Json = dict[str, Any]

_TOKEN = re.compile(r"\s*(?:'((?:[^'\\]|\\.)*)'|([A-Za-z]+)|(!=|<=|>=|[=<>(){}]))")
_OPERATORS: dict[str, set[str]] = {
    "name": {"contains", "=", "!="},
    "fullText": {"contains"},
    "mimeType": {"contains", "=", "!="},
    "modifiedTime": {"<", "<=", "=", "!=", ">", ">="},
    "createdTime": {"<", "<=", "=", "!=", ">", ">="},
    "trashed": {"=", "!="},
    "starred": {"=", "!="},
    "appProperties": {"has"},
    "properties": {"has"},
}
_COLLECTIONS = {"parents", "owners", "writers", "readers"}


MOST_TOKENS = 2_500  # some 200 conditions on properties


class BadQuery(ValueError):  # noqa: N818 - what it is, not that it is an error
    """The query cannot be read."""


@dataclass(frozen=True, slots=True)
class Term:
    """One condition; for `in` the field is the collection, for `has` the value is a (key, value) pair."""

    field: str
    operator: str
    value: Any


@dataclass(frozen=True, slots=True)
class Not:
    """The opposite of a condition."""

    of: "Node"


@dataclass(frozen=True, slots=True)
class Both:
    """Two conditions joined by `and` or `or`."""

    word: Literal["and", "or"]
    left: "Node"
    right: "Node"


Node = Term | Not | Both


def parse(text: str) -> Node:
    """Return the conditions of a query as a tree. Raises BadQuery."""
    tokens = _Tokens(text)
    node = _expression(tokens)
    if tokens.next() is not None:
        raise BadQuery(text)
    return node


def matches(node: Node, file: Json, text: str = "") -> bool:
    """Say whether a file, as the vendor shows it, fits; `text` is its content for `fullText`."""
    if isinstance(node, Not):
        return not matches(node.of, file, text)
    if isinstance(node, Both):
        if node.word == "and":
            return matches(node.left, file, text) and matches(node.right, file, text)
        return matches(node.left, file, text) or matches(node.right, file, text)
    return _holds(node, file, text)


class _Tokens:
    """The tokens of a query: ("text", "..."), ("word", "name"), ("sign", "=")."""

    def __init__(self, text: str) -> None:
        self.text = text
        self._found = list(self._scan(text.rstrip()))
        self._at = 0
        if len(self._found) > MOST_TOKENS:
            raise BadQuery("The query is too complex.")

    def _scan(self, text: str) -> Iterator[tuple[str, str]]:
        at = 0
        while at < len(text):
            match = _TOKEN.match(text, at)
            if not match:
                raise BadQuery(text)
            at = match.end()
            quoted, word, sign = match.groups()
            if quoted is not None:
                yield "text", re.sub(r"\\(.)", r"\1", quoted)
            else:
                yield ("word", word) if word else ("sign", sign)

    def peek(self) -> tuple[str, str] | None:
        return self._found[self._at] if self._at < len(self._found) else None

    def next(self) -> tuple[str, str] | None:
        token = self.peek()
        self._at += 1
        return token

    def take(self, *allowed: tuple[str, str]) -> str:
        token = self.next()
        if token is None or token not in allowed:
            raise BadQuery(self.text)
        return token[1]

    def take_text(self) -> str:
        token = self.next()
        if token is None or token[0] != "text":
            raise BadQuery(self.text)
        return token[1]


def _expression(tokens: _Tokens) -> Node:
    node = _operand(tokens)
    while (token := tokens.peek()) in {("word", "and"), ("word", "or")}:
        tokens.next()
        word: Literal["and", "or"] = "and" if token == ("word", "and") else "or"
        node = Both(word, node, _operand(tokens))
    return node


def _operand(tokens: _Tokens) -> Node:
    token = tokens.next()
    if token == ("word", "not"):
        return Not(_operand(tokens))
    if token == ("sign", "("):
        node = _expression(tokens)
        tokens.take(("sign", ")"))
        return node
    if token and token[0] == "text":
        tokens.take(("word", "in"))
        return Term(tokens.take(*(("word", name) for name in _COLLECTIONS)), "in", token[1])
    if not token or token[0] != "word" or token[1] not in _OPERATORS:
        raise BadQuery(tokens.text)
    return _comparison(token[1], tokens)


def _comparison(name: str, tokens: _Tokens) -> Term:
    allowed = _OPERATORS[name]
    operator = tokens.take(*(("word" if sign.isalpha() else "sign", sign) for sign in allowed))
    if operator == "has":
        return Term(name, operator, _pair(tokens))
    if name in {"trashed", "starred"}:
        return Term(name, operator, tokens.take(("word", "true"), ("word", "false")) == "true")
    value = tokens.take_text()
    return Term(name, operator, _moment(value, tokens.text) if name.endswith("Time") else value)


def _pair(tokens: _Tokens) -> tuple[str, str]:
    tokens.take(("sign", "{"))
    found: dict[str, str] = {}
    for number in range(2):
        if number:
            tokens.take(("word", "and"))
        name = tokens.take(("word", "key"), ("word", "value"))
        tokens.take(("sign", "="))
        found[name] = tokens.take_text()
    tokens.take(("sign", "}"))
    if len(found) != 2:
        raise BadQuery(tokens.text)
    return found["key"], found["value"]


def _moment(text: str, query: str) -> datetime:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError as error:
        raise BadQuery(query) from error
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _holds(term: Term, file: Json, text: str) -> bool:
    match term.field, term.operator:
        case "parents", _:
            return term.value in file.get("parents", ())
        case (("owners" | "writers" | "readers"), _):
            return _has_role(file, term.field, term.value)
        case (("appProperties" | "properties"), _):
            key, value = term.value
            return bool(file.get(term.field, {}).get(key) == value)
        case (("name" | "fullText"), "contains"):
            return _starts_a_word(term.value, file["name"]) or (term.field == "fullText" and _starts_a_word(term.value, text))
        case _, "contains":
            return str(term.value) in file.get(term.field, "")
        case (("modifiedTime" | "createdTime"), _):
            return _compare(term.operator, datetime.fromisoformat(file[term.field]), term.value)
        case "name", _:  # Drive does not tell upper case from lower here
            return _compare(term.operator, file["name"].casefold(), term.value.casefold())
        case _:
            return _compare(term.operator, file.get(term.field, False), term.value)


def _has_role(file: Json, collection: str, email: str) -> bool:
    enough = {"owners": {"owner"}, "writers": {"owner", "writer"}, "readers": {"owner", "writer", "commenter", "reader"}}
    return any(p["role"] in enough[collection] and p.get("emailAddress") == email for p in file.get("permissions", ()))


def _starts_a_word(prefix: str, text: str) -> bool:
    """Match beginnings of words only: `name contains 'Hello'` finds HelloWorld, `'World'` does not."""
    return re.search(r"(?<!\w)" + re.escape(prefix), text, re.IGNORECASE) is not None


def _compare(operator: str, left: Any, right: Any) -> bool:
    match operator:
        case "=":
            return bool(left == right)
        case "!=":
            return bool(left != right)
        case "<":
            return bool(left < right)
        case "<=":
            return bool(left <= right)
        case ">":
            return bool(left > right)
        case _:
            return bool(left >= right)
