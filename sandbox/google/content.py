"""What a file contains, as the store keeps it: a document's body, or an upload's bytes; knows no tree and no requests."""

import base64
import hashlib
from dataclasses import dataclass
from typing import Any

from sandbox.google.document import Document
from sandbox.google.markup import converts_from, document_from
from sandbox.google.resource import DOCUMENT

Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Upload:
    """The bytes that came with a request, and their type without parameters."""

    mime_type: str
    content: bytes


def converts(given: str, wanted: str) -> bool:
    """Say whether Drive makes a file of the wanted type out of an upload of the given one."""
    return wanted == DOCUMENT and converts_from(given)


def content_of(mime_type: str, upload: Upload | None) -> Json:
    """Return what is kept of an upload: a document's body, or the bytes with their size and checksum."""
    if mime_type == DOCUMENT:
        return (document_from(upload.mime_type, upload.content) if upload else Document()).kept_form()
    content = upload.content if upload else b""
    return {
        "base64": base64.b64encode(content).decode(),
        "size": str(len(content)),
        "md5Checksum": hashlib.md5(content, usedforsecurity=False).hexdigest(),
    }
