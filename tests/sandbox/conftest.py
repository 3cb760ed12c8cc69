"""The sandbox for tests: a real server on a free port for the vendors' own clients, and an app in process for httpx."""

import asyncio
import logging
import socket
import threading
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import Any

import httpx
import pytest
import uvicorn
from starlette.applications import Starlette

from sandbox.app import create_app
from sandbox.settings import Settings
from sandbox.wire import quiet_drops


@dataclass
class Running:
    """A sandbox that serves on `url`; `http` speaks to its control interface and to the vendors' paths."""

    url: str
    port: int
    http: httpx.Client

    def control(self, method: str, path: str, body: Any = None) -> Any:
        """Call the control interface and return what it says."""
        answer = self.http.request(method, f"/_sandbox/{path}", json=body)
        assert answer.is_success, answer.text
        return answer.json() if answer.content else None


@contextmanager
def serving(settings: Settings) -> Iterator[Running]:
    """Serve a sandbox on a free port from a thread until the block ends."""
    listener = socket.socket(proto=socket.IPPROTO_TCP)  # named, so that asyncio switches Nagle off
    listener.bind(("127.0.0.1", 0))
    port = listener.getsockname()[1]
    config = uvicorn.Config(create_app(settings), loop="asyncio", log_level="warning", timeout_graceful_shutdown=1)
    server = uvicorn.Server(config)
    logging.getLogger("uvicorn.error").addFilter(quiet_drops)
    thread = threading.Thread(target=lambda: asyncio.run(server.serve(sockets=[listener])), daemon=True)
    thread.start()
    while not server.started:
        assert thread.is_alive(), "the sandbox did not start"
        time.sleep(0.01)
    try:
        with httpx.Client(base_url=f"http://127.0.0.1:{port}", headers={"Authorization": "Bearer test-token"}) as http:
            yield Running(f"http://127.0.0.1:{port}", port, http)
    finally:
        server.should_exit = True
        thread.join(10)
        listener.close()


@pytest.fixture
def serve() -> Iterator[Callable[..., Running]]:
    """Start sandboxes with settings of one's own: `serve(limits=True, state=tmp_path)`."""
    with ExitStack() as stack:
        yield lambda **settings: stack.enter_context(serving(Settings(**{"limits": False, **settings})))


@pytest.fixture(scope="session")
def running_sandbox() -> Iterator[Running]:
    """One sandbox without rate limits for the whole session, because starting one takes a moment."""
    with serving(Settings(limits=False)) as running:
        yield running


@pytest.fixture
def sandbox(running_sandbox: Running) -> Running:
    """A running sandbox without rate limits, begun anew."""
    running_sandbox.control("POST", "reset")
    return running_sandbox


@pytest.fixture
def limited_sandbox(serve: Callable[..., Running]) -> Running:
    """A running sandbox that enforces all of the vendors' rate limits."""
    return serve(limits="all")


@pytest.fixture
def app() -> Starlette:
    """The sandbox as an ASGI application in this process, without rate limits."""
    return create_app(Settings(limits=False))


@pytest.fixture
async def http(app: Starlette) -> AsyncIterator[httpx.AsyncClient]:
    """An httpx client of the application in this process."""
    transport = httpx.ASGITransport(app)
    headers = {"Authorization": "Bearer test-token"}
    async with httpx.AsyncClient(transport=transport, base_url="http://sandbox", headers=headers) as client:
        yield client
