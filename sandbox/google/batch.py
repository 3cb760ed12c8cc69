"""Google's batch endpoint: up to 100 calls in one multipart/mixed request, each answered on its own; knows no resource.

https://developers.google.com/workspace/drive/api/guides/performance#batch-requests
"""

import asyncio
from collections.abc import Awaitable, Callable
from email.message import Message
from email.parser import BytesParser
from http import HTTPStatus
from uuid import uuid4

from starlette.requests import Request
from starlette.responses import Response

from sandbox.google.errors import refuse
from sandbox.system import call_of

MOST = 100
_PHRASES = {int(status): status.phrase for status in HTTPStatus}
Ask = Callable[[str, str, dict[str, str], bytes], Awaitable[Response]]


async def answer_batch(request: Request, mount: str, ask: Ask) -> Response:
    """Answer every part by asking it as a call of its own, in order; `mount` is cut off the parts' paths."""
    parts = _parts(request)
    outer = {"authorization": request.headers["authorization"]} if "authorization" in request.headers else {}
    answers = await asyncio.gather(*(_answered(part, mount, outer, ask) for part in parts))
    boundary = f"batch_{uuid4().hex}"
    pieces = [b"--%b\r\n%b\r\n" % (boundary.encode(), piece) for piece in answers]
    body = b"".join(pieces) + b"--%b--\r\n" % boundary.encode()
    return Response(body, media_type=f"multipart/mixed; boundary={boundary}")


def _parts(request: Request) -> list[Message]:
    head = f"Content-Type: {request.headers.get('content-type', '')}\r\n\r\n".encode()
    message = BytesParser().parsebytes(head + call_of(request).body)
    parts = [part for part in message.walk() if part.get_content_type() == "application/http"]
    if not message.is_multipart() or not parts:
        raise refuse(400, "Failed to parse batch request, error: no parts.", reason="badRequest")
    if len(parts) > MOST:
        raise refuse(400, f"The batch request could not be processed: at most {MOST} calls are allowed.", reason="badRequest")
    return parts


async def _answered(part: Message, mount: str, outer: dict[str, str], ask: Ask) -> bytes:
    """Return one part of the answer; a part's own Authorization goes before the batch's."""
    line, _, rest = (part.get_payload(decode=True) or b"").lstrip().partition(b"\n")  # type: ignore[union-attr]
    words = line.decode("latin-1").split()
    if len(words) != 3:
        raise refuse(400, "Failed to parse batch request, error: a part is no HTTP request.", reason="badRequest")
    inner = BytesParser().parsebytes(rest)
    headers = outer | {name.lower(): str(value) for name, value in inner.items()}
    body = inner.get_payload(decode=True)
    response = await ask(words[0], words[1].removeprefix(mount), headers, body if isinstance(body, bytes) else b"")
    return _part(part.get("Content-ID"), response)


def _part(content_id: str | None, response: Response) -> bytes:
    status = response.status_code or 503  # a fault that says nothing cannot be told inside an answer
    lines = ["Content-Type: application/http"]
    if content_id:
        lines.append(f"Content-ID: {content_id.replace('<', '<response-', 1)}")
    lines += [
        "",
        f"HTTP/1.1 {status} {_PHRASES.get(status, 'Unknown')}",
        *(f"{name}: {value}" for name, value in response.headers.items()),
        "",
        "",
    ]
    return "\r\n".join(lines).encode("latin-1") + bytes(response.body) + b"\r\n"
