"""How Gmail shows a stored letter, in each of its formats; knows no requests.

https://developers.google.com/workspace/gmail/api/reference/rest/v1/users.messages#Message
"""

import base64
from collections.abc import Collection
from email.message import EmailMessage
from typing import Any

from sandbox.gmail.parsing import content, file_name, header, headers, leaves, parsed
from sandbox.store import Record

Fields = dict[str, Any]
MESSAGE_SHAPE: Fields = {
    **{key: {} for key in ("id", "threadId", "labelIds", "snippet", "historyId", "internalDate", "sizeEstimate", "raw")},
    "payload": None,
    "classificationLabelValues": None,
}
LIST_SHAPE: Fields = {"messages": MESSAGE_SHAPE, "nextPageToken": {}, "resultSizeEstimate": {}}
FORMATS = ("full", "metadata", "minimal", "raw")


def brief(record: Record) -> Fields:
    """Return a letter as lists and answers to changes name it."""
    return {"id": record.id, "threadId": record.object["threadId"]}


def labelled(record: Record) -> Fields:
    """Return a letter as answers to sending and to changes of labels show it."""
    return brief(record) | ({"labelIds": record.object["labelIds"]} if record.object["labelIds"] else {})


def message(record: Record, form: str = "full", wanted: Collection[str] = ()) -> Fields:
    """Return a letter in one of the four formats; `wanted` are the names of headers for `metadata`."""
    stored = record.object
    shown = labelled(record) | {
        "snippet": stored["snippet"],
        "sizeEstimate": stored["size"],
        "historyId": stored["historyId"],
        "internalDate": str(stored["internalDate"]),
    }
    if form == "raw":
        return shown | {"raw": stored["raw"]}
    if form == "minimal":
        return shown
    letter = parsed(raw_of(record))
    if form == "full":
        return shown | {"payload": _part(letter, "")}
    names = {name.lower() for name in wanted}
    kept = [{"name": n, "value": v} for n, v in headers(letter) if not names or n.lower() in names]
    return shown | {"payload": {"mimeType": letter.get_content_type(), "headers": kept}}


def raw_of(record: Record) -> bytes:
    """Return a stored letter as it was written."""
    return base64.urlsafe_b64decode(record.object["raw"])


def attachment(record: Record, attachment_id: str) -> Fields | None:
    """Return an attached file, or None."""
    for number, part in leaves(parsed(raw_of(record))):
        if attachment_id == _attachment_id(number):
            return _data(content(part))
    return None


def _part(part: EmailMessage, number: str) -> Fields:
    shown: Fields = {
        "partId": number,
        "mimeType": part.get_content_type(),
        "filename": file_name(part),
        "headers": [{"name": name, "value": value} for name, value in headers(part)],
    }
    if part.get_content_maintype() == "multipart" and part.is_multipart():
        below = [(f"{number}.{n}" if number else str(n), one) for n, one in enumerate(part.iter_parts())]
        return shown | {"body": {"size": 0}, "parts": [_part(one, n) for n, one in below if isinstance(one, EmailMessage)]}
    body = content(part)
    if shown["filename"] or header(part, "Content-Disposition").lower().startswith("attachment"):
        return shown | {"body": {"attachmentId": _attachment_id(number or "0"), "size": len(body)}}
    return shown | {"body": _data(body)}


def _attachment_id(number: str) -> str:
    return "ANGjdJ" + base64.urlsafe_b64encode(f"part {number}".encode()).decode().rstrip("=")


def _data(body: bytes) -> Fields:
    return {"size": len(body), "data": base64.urlsafe_b64encode(body).decode()} if body else {"size": 0}
