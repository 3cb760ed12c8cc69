"""Answers files.list: filter, order and pages over one Drive; asks the store's indexes first: many files cost little."""

import base64
import binascii
from typing import Any
from zlib import crc32

from starlette.datastructures import QueryParams

from sandbox.google.drive import CONTENTS, Drive
from sandbox.google.errors import invalid_parameter
from sandbox.google.query import BadQuery, Both, Node, Term, matches, parse
from sandbox.google.resource import FOLDER, ROOT_ID
from sandbox.store import Record

Json = dict[str, Any]

_ORDERS = {
    "createdTime", "folder", "modifiedByMeTime", "modifiedTime", "name", "name_natural", "quotaBytesUsed", "recency",
    "sharedWithMeTime", "starred", "viewedByMeTime",
}  # fmt: skip


def listed(drive: Drive, query: QueryParams) -> Json:
    """Return one page of the files that a files.list asks for."""
    size = number_in(query, "pageSize", 100, 1, 1000)
    asked = f"{query.get('q', '')}\0{query.get('orderBy', '')}"
    start = _place(query["pageToken"], asked) if query.get("pageToken") else 0
    found = _ordered(_found(drive, query.get("q") or ""), query.get("orderBy") or "")
    answer: Json = {"kind": "drive#fileList", "incompleteSearch": False}
    answer["files"] = [drive.shown(record.object) for record in found[start : start + size]]
    if start + size < len(found):
        answer["nextPageToken"] = _token(start + size, asked)
    return answer


def number_in(query: QueryParams, name: str, default: int, least: int, most: int) -> int:
    """Return a number from the query string. Raises Drive's 400 outside its bounds."""
    text = query.get(name) or str(default)
    if not text.isdecimal() or not least <= int(text) <= most:
        raise invalid_parameter(name, f"Invalid value '{text}'. Values must be within the range: [{least}, {most}]")
    return int(text)


def _found(drive: Drive, q: str) -> list[Record]:
    if not q.strip():
        return drive.everything()
    try:
        node = parse(q)
        candidates = _candidates(drive, node)
        unique = {record.id: record for record in (drive.everything() if candidates is None else candidates)}
        return [record for record in unique.values() if _fits(drive, node, record)]
    except (BadQuery, RecursionError):  # a query nested a thousand deep is as bad as one that cannot be read
        raise invalid_parameter("q") from None


def _candidates(drive: Drive, node: Node) -> list[Record] | None:
    """Return the fewest files that the indexes can narrow a search down to, or None if they cannot."""
    if isinstance(node, Term):
        term = _index_term(node)
        return drive.found(term) if term else None
    if not isinstance(node, Both):
        return None
    left, right = _candidates(drive, node.left), _candidates(drive, node.right)
    if node.word == "and":
        return min((side for side in (left, right) if side is not None), key=len, default=None)
    return None if left is None or right is None else left + right


def _index_term(asked: Term) -> tuple[str, ...] | None:
    match asked:
        case Term("appProperties", "has", (key, value)):
            return ("appProperties", key, value)
        case Term("parents", "in", folder):
            return ("parent", ROOT_ID if folder == "root" else folder)
        case Term("name", "=", name):
            return ("name", name.lower())
    return None


def _fits(drive: Drive, node: Node, record: Record) -> bool:
    file = record.object
    root = ["root"] if ROOT_ID in file["parents"] else []
    seen = file | {"trashed": drive.is_trashed(file), "parents": file["parents"] + root}
    content = drive.store.get(CONTENTS, record.id)
    return matches(node, seen, (content.object.get("text") or "") if content else "")


def _ordered(records: list[Record], order_by: str) -> list[Record]:
    """Sort by the keys asked for, the first one foremost; without any, the files changed last come first."""
    for key in reversed([part.split() for part in (order_by or "modifiedTime desc").split(",")]):
        if not key or key[0] not in _ORDERS or key[1:] not in ([], ["desc"]):
            raise invalid_parameter("orderBy", f"The requested sort order is not supported: {order_by}")
        records = sorted(records, key=lambda record: _sort_key(key[0], record.object), reverse=len(key) == 2)
    return records


def _sort_key(name: str, file: Json) -> Any:
    match name:
        case "folder":
            return file["mimeType"] != FOLDER
        case "name" | "name_natural":
            return file["name"].lower()
        case "quotaBytesUsed":
            return int(file.get("size", 0))
        case "starred":
            return not file.get("starred", False)
        case "createdTime":
            return file["createdTime"]
    return file["modifiedTime"]


def _token(start: int, asked: str) -> str:
    return base64.urlsafe_b64encode(f"{start}:{crc32(asked.encode())}".encode()).decode()


def _place(token: str, asked: str) -> int:
    """Return where a page begins; a token is good only for the query that it came from."""
    try:
        start, _, check = base64.urlsafe_b64decode(token.encode()).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError):
        raise invalid_parameter("pageToken") from None
    if not start.isdecimal() or check != str(crc32(asked.encode())):
        raise invalid_parameter("pageToken")
    return int(start)
