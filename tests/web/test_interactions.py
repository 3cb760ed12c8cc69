"""What people do in chat is written down, once, before it is acknowledged; nobody else gets in."""

from __future__ import annotations

import hashlib
import hmac
import json
import time
from typing import Any
from urllib.parse import urlencode

import httpx
import pytest
from sqlalchemy import text

from ledger.database import Ledger
from tests.web.sender import assert_problem, gateway

SECRET = "chat-secret"
PRESSED: dict[str, Any] = {
    "type": "block_actions",
    "user": {"id": "U1"},
    "trigger_id": "1.2.3",
    "channel": {"id": "C1"},
    "message": {"ts": "1.000001", "text": "words of a client"},
    "actions": [{"action_id": "approve", "value": "x y"}],
}


def signed(body: bytes, *, secret: str = SECRET, late: int = 0) -> dict[str, str]:
    stamp = str(int(time.time()) - late)
    signature = hmac.new(secret.encode(), b"v0:" + stamp.encode() + b":" + body, hashlib.sha256).hexdigest()
    kind = "application/x-www-form-urlencoded"
    return {"content-type": kind, "x-slack-request-timestamp": stamp, "x-slack-signature": f"v0={signature}"}


def body_of(payload: Any = None) -> bytes:
    return urlencode({"payload": json.dumps(payload or PRESSED)}).encode()


async def send(ledger: Ledger, body: bytes, path: str = "/slack/interactions", **how: Any) -> httpx.Response:
    async with gateway(ledger, chat_signing_secrets=(SECRET, "older")) as client:
        return await client.post(path, content=body, headers=signed(body, **how))


async def rows(ledger: Ledger) -> list[Any]:
    async with ledger._engine.begin() as connection:
        return list((await connection.execute(text("SELECT * FROM interactions"))).all())


@pytest.fixture(autouse=True)
async def nothing_done(ledger: Ledger) -> None:
    async with ledger._engine.begin() as connection:
        await connection.execute(text("TRUNCATE interactions"))


@pytest.mark.parametrize("secret", [SECRET, "older"])
async def test_an_act_is_written_down_and_acknowledged_with_nothing(ledger: Ledger, secret: str) -> None:
    answer = await send(ledger, body_of(), secret=secret)
    assert (answer.status_code, answer.content) == (200, b"")
    (row,) = await rows(ledger)
    assert (row.way, row.action, row.person, row.message, row.done_at) == ("button", "approve", "U1", "C1:1.000001", None)
    assert "client" not in str(row)


async def test_the_same_request_a_second_time_is_one_act(ledger: Ledger) -> None:
    body = body_of()
    for _ in range(3):
        assert (await send(ledger, body)).status_code == 200
    assert len(await rows(ledger)) == 1


async def test_a_command_comes_in_by_its_own_address(ledger: Ledger) -> None:
    body = urlencode({"command": "/towline", "text": "waiting", "user_id": "U1"}).encode()
    assert (await send(ledger, body, "/slack/commands")).status_code == 200
    assert [row.subject for row in await rows(ledger)] == ["waiting"]


@pytest.mark.parametrize("how", [{"secret": "forged"}, {"late": 301}, {"late": -301}])
async def test_what_is_forged_or_old_is_refused_and_not_kept(ledger: Ledger, how: dict[str, Any]) -> None:
    assert_problem(await send(ledger, body_of(), **how), 401)
    assert await rows(ledger) == []


async def test_without_a_secret_nothing_is_taken(client: httpx.AsyncClient, ledger: Ledger) -> None:
    body = body_of()
    assert_problem(await client.post("/slack/interactions", content=body, headers=signed(body, secret="")), 401)
    assert_problem(await client.post("/slack/interactions", content=body), 401)
    assert await rows(ledger) == []


async def test_a_link_decides_nothing(client: httpx.AsyncClient) -> None:
    for path in ("/slack/interactions", "/slack/commands"):
        assert_problem(await client.get(path), 405)


async def test_what_is_not_ours_is_acknowledged_and_what_is_broken_is_not(ledger: Ledger) -> None:
    assert (await send(ledger, b"ssl_check=1")).status_code == 200
    assert (await send(ledger, body_of(PRESSED | {"type": "view_closed"}))).status_code == 200
    assert_problem(await send(ledger, b"payload={"), 400)
    assert_problem(await send(ledger, b"a" * (1024 * 1024 + 1)), 413)
    assert await rows(ledger) == []


async def test_what_cannot_be_written_down_is_not_acknowledged() -> None:
    away = Ledger("postgresql+asyncpg://nobody@/nowhere?host=/nonexistent")
    assert_problem(await send(away, body_of()), 503)
    await away.close()
