"""A whole stack of its own for a benchmark, on free ports and in a folder that goes with it."""

from __future__ import annotations

import asyncio
import contextlib
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import orjson

from connectors.standard_hooks import sign
from runtime.settings import Settings

ROOT = Path(__file__).parent.parent


Furnish = Callable[[Path], contextlib.AbstractContextManager[None]]
Surroundings = Callable[[Path], dict[str, str]]


@contextlib.contextmanager
def stack(
    furnish: Furnish = contextlib.nullcontext,
    surroundings: Surroundings = lambda home: {},
    *,
    keep: bool = False,
    **settings: str,
) -> Iterator[Settings]:
    """Start a stack, give its settings, and stop it.

    `furnish` prepares its folder, `surroundings` are what its processes find in their environment, `keep` leaves the folder.
    """
    home = Path(tempfile.mkdtemp(prefix="towline-bench-"))
    home.chmod(0o755)
    ports = {name: str(free_port()) for name in ("TOWLINE_PORT", "TOWLINE_SANDBOX_PORT", "TOWLINE_PREFECT_PORT")}
    inherited = {name: value for name, value in os.environ.items() if not name.startswith(("TOWLINE_", "PREFECT_"))}
    environment = {**inherited, **ports, **settings, "TOWLINE_HOME": str(home)}
    furniture = contextlib.ExitStack()
    try:
        furniture.enter_context(furnish(home))
        environment |= surroundings(home)
        begun = time.monotonic()
        towline(environment, "up", "--detach")
        print(f"towline up until ready: {time.monotonic() - begun:.1f} s")
        os.environ.update({**ports, **settings, "TOWLINE_HOME": str(home)})
        yield Settings(_env_file=home / "secrets.env")
    finally:
        towline(environment, "down")
        if keep:
            print(f"the state folder is {home}")
        else:
            furniture.close()
            shutil.rmtree(home, ignore_errors=True)


def towline(environment: dict[str, str], *words: str) -> str:
    """Run a command of ours and return what it prints."""
    command = [sys.executable, "-m", "cli", *words]
    done = subprocess.run(command, cwd=ROOT, env=environment, check=True, stdout=subprocess.PIPE)  # noqa: S603
    return done.stdout.decode()


def free_port() -> int:
    """Return a port that nobody uses now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def lead(name: str) -> dict[str, Any]:
    """Return a lead of a company of its own."""
    return {
        "specversion": "1.0",
        "id": name,
        "source": "benchmark",
        "type": "lead.qualified",
        "time": datetime.now(UTC).isoformat(),
        "dataschema": "lead.qualified/1",
        "datacontenttype": "application/json",
        "data": {
            "company": {"name": f"Company {name}", "domain": f"{name}.example"},
            "person": {"name": f"Person {name}", "email": f"somebody@{name}.example", "phone": "+49 30 901820"},
            "amount": {"minor": 1500000, "currency": "EUR"},
            "service": "implementation",
            "owner": "sales-1",
            "confidence": 0.93,
        },
    }


class House:
    """A running stack from outside."""

    def __init__(self, settings: Settings, client: httpx.AsyncClient) -> None:
        self.settings = settings
        self.client = client

    async def post(self, event: dict[str, Any]) -> tuple[str, float]:
        """Post a signed event; return our id of it and the seconds until the answer."""
        body = orjson.dumps(event)
        headers = sign(self.settings.events_secrets[0], event["id"], datetime.now(UTC), body)
        begun = time.perf_counter()
        answer = await self.client.post(
            f"{self.settings.gateway_url}/events", content=body, headers={**headers, "content-type": "application/json"}
        )
        answer.raise_for_status()
        return str(answer.json()["id"]), time.perf_counter() - begun

    async def api(self, path: str) -> Any:
        """Ask the gateway's API."""
        token = {"authorization": f"Bearer {self.settings.api_token}"}
        return (await self.client.get(f"{self.settings.gateway_url}/api{path}", headers=token)).raise_for_status().json()

    async def sandbox(self, path: str) -> Any:
        """Ask the sandbox's control interface; all that half an hour has left takes a busy machine a minute to write."""
        return (await self.client.get(f"{self.settings.sandbox_url}/_sandbox{path}", timeout=300)).raise_for_status().json()

    async def until_done(self, *, seconds: float) -> None:
        """Wait until no event is waiting or running."""
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            status = await self.api("/status")
            if not any(row["status"] in ("received", "running") for row in status["work"]):
                return
            await asyncio.sleep(0.2)
        raise SystemExit(f"not done after {seconds} s: {(await self.api('/status'))['work']}")


@contextlib.asynccontextmanager
async def visited(settings: Settings) -> Any:
    """Visit a stack with one client."""
    limits = httpx.Limits(max_connections=16, max_keepalive_connections=16)
    async with httpx.AsyncClient(limits=limits, timeout=30) as client:
        yield House(settings, client)


def spread(title: str, milliseconds: list[float]) -> None:
    """Print median, 95th and 99th percentile."""
    ordered = sorted(milliseconds)

    def at(share: float) -> float:
        return ordered[min(len(ordered) - 1, round(share * (len(ordered) - 1)))]

    print(f"{title}: median {at(0.5):.0f} ms, p95 {at(0.95):.0f} ms, p99 {at(0.99):.0f} ms, longest {ordered[-1]:.0f} ms")
