"""The sandbox for connectors: in process for httpx, and on a free port for what opens connections of its own."""

import asyncio
import socket
from collections.abc import AsyncIterator, Iterator
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any

import httpx
import pytest
import stamina
import uvicorn
from starlette.applications import Starlette

from connectors import guard
from contracts.systems import System
from sandbox.app import create_app
from sandbox.settings import Settings


@dataclass
class Sandbox:
    """A sandbox at `url`, reached through `transport` (None: by real connections)."""

    url: str
    transport: httpx.AsyncBaseTransport | None

    async def control(self, method: str, path: str, body: Any = None) -> Any:
        """Call the control interface and return what it says."""
        async with httpx.AsyncClient(base_url=self.url, transport=self.transport, trust_env=False) as client:
            answer = await client.request(method, f"/_sandbox/{path}", json=body)
        assert answer.is_success, answer.text
        return answer.json() if answer.content else None

    async def fault(self, system: str, operation: str | None = None, **fault: Any) -> None:
        """Make the next call go wrong (or the next `count`)."""
        await self.control("POST", "faults", {"system": system, "operation": operation, **fault})

    async def objects(self, system: str, kind: str) -> list[dict[str, Any]]:
        """Return what exists of a kind."""
        return (await self.control("GET", f"objects?system={system}"))[kind]

    async def asked(self, path: str = "") -> list[dict[str, Any]]:
        """Return the requests so far whose path contains `path`."""
        return [one for one in await self.control("GET", "requests?since=0") if path in one["path"]]


@pytest.fixture(autouse=True)
def anybody(monkeypatch: pytest.MonkeyPatch) -> None:
    """These tests are about the wire, and speak for whom they must; who may write what is `test_guard.py`'s."""
    monkeypatch.setattr(guard, "_speakers", ContextVar("speakers", default=tuple(System)))


@pytest.fixture
def app() -> Starlette:
    """A sandbox without rate limits, empty."""
    return create_app(Settings(limits=False))


@pytest.fixture
def sandbox(app: Starlette) -> Sandbox:
    """The sandbox in process."""
    return Sandbox("http://sandbox", httpx.ASGITransport(app))


@pytest.fixture(scope="session")
async def server() -> AsyncIterator[str]:
    """The URL of a sandbox on a free port, in this event loop."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        app = create_app(Settings(limits=False))
        server = uvicorn.Server(uvicorn.Config(app, log_level="critical", lifespan="off", timeout_graceful_shutdown=1))
        serving = asyncio.create_task(server.serve(sockets=[listener]))
        while not server.started:  # noqa: ASYNC110 - uvicorn has no event to wait for
            await asyncio.sleep(0.005)
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
        server.should_exit = True
        await serving


@pytest.fixture
async def served(server: str) -> Sandbox:
    """The sandbox on a free port, empty."""
    sandbox = Sandbox(server, None)
    await sandbox.control("POST", "reset")
    return sandbox


@pytest.fixture
def no_waiting() -> Iterator[None]:
    """Repeat without waiting in between, at most twenty times."""
    with stamina.set_testing(True, attempts=20):
        yield
