"""Stands before every vendor route: reads and records the request, applies faults, tokens and rate limits; knows no vendor."""

import asyncio
import logging

import httpx
from starlette.datastructures import Headers, QueryParams
from starlette.exceptions import HTTPException
from starlette.responses import HTMLResponse, Response
from starlette.routing import Router
from starlette.types import Message, Receive, Scope, Send

from sandbox.faults import Fault, Faults
from sandbox.system import Answer, Call, System
from sandbox.traffic import Asked, Traffic

log = logging.getLogger(__name__)
HTML = "<!doctype html><html><head><title>{0}</title></head><body><h1>{0} Service error</h1><p>Try again later.</p></body></html>"


class Dropped(httpx.RemoteProtocolError):
    """The connection ends here on purpose: uvicorn closes it, and a client on `httpx.ASGITransport` sees httpx's own error."""


class Wire:
    """The ASGI application of one system."""

    def __init__(self, system: System, faults: Faults, traffic: Traffic) -> None:
        self.system, self.faults, self.traffic = system, faults, traffic
        self.routes = Router(system.routes(), redirect_slashes=False, default=self._no_route)
        system.ask = self.ask

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request as the vendor would, or as a fault says."""
        call = _call(scope, await _body(receive), self.system.mount)
        asked, response = await self._early(call)
        if response is None:
            response = await self._answer(scope, call)
        self.traffic.answered(asked, response.status_code)
        response.headers.update(self.system.headers(call))
        if asked.lost:
            await _drop(send)
        await response(scope, receive, send)

    async def ask(self, method: str, path: str, headers: dict[str, str], body: bytes = b"") -> Response:
        """Answer a call that came inside another one (a part of a batch), `path` below the mount; faults and limits apply."""
        target, _, query = path.partition("?")
        scope: Scope = {
            "type": "http",
            "method": method,
            "path": self.system.mount + target,
            "query_string": query.encode(),
            "headers": [(k.lower().encode("latin-1"), v.encode("latin-1")) for k, v in headers.items()],
            "root_path": "",
        }
        call = _call(scope, body, self.system.mount)
        asked, response = await self._early(call)
        response = response or await self._answer(scope, call)
        self.traffic.answered(asked, response.status_code)
        return response

    async def _early(self, call: Call) -> tuple[Asked, Response | None]:
        """Record the call and return what is answered without doing it, if anything."""
        call.token = self.system.token_of(call)
        asked = self.traffic.note(self.system.name, call.method, call.path, self.system.keys_of(call))
        fault = self.faults.take(self.system.name, call.method, call.path)
        if fault:
            if fault.latency_ms:
                await asyncio.sleep(fault.latency_ms / 1000)
            asked.lost = fault.lose_answer or fault.status == 0
            if fault.status is not None and not fault.lose_answer:
                return asked, self._faulty(call, fault)
        response = self.system.refused(call)
        if response is None and self.system.settings.limits:
            response = self.system.limit(call)
        return asked, response

    def _faulty(self, call: Call, fault: Fault) -> Response:
        if fault.status == 0:
            return Silence()
        status = fault.status or 500
        response = HTMLResponse(HTML.format(status), status) if fault.body == "html" else self.system.failure(call, status)
        if fault.retry_after is not None:
            response.headers["Retry-After"] = str(fault.retry_after)
        return response

    async def _answer(self, scope: Scope, call: Call) -> Response:
        """Let the vendor's route do its work and return its answer whole."""
        inner = {**scope, "path": call.path, "root_path": "", "app": self, "sandbox.call": call}
        collected = _Collected()
        try:
            await self.routes(inner, _replayed(call.body), collected)
        except Answer as answer:
            return answer.response
        except HTTPException as refused:  # Starlette's 405
            return self.system.failure(call, refused.status_code)
        except Exception:
            log.exception("the sandbox failed at %s %s", call.method, call.path)
            return self.system.failure(call, 500)
        return collected.response()

    async def _no_route(self, scope: Scope, receive: Receive, send: Send) -> None:
        raise Answer(self.system.failure(scope["sandbox.call"], 404))


class Silence(Response):
    """Stands for no answer at all."""

    def __init__(self) -> None:
        super().__init__()
        self.status_code = 0


class _Collected:
    """Takes the messages of a route's answer and gives them back as one response."""

    def __init__(self) -> None:
        self.status, self.raw_headers, self.body = 500, list[tuple[bytes, bytes]](), bytearray()

    async def __call__(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.status, self.raw_headers = message["status"], list(message["headers"])
        else:
            self.body += message.get("body", b"")

    def response(self) -> Response:
        response = Response(bytes(self.body), self.status)
        response.raw_headers = self.raw_headers
        return response


def _call(scope: Scope, body: bytes, mount: str) -> Call:
    path = scope["path"][len(mount) :] or "/"
    return Call(scope["method"], path, QueryParams(scope["query_string"]), Headers(scope=scope), body)


async def _body(receive: Receive) -> bytes:
    chunks, more = [], True
    while more:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise Dropped("The client left before its request was whole.")
        chunks.append(message.get("body", b""))
        more = message.get("more_body", False)
    return b"".join(chunks)


def _replayed(body: bytes) -> Receive:
    async def receive() -> Message:
        return {"type": "http.request", "body": body, "more_body": False}

    return receive


async def _drop(send: Send) -> None:
    """Break the connection: an answer that promises a body and ends without it."""
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"1")]})
    raise Dropped("Server disconnected without sending a complete response.")


def quiet_drops(record: logging.LogRecord) -> bool:
    """Keep drops made on purpose out of uvicorn's error log (a logging filter)."""
    return not (record.exc_info and isinstance(record.exc_info[1], Dropped))
