"""What Drive does with a file's content as a whole: uploads, exports, locks. Knows no template and no placeholder.

https://developers.google.com/workspace/drive/api/guides/manage-uploads
"""

from __future__ import annotations

import hashlib
from typing import Any
from uuid import uuid4

import orjson

from connectors.docs.google_calls import ANSWER, DOCUMENT, metadata, ref
from connectors.http import ApiClient
from contracts.errors import RefusedError
from contracts.records import DocumentRecord, LockRecord, PdfRecord, Ref, Wanted

PDF = "application/pdf"


async def make_document(drive: ApiClient, wanted: Wanted[DocumentRecord]) -> Ref:
    """Make a Google Doc of HTML, in one call."""
    record = wanted.record
    about = metadata(record.name, wanted.key, record.folder) | {"mimeType": DOCUMENT}
    return await _upload(drive, about, "text/html; charset=UTF-8", record.html.encode())


async def save_pdf(drive: ApiClient, wanted: Wanted[PdfRecord]) -> Ref:
    """Keep a PDF of a document as it is now."""
    record = wanted.record
    content = await export(drive, record.document, PDF)
    about = metadata(record.name, wanted.key, record.folder) | {"mimeType": PDF}
    return await _upload(drive, about, PDF, content)


async def export(drive: ApiClient, document: str, mime_type: str) -> bytes:
    """Return a document in another format; Google exports at most 10 MB.

    https://developers.google.com/workspace/drive/api/reference/rest/v3/files/export
    """
    return await drive.download(f"/drive/v3/files/{document}/export", params={"mimeType": mime_type})


async def text_hash(drive: ApiClient, document: str) -> str:
    """Return the SHA-256 of a document's text; a byte order mark and the kind of line ends make no difference."""
    text = (await export(drive, document, "text/plain")).decode("utf-8-sig", "replace")
    return hashlib.sha256("\n".join(text.splitlines()).encode()).hexdigest()


async def lock(drive: ApiClient, record: LockRecord) -> None:
    """Make a document read-only until its owner, which is our account, lifts that; a lock that stands keeps its reason and time.

    https://developers.google.com/workspace/drive/api/guides/content-restrictions
    """
    if not await is_locked(drive, record.document):
        await _restrict(drive, record.document, {"readOnly": True, "ownerRestricted": True, "reason": record.reason})


async def unlock(drive: ApiClient, document: str) -> None:
    """Let a document be edited again; one that is not locked stays as it is."""
    await _restrict(drive, document, {"readOnly": False})


async def is_locked(drive: ApiClient, document: str) -> bool:
    """Say whether a document is read-only for everybody."""
    fields = {"fields": "contentRestrictions(readOnly)"}
    file = await drive.call("GET", f"/drive/v3/files/{document}", params=fields, nature="read")
    return any(one.get("readOnly") for one in file.get("contentRestrictions", ()))


async def refuse_if_locked(drive: ApiClient, document: str) -> None:
    """Raise RefusedError where a lock explains why an edit was forbidden: Docs says no more than that it was."""
    if await is_locked(drive, document):
        raise RefusedError("docs: the document is locked", cause="docs.locked")


async def _restrict(drive: ApiClient, document: str, restriction: dict[str, Any]) -> None:
    body = {"contentRestrictions": [restriction]}
    await drive.call("PATCH", f"/drive/v3/files/{document}", body, params={"fields": "id"}, nature="repeatable")


async def _upload(drive: ApiClient, about: dict[str, Any], kind: str, content: bytes) -> Ref:
    """Make a file of metadata and content in one multipart body; Google converts what differs from the metadata's type."""
    mark = f"towline-{uuid4().hex}".encode()
    parts = ((b"application/json; charset=UTF-8", orjson.dumps(about)), (kind.encode(), content))
    body = b"".join(b"--%b\r\nContent-Type: %b\r\n\r\n%b\r\n" % (mark, *part) for part in parts) + b"--%b--\r\n" % mark
    params = {**ANSWER, "uploadType": "multipart"}
    kind = f"multipart/related; boundary={mark.decode()}"
    return ref(await drive.call("POST", "/upload/drive/v3/files", body, params=params, content_type=kind))
