"""An open page that is told what changes: its request as a server hands it in, for a client in process waits for the end."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import httpx

from web.console.people import COOKIE


class Watcher:
    """What came so far of an answer that goes on."""

    def __init__(self) -> None:
        self.status = 0
        self.headers: dict[str, str] = {}
        self._parts: asyncio.Queue[str | None] = asyncio.Queue()

    async def part(self) -> str | None:
        """Wait for the next part, as the page would show it; None when there are no more."""
        async with asyncio.timeout(30):
            part = await self._parts.get()
        return None if part is None else "\n".join(line.removeprefix("data: ") for line in part.splitlines())

    async def until(self, text: str) -> str:
        """Wait for a part with this in it."""
        while (part := await self.part()) is not None:
            if text in part:
                return part
        raise AssertionError(f"it ended before it told {text}")

    async def send(self, message: Any) -> None:
        """Take what the application sends."""
        if message["type"] == "http.response.start":
            self.status = message["status"]
            self.headers = {name.decode(): value.decode() for name, value in message["headers"]}
        elif message.get("body"):
            self._parts.put_nowait(message["body"].decode())
        if message["type"] == "http.response.body" and not message.get("more_body"):
            self._parts.put_nowait(None)


@asynccontextmanager
async def watching(client: httpx.AsyncClient) -> AsyncIterator[Watcher]:
    """Open the stream of *Now* with a client's session, and leave it at the end."""
    watcher, left = Watcher(), asyncio.Event()
    asked = False

    async def receive() -> dict[str, Any]:
        nonlocal asked
        if not asked:
            asked = True
            return {"type": "http.request", "body": b"", "more_body": False}
        await left.wait()
        return {"type": "http.disconnect"}

    cookie = client.cookies.get(COOKIE, "")
    scope = {
        "type": "http",
        "asgi": {"version": "3.0", "spec_version": "2.3"},
        "http_version": "1.1",
        "method": "GET",
        "scheme": "http",
        "path": "/now",
        "raw_path": b"/now",
        "root_path": "",
        "query_string": b"",
        "headers": [(b"host", b"gateway.test"), (b"cookie", f"{COOKIE}={cookie}".encode())],
        "client": ("127.0.0.1", 1),
        "server": ("gateway.test", 80),
    }
    app: Any = vars(client._transport)["app"]
    task = asyncio.create_task(app(scope, receive, watcher.send))
    try:
        yield watcher
    finally:
        left.set()
        await task
