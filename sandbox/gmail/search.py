"""Gmail's search box: turns `q` into a test of letters. Like the box, it refuses nothing: what it does not know are words.

https://support.google.com/mail/answer/7190
"""

import re
import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from email.utils import getaddresses
from typing import Any

Stored = Mapping[str, Any]
Test = Callable[[Stored], bool]
_TOKEN = re.compile(r'\s*([(){}]|-?(?:[A-Za-z0-9_]+:)?(?:"[^"]*"|\([^()]*\)|[^\s(){}"]+)|-)')
MOST_WORDS = 100  # so that brackets in brackets cannot go too deep
_OPERATOR = re.compile(r"([A-Za-z0-9_]+):(.*)", re.S)
_AGE = re.compile(r"(\d{1,5})([dmy])")
_DAYS = {"d": 1, "m": 30, "y": 365}
_PLACES = {"anywhere": None, "draft": "DRAFT", "drafts": "DRAFT"}


def test_of(q: str, label_names: Mapping[str, str]) -> Test:
    """Return the test that a query stands for; `label_names` gives a label's id by its name in lower case."""
    words = _TOKEN.findall(q)[:MOST_WORDS][::-1]
    tests = []
    while words:
        tests.append(_all(words, label_names))
        if words:
            words.pop()  # a closing bracket that nothing opened
    return lambda stored: all(test(stored) for test in tests)


def wants_everything(q: str) -> bool:
    """Say whether a query asks for spam and bin, too."""
    return bool(re.search(r"\b(in|label|is):(anywhere|trash|spam)\b", q, re.I))


def message_id_in(q: str) -> str | None:
    """Return the Message-ID that a query asks for, when that is all it asks."""
    match = re.fullmatch(r'\s*rfc822msgid:"?<?([^\s<>"]+)>?"?\s*', q, re.I)
    return match[1] if match else None


def _all(words: list[str], labels: Mapping[str, str]) -> Test:
    """Read terms up to a closing bracket; all must hold, and `OR` binds its neighbours more tightly."""
    groups: list[list[Test]] = []
    joined = False
    while words and words[-1] not in ")}":
        word = words.pop()
        if word in ("OR", "AND"):
            joined = word == "OR" and bool(groups)
            continue
        test = _bracket(word, words, labels) if word in "({" else _term(word, labels)
        if joined:
            groups[-1].append(test)
        else:
            groups.append([test])
        joined = False
    return lambda stored: all(any(test(stored) for test in group) for group in groups)


def _bracket(opening: str, words: list[str], labels: Mapping[str, str]) -> Test:
    if opening == "(":
        inside = _all(words, labels)
        _close(words)
        return inside
    tests = []
    while words and words[-1] not in ")}":
        word = words.pop()
        tests.append(_bracket(word, words, labels) if word in "({" else _term(word, labels))
    _close(words)
    return lambda stored: any(test(stored) for test in tests)


def _close(words: list[str]) -> None:
    if words:
        words.pop()


def _term(word: str, labels: Mapping[str, str]) -> Test:
    if word.startswith("-") and len(word) > 1:
        test = _term(word[1:], labels)
        return lambda stored: not test(stored)
    match = _OPERATOR.fullmatch(word)
    given = match[2] if match else word
    value = given.strip('"()').lower()
    wanted = (value,) if given.startswith('"') else tuple(value.split())
    if match and match[1].lower() == "subject":
        return lambda stored: all(one in stored["subject"].lower() for one in wanted)
    return _operator(match[1].lower() if match else "", value, labels) or _words(word.strip('"()').lower())


def _operator(name: str, value: str, labels: Mapping[str, str]) -> Test | None:
    match name:
        case "rfc822msgid":
            return lambda stored: stored["messageId"].strip("<>").lower() == value.strip("<>")
        case "from" | "to":
            return lambda stored: _addressed(stored[name], value)
        case "filename":
            return lambda stored: any(value in file.lower() for file in stored["files"])
        case "has" if value == "attachment":
            return lambda stored: bool(stored["files"])
        case "in" | "label" | "is":
            return _labelled(name, value, labels)
        case "after" | "newer":
            return _dated(value, lambda stored, at: stored["internalDate"] >= at)
        case "before" | "older":
            return _dated(value, lambda stored, at: stored["internalDate"] < at)
        case "newer_than":
            return _aged(value, lambda stored, at: stored["internalDate"] >= at)
        case "older_than":
            return _aged(value, lambda stored, at: stored["internalDate"] < at)
    return None


def _labelled(name: str, value: str, labels: Mapping[str, str]) -> Test:
    if value == "read" and name == "is":
        return lambda stored: "UNREAD" not in stored["labelIds"]
    if value in _PLACES and name == "in":
        place = _PLACES[value]
        return lambda stored: place is None or place in stored["labelIds"]
    wanted = {value.upper(), *(known for label, known in labels.items() if _hyphened(label) == _hyphened(value))}
    return lambda stored: bool(wanted & set(stored["labelIds"]))


def _hyphened(label: str) -> str:
    """Return a label's name as people write it in the search box."""
    return re.sub(r"[\s/]+", "-", label)


def _addressed(header: str, value: str) -> bool:
    return value in header.lower() or any(value == address.lower() for _, address in getaddresses([header]))


def _dated(value: str, holds: Callable[[Stored, float], bool]) -> Test | None:
    if value.isdecimal():
        return lambda stored: holds(stored, int(value) * 1000)
    try:
        day = datetime.strptime(value.replace("-", "/"), "%Y/%m/%d").replace(tzinfo=UTC)
    except ValueError:
        return None
    return lambda stored: holds(stored, day.timestamp() * 1000)


def _aged(value: str, holds: Callable[[Stored, float], bool]) -> Test | None:
    match = _AGE.fullmatch(value)
    if not match:
        return None
    at = (time.time() - int(match[1]) * _DAYS[match[2]] * 86_400) * 1000
    return lambda stored: holds(stored, at)


def _words(phrase: str) -> Test:
    return lambda stored: any(phrase in stored[name].lower() for name in ("subject", "text", "from", "to"))
