"""The signing examples of the operators' page, run as people would run them: a sender who copies one must be let in."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import threading
from collections.abc import Iterator
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest

from connectors.hooks import Incoming
from connectors.standard_hooks import verify
from contracts.event import Envelope, parse
from contracts.lead import LeadQualifiedV1
from tests.house.pages import DOCS, tokens_of
from web.gateway.body import JSON_TYPES, read_event

SECRET = "whsec_c2lnbnMtdGhlLWV4YW1wbGVzLW9mLXRoZS1kb2NzLi4u"
GATEWAY = "http://127.0.0.1:8400"


class Listener(HTTPServer):
    """Stands where the gateway would, and keeps what it is sent."""

    received: list[Incoming]


class _Keep(BaseHTTPRequestHandler):
    server: Listener

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["content-length"]))
        headers = {name.lower(): value for name, value in self.headers.items()}
        self.server.received.append(Incoming("POST", self.path, headers, body, datetime.now(UTC)))
        self.send_response(202)
        self.end_headers()
        self.wfile.write(b"{}")

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@pytest.fixture
def listener() -> Iterator[Listener]:
    server = Listener(("127.0.0.1", 0), _Keep)
    server.received = []
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.mark.parametrize(("language", "tools"), [("sh", ("bash", "curl", "openssl", "od")), ("python", ())])
def test_a_signing_example_is_let_in(language: str, tools: tuple[str, ...], listener: Listener, tmp_path: Path) -> None:
    """Given an example as it stands in the page. When it is run. Then its signature is right and its lead fits the contract."""
    if missing := [tool for tool in tools if shutil.which(tool) is None]:
        pytest.skip(f"this machine has no {', '.join(missing)}")
    (tmp_path / ".towline").mkdir()
    (tmp_path / ".towline" / "secrets.env").write_text(f"TOWLINE_API_TOKEN=x\nTOWLINE_EVENTS_SECRETS={SECRET},whsec_b2xk\n")
    example = tmp_path / "example"
    example.write_text(_example(language).replace(GATEWAY, f"http://127.0.0.1:{listener.server_port}"))
    program = ["bash", "-eu"] if language == "sh" else [sys.executable]
    run = subprocess.run(  # noqa: S603  (our own page)
        [*program, str(example)],
        cwd=tmp_path,
        env={**os.environ, "TOWLINE_EVENTS_SECRETS": f"{SECRET},whsec_b2xk", "NO_PROXY": "127.0.0.1", "no_proxy": "127.0.0.1"},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert run.returncode == 0, run.stderr
    (sent,) = listener.received
    verify(sent, [SECRET], sent.received_at)
    assert sent.headers["content-type"] in JSON_TYPES
    envelope = Envelope.model_validate(read_event(sent.body))
    assert isinstance(parse(envelope.contract, envelope.data, event_type=envelope.type), LeadQualifiedV1)


def _example(language: str) -> str:
    """The block of this language that signs."""
    blocks = [token.content for token in tokens_of(DOCS / "operations.md") if token.type == "fence" and token.info == language]
    (found,) = [block for block in blocks if "webhook-signature" in block]
    assert GATEWAY in found
    return found
