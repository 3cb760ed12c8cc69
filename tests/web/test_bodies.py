"""Bodies that are too large, not JSON, or no event are refused with a problem that names the field, never what was sent."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest

from ledger.database import Ledger
from tests.web.sender import Sender, assert_problem, lead, stored

MIB = 1024 * 1024


async def test_two_mebibytes_are_refused(sender: Sender, ledger: Ledger) -> None:
    answer = await sender.raw(json.dumps(lead(note="x" * 2 * MIB)).encode())
    assert_problem(answer, 413)
    assert answer.headers["connection"] == "close"
    assert await stored(ledger) == []


@pytest.mark.parametrize("mebibytes", [2, 64])
async def test_a_large_body_without_a_length_is_refused_and_not_read_to_its_end(sender: Sender, mebibytes: int) -> None:
    read = 0

    async def chunks() -> AsyncIterator[bytes]:
        nonlocal read
        for _ in range(mebibytes * 16):
            read += MIB // 16
            yield b" " * (MIB // 16)

    headers = sender.signed(b"")
    assert_problem(await sender.client.post("/events", content=chunks(), headers=headers), 413)
    assert read < 10 * MIB


async def test_one_mebibyte_is_taken(sender: Sender) -> None:
    body = json.dumps(lead()).encode()
    assert (await sender.raw(body + b" " * (MIB - len(body)))).status_code == 202


@pytest.mark.parametrize("kind", ["application/json", "application/cloudevents+json", "Application/JSON; charset=utf-8"])
async def test_an_event_is_json_or_a_cloudevent(sender: Sender, kind: str) -> None:
    assert (await sender.event(lead(), content_type=kind)).status_code == 202


@pytest.mark.parametrize(
    "kind", ["text/plain", "application/xml", "application/cloudevents-batch+json", "application/x-www-form-urlencoded", ""]
)
async def test_other_content_types_are_refused(sender: Sender, kind: str) -> None:
    answer = await sender.event([lead()], content_type=kind)
    assert_problem(answer, 415)
    assert "application/cloudevents+json" in answer.headers["accept-post"]


NOT_JSON = {
    "nothing": b"",
    "text": b"hello",
    "torn": b'{"specversion": "1.0", ',
    "two": b"{} {}",
    "latin-1": '{"id": "Zoë"}'.encode("latin-1"),
    "utf-16": '{"id": "form"}'.encode("utf-16"),
    "byte order mark": b"\xef\xbb\xbf{}",
    "not a number": b'{"data": NaN}',
    "infinity": b'{"data": -Infinity}',
    "beyond double": b'{"data": 1e999}',
    "5000 digits": b'{"data": ' + b"9" * 5000 + b"}",
    "100,000 deep": b'{"data": ' + b"[" * 100_000 + b"]" * 100_000 + b"}",
    "raw control character": b'{"id": "a\x00b"}',
    "list": b"[]",
    "string": b'"event"',
    "null": b"null",
}


@pytest.mark.parametrize("body", NOT_JSON.values(), ids=NOT_JSON.keys())
async def test_what_is_not_a_json_object_is_refused(sender: Sender, body: bytes) -> None:
    sender_says = await sender.raw(body)
    # A body that is not UTF-8 cannot have been signed: Standard Webhooks sign text.
    problem = assert_problem(sender_says, 401 if sender_says.status_code == 401 else 400)
    assert problem.get("field", "body") == "body"


def deep(levels: int) -> Any:
    nested: Any = {}
    for _ in range(levels):
        nested = {"a": nested}
    return nested


NOT_EVENTS: list[tuple[dict[str, Any], str]] = [
    ({}, "specversion"),
    ({"hello": "world"}, "specversion"),
    (lead() | {"specversion": "0.3"}, "specversion"),
    (lead() | {"specversion": None}, "specversion"),
    (lead() | {"id": ""}, "id"),
    (lead() | {"id": None}, "id"),
    (lead() | {"id": 7}, "id"),
    (lead() | {"id": "x" * 201}, "id"),
    (lead() | {"source": ["website"]}, "source"),
    (lead() | {"type": ""}, "type"),
    (lead() | {"time": "yesterday"}, "time"),
    (lead() | {"time": "2026-11-21T09:30:00"}, "time"),
    (lead() | {"time": "0001-01-01T00:00:00+14:00"}, "time"),
    (lead() | {"time": "9999-12-31T23:59:59-14:00"}, "time"),
    (lead() | {"datacontenttype": "text/xml"}, "datacontenttype"),
    (lead() | {"id": "a\0b"}, "body"),
    (lead() | {"source": "\0"}, "body"),
    (lead(note="half \ud800"), "body"),
    (lead(note="nul \0"), "body"),
    (lead() | {"a\0b": 1}, "body"),
    (lead(count=2**64), "body"),
    (lead(count=-(2**63) - 1), "body"),
    (lead(nested=deep(400)), "body"),
]


@pytest.mark.parametrize(("event", "field"), NOT_EVENTS, ids=[f"{n}-{field}" for n, (_, field) in enumerate(NOT_EVENTS)])
async def test_json_that_is_not_an_event_is_refused_with_the_field(
    sender: Sender, ledger: Ledger, event: dict[str, Any], field: str
) -> None:
    assert assert_problem(await sender.event(event), 400)["field"] == field
    assert await stored(ledger) == []


@pytest.mark.parametrize("text", ["\\u0000", "\\\\u0000", "back\\slash", "Zoë 🚀", "\x7f\u2028"])
async def test_texts_that_only_look_odd_are_stored_as_they_are(sender: Sender, ledger: Ledger, text: str) -> None:
    event = lead() | {"subject": text}
    assert (await sender.event(event)).json()["status"] == "received"
    assert [row.payload for row in await stored(ledger)] == [event]


@pytest.mark.parametrize("path", ["/nothing", "/events/", "/api/nothing", "/console.css/x"])
async def test_an_unknown_address_is_a_problem_document(client: httpx.AsyncClient, path: str) -> None:
    assert_problem(await client.get(path), 404)


async def test_an_unknown_method_is_a_problem_document(client: httpx.AsyncClient) -> None:
    answer = await client.get("/events")
    assert_problem(answer, 405)
    assert answer.headers["allow"] == "POST"
