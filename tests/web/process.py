"""The gateway as a process of its own, for tests."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx

from connectors.standard_hooks import sign
from tests.processes import Process, answers, free_port, serving
from tests.web.sender import CRM_NEW, NEW, TOKEN


@dataclass
class Gateway:
    """A gateway that runs, or is about to."""

    process: Process
    url: str
    log: Path

    def post(self, event: Mapping[str, Any], client: httpx.Client | None = None) -> httpx.Response:
        """Send a signed event."""
        body = json.dumps(event).encode()
        headers = {"content-type": "application/json"} | sign(NEW, "msg", datetime.now(UTC), body)
        return (client or httpx).post(f"{self.url}/events", content=body, headers=headers, timeout=30)


def prepared(database_url: str, folder: Path, **settings: str) -> Gateway:
    """A gateway that has not been started."""
    port = free_port()
    environment = {
        "TOWLINE_HOME": str(folder),
        "TOWLINE_DATABASE_URL": database_url.replace("postgresql+asyncpg:", "postgresql:"),
        "TOWLINE_PORT": str(port),
        "TOWLINE_EVENTS_SECRETS": NEW,
        "TOWLINE_CRM_WEBHOOK_SECRETS": CRM_NEW,
        "TOWLINE_BILLING_WEBHOOK_SECRETS": "billing",
        "TOWLINE_API_TOKEN": TOKEN,
    }
    log = folder / "gateway.log"
    return Gateway(Process(["-m", "web"], environment | settings, log), f"http://127.0.0.1:{port}", log)


@contextmanager
def running(database_url: str, folder: Path) -> Iterator[Gateway]:
    """A gateway that runs until the block ends."""
    gateway = prepared(database_url, folder)
    with serving(gateway.process, answers(f"{gateway.url}/readyz")):
        yield gateway
