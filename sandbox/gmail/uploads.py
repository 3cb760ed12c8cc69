"""The letter in a request: base64url in JSON, or bytes by media or multipart upload; knows no mailbox.

https://developers.google.com/workspace/gmail/api/guides/uploads. Resumable uploads are refused: no letter needs one.
"""

import base64
import binascii
import re
from email.message import Message
from typing import Any

from starlette.requests import Request

from sandbox.gmail.errors import invalid
from sandbox.google.calls import json_from, object_of
from sandbox.google.errors import refuse
from sandbox.system import Call, call_of

_RAW = re.compile(rb'"raw"\s*:\s*"([A-Za-z0-9_\-]*)')
_KEY = re.compile(rb"^message-id:\s*<([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})@", re.I | re.M)
LARGEST = 36_700_160
_BASE64URL = re.compile(r"[A-Za-z0-9_\-+/\r\n]*={0,2}\s*")


def letter_of(request: Request) -> tuple[dict[str, Any], bytes]:
    """Return a request's metadata and the letter that came with it. Raises Google's 400 or 413."""
    if not call_of(request).path.startswith("/upload/"):
        metadata = object_of(request)
        return metadata, _sized(_decoded(metadata.get("raw")))
    match request.query_params.get("uploadType"):
        case "media":
            return {}, _sized(call_of(request).body)
        case "multipart":
            metadata, letter = _parts(request.headers.get("content-type", ""), call_of(request).body)
            return metadata, _sized(letter)
        case "resumable":
            raise refuse(501, "Resumable uploads are not implemented.")
    raise refuse(400, "Invalid upload type.", reason="badRequest")


def key_in(call: Call) -> list[str]:
    """Return the UUID that a call's letter has as its Message-ID, if it has one; never raises."""
    body = call.body
    if not call.path.startswith("/upload/"):
        raw = _RAW.search(body)
        body = base64.urlsafe_b64decode(raw[1][: len(raw[1]) // 4 * 4]) if raw else b""
    found = _KEY.search(body)
    return [found[1].decode().lower()] if found else []


def _decoded(raw: Any) -> bytes:
    if not isinstance(raw, str) or not _BASE64URL.fullmatch(raw):
        raise invalid("Invalid value at 'message.raw' (TYPE_BYTES), Base64 decoding failed") if raw else _nothing()
    clean = "".join(raw.split()).rstrip("=").replace("+", "-").replace("/", "_")
    try:
        return base64.urlsafe_b64decode(clean + "=" * (-len(clean) % 4))
    except binascii.Error:
        raise invalid("Invalid value at 'message.raw' (TYPE_BYTES), Base64 decoding failed") from None


def _nothing() -> Exception:
    return invalid("'raw' RFC822 payload message string or uploading message via /upload/* URL required")


def _sized(letter: bytes) -> bytes:
    if not letter.strip():
        raise _nothing()
    if len(letter) > LARGEST:
        raise refuse(413, "Upload too large")
    return letter


def _parts(content_type: str, body: bytes) -> tuple[dict[str, Any], bytes]:
    """Split metadata from letter by hand: a parser would take the letter itself apart."""
    head = Message()
    head["Content-Type"] = content_type
    boundary = str(head.get_param("boundary") or "").encode()
    parts = re.split(rb"(?:^|\r?\n)--" + re.escape(boundary) + rb"(?:--)?[ \t]*(?:\r?\n|$)", body) if boundary else []
    if len(parts) != 4:
        raise refuse(400, "Missing end boundary in multipart body, or not two parts.", reason="badContent")
    metadata = json_from(_body(parts[1])[1])
    if not isinstance(metadata, dict):
        raise refuse(400, "Invalid JSON payload received. Expected an object.", reason="parseError")
    return metadata, _letter(*_body(parts[2]))


def _body(part: bytes) -> tuple[bytes, bytes]:
    if part.startswith((b"\r\n", b"\n")):
        return b"", part.lstrip(b"\r\n")
    head, _, body = re.split(rb"(\r?\n\r?\n)", part, maxsplit=1) if re.search(rb"\r?\n\r?\n", part) else (b"", b"", part)
    return head, body


def _letter(head: bytes, body: bytes) -> bytes:
    return base64.b64decode(body) if re.search(rb"content-transfer-encoding:\s*base64", head, re.I) else body
