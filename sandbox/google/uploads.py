"""The three ways in which content comes to Drive: simple, multipart, resumable; unfinished ones die with the process.

https://developers.google.com/workspace/drive/api/guides/manage-uploads
"""

import re
from dataclasses import dataclass, field
from email.parser import BytesParser
from email.policy import HTTP
from typing import Any
from uuid import uuid4

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from sandbox.google.calls import body_of, json_from, mask_of
from sandbox.google.content import Upload
from sandbox.google.drive import Drive
from sandbox.google.errors import invalid_parameter, refuse
from sandbox.google.fields import select
from sandbox.google.files import updated
from sandbox.google.resource import DEFAULT_FIELDS, FILE_SHAPE, writable
from sandbox.system import Json, call_of

_RANGE = re.compile(r"bytes (?:(\d+)-(\d+)|\*)/(\d+|\*)")
_SESSIONS_KEPT = 1000


@dataclass(slots=True)
class Session:
    """A resumable upload on its way."""

    request: Request  # the call that began it: it says what becomes of the content
    body: Any
    mime_type: str
    content: bytearray = field(default_factory=bytearray)


class Uploads:
    """Drive's upload calls."""

    def __init__(self, drive: Drive, mount: str) -> None:
        self.drive, self.mount = drive, mount
        self._sessions: dict[str, Session] = {}

    def routes(self) -> list[Route]:
        """Return the routes, paths below Google's mount."""
        path = "/upload/drive/v3/files"
        return [
            Route(path, self.begin, methods=["POST"]),
            Route(path, self.go_on, methods=["PUT"]),
            Route(path + "/{file_id}", self.begin, methods=["PATCH"]),
            Route(path + "/{file_id}", self.go_on, methods=["PUT"]),
        ]

    async def begin(self, request: Request) -> Response:
        """Take an upload whole, or open a session for a resumable one."""
        match request.query_params.get("uploadType"):
            case "media":
                upload = Upload(_mime_type(request.headers.get("content-type")), call_of(request).body)
                return self._finish(request, {}, upload)
            case "multipart":
                return self._finish(request, *_parts(request))
            case "resumable":
                return self._open(request)
        raise invalid_parameter("uploadType", "Invalid upload type.", reason="badRequest")

    async def go_on(self, request: Request) -> Response:
        """Take the next bytes of a resumable upload; the last ones finish it."""
        upload_id = request.query_params.get("upload_id", "")
        session = self._sessions.get(upload_id)
        if session is None:
            raise refuse(404, "Upload session not found.")
        total = _take(session, request.headers.get("content-range"), call_of(request).body)
        if total is None or len(session.content) < total:
            last = len(session.content) - 1
            return Response(status_code=308, headers={"Range": f"bytes=0-{last}"} if session.content else None)
        answer = self._finish(session.request, session.body, Upload(session.mime_type, bytes(session.content)))
        del self._sessions[upload_id]
        return answer

    def _open(self, request: Request) -> Response:
        mask_of(request, FILE_SHAPE, DEFAULT_FIELDS)
        body = writable(body_of(request))
        if "file_id" in request.path_params:
            self.drive.record(request.path_params["file_id"])
        while len(self._sessions) >= _SESSIONS_KEPT:
            del self._sessions[next(iter(self._sessions))]
        upload_id = uuid4().hex
        self._sessions[upload_id] = Session(request, body, _mime_type(request.headers.get("x-upload-content-type")))
        host = f"http://{request.headers.get('host', 'localhost')}{self.mount}"
        location = f"{host}{call_of(request).path}?uploadType=resumable&upload_id={upload_id}"
        return Response(headers={"Location": location, "X-GUploader-UploadID": upload_id})

    def _finish(self, request: Request, body: Any, upload: Upload) -> Response:
        mask = mask_of(request, FILE_SHAPE, DEFAULT_FIELDS)
        if "file_id" in request.path_params:
            return Json(select(updated(self.drive, request, body, upload), mask))
        return Json(select(self.drive.create(writable(body), upload), mask))


def _parts(request: Request) -> tuple[Any, Upload]:
    """Return the metadata and the content of a multipart/related body."""
    head = f"Content-Type: {request.headers.get('content-type', '')}\r\n\r\n".encode()
    message = BytesParser(policy=HTTP).parsebytes(head + call_of(request).body)
    parts = list(message.iter_parts()) if message.is_multipart() else []
    if len(parts) != 2:
        raise refuse(400, "Missing end boundary in multipart body, or not two parts.", reason="badContent")
    metadata, media = (part.get_payload(decode=True) or b"" for part in parts)
    return json_from(bytes(metadata)), Upload(parts[1].get_content_type(), bytes(media))


def _mime_type(header: str | None) -> str:
    return (header or "application/octet-stream").partition(";")[0].strip().lower()


def _take(session: Session, content_range: str | None, body: bytes) -> int | None:
    """Add a request's bytes to a session and return the whole size, if the client knows it by now."""
    match = _RANGE.fullmatch(content_range or f"bytes 0-{len(body) - 1}/{len(body)}" if body else content_range or "bytes */0")
    if not match:
        raise refuse(400, "Failed to parse Content-Range header.", reason="badRequest")
    first, last, total = match.groups()
    if first is not None:
        if int(first) > len(session.content) or int(last) - int(first) + 1 != len(body):
            raise refuse(416)
        session.content[int(first) :] = body
    return None if total == "*" else int(total)
