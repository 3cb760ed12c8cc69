"""Sending speaks to the gateway as any sender does, and says in one line what is wrong."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pytest

from connectors.hooks import Incoming
from connectors.standard_hooks import verify
from tests.cli.conftest import LEAD, Towline

SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"


class Gateway(HTTPServer):
    """Something that listens where the gateway would, keeps what it gets, and answers as it is told."""

    status = 202
    answer: Any = {"id": "5f0e8c1e-7a53-5f0c-b0a5-0f1f0f6b2f10", "status": "received"}  # noqa: RUF012

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.incoming: list[Incoming] = []


class _Handler(BaseHTTPRequestHandler):
    server: Gateway

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["content-length"]))
        headers = {name.lower(): value for name, value in self.headers.items()}
        self.server.incoming.append(Incoming("POST", self.path, headers, body, datetime.now(UTC)))
        answer = json.dumps(self.server.answer).encode()
        self.send_response(self.server.status)
        self.send_header("content-length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    def log_message(self, *_: object) -> None:
        """Keep quiet."""


@pytest.fixture
def gateway(monkeypatch: pytest.MonkeyPatch) -> Iterator[Gateway]:
    with Gateway() as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        monkeypatch.setenv("TOWLINE_PORT", str(server.server_address[1]))
        monkeypatch.setenv("TOWLINE_EVENTS_SECRETS", SECRET)
        yield server
        server.shutdown()
        thread.join()


@pytest.fixture
def data(tmp_path: Path) -> str:
    (tmp_path / "lead.json").write_text(json.dumps(LEAD))
    return str(tmp_path / "lead.json")


def test_bare_data_is_wrapped_and_signed(towline: Towline, gateway: Gateway, data: str) -> None:
    said = towline("send", data, "--type", "lead.qualified", "--id", "form-1", "--source", "website", "--json")
    assert (said.code, said.json) == (0, gateway.answer)
    (incoming,) = gateway.incoming
    verify(incoming, [SECRET], datetime.now(UTC))
    event = json.loads(incoming.body)
    assert (event["id"], event["source"], event["type"], event["data"]) == ("form-1", "website", "lead.qualified", LEAD)
    assert event["dataschema"] == "lead.qualified/2"


def test_a_whole_event_is_sent_as_it_is(towline: Towline, gateway: Gateway, tmp_path: Path) -> None:
    event = {"specversion": "1.0", "id": "a", "source": "b", "type": "c", "data": {}}
    (tmp_path / "event.json").write_text(json.dumps(event))
    assert towline("send", str(tmp_path / "event.json")).code == 0
    assert json.loads(gateway.incoming[0].body) == event


def test_a_quarantined_event_is_no_success_and_says_its_field(towline: Towline, gateway: Gateway, data: str) -> None:
    gateway.answer = {"id": "x", "status": "quarantined", "field": "owner", "reason": "owner: is required"}
    said = towline("send", data, "--type", "lead.qualified")
    assert said.code == 1
    assert "owner: is required" in said.out


@pytest.mark.parametrize("status", [400, 401, 413, 503])
def test_what_the_gateway_refuses_is_said_in_one_line(towline: Towline, gateway: Gateway, data: str, status: int) -> None:
    gateway.status, gateway.answer = status, {"title": "No", "detail": "specversion: is missing"}
    said = towline("send", data, "--type", "lead.qualified")
    assert (said.code, said.err) == (1, f"towline: the gateway answered {status}: specversion: is missing\n")


@pytest.mark.parametrize("answer", ["text", [1], None])
def test_an_answer_that_is_no_problem_document_is_survived(towline: Towline, gateway: Gateway, data: str, answer: Any) -> None:
    gateway.status, gateway.answer = 500, answer
    said = towline("send", data, "--type", "lead.qualified")
    assert (said.code, said.err) == (1, "towline: the gateway answered 500\n")


def test_no_gateway_is_said_with_the_remedy(towline: Towline, data: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TOWLINE_EVENTS_SECRETS", SECRET)
    monkeypatch.setenv("TOWLINE_PORT", "1")
    said = towline("send", data, "--type", "lead.qualified")
    assert (said.code, said.err.count("\n")) == (1, 1)
    assert "towline up" in said.err


def test_no_secret_is_said_with_the_remedy(towline: Towline, data: str) -> None:
    said = towline("send", data, "--type", "lead.qualified")
    assert said.code == 1
    assert "TOWLINE_EVENTS_SECRETS" in said.err


@pytest.mark.parametrize("content", [b"", b"{", b"[1]", b"3", b"\xff\xfe", b'{"a": 1}', b"[" * 100_000])
def test_what_is_no_event_is_said_in_one_line(towline: Towline, tmp_path: Path, content: bytes) -> None:
    (tmp_path / "x.json").write_bytes(content)
    said = towline("send", str(tmp_path / "x.json"))
    assert (said.code, said.out, said.err.count("\n")) == (1, "", 1)
    assert "x.json" in said.err


def test_a_file_that_is_not_there_is_said(towline: Towline, tmp_path: Path) -> None:
    assert "cannot be read" in towline("send", str(tmp_path / "none.json")).err
