"""Tokens are renewed before they end, once for all who wait, and a refused one once more."""

import asyncio
from collections.abc import AsyncIterator

import httpx
import pytest

from connectors.http import ApiClient
from connectors.oauth import RefreshedToken, StaticToken
from connectors.remedies import Dialect
from contracts.errors import MisconfiguredError, RetryableError, TowlineError
from tests.connectors.conftest import Sandbox

DIALECT = Dialect("none", lambda _: ("", ""), {}, lambda *_: ())
PATH = "/crm/v3/objects/deals"


def token_in(sandbox: Sandbox, refresh_token: str = "sandbox-refresh-token") -> RefreshedToken:  # noqa: S107
    secrets = {"client_id": "towline", "client_secret": "sandbox-client-secret", "refresh_token": refresh_token}
    return RefreshedToken("crm", f"{sandbox.url}/hubspot/oauth/v1/token", **secrets, transport=sandbox.transport)


@pytest.fixture
async def client(sandbox: Sandbox) -> AsyncIterator[ApiClient]:
    """A client with an OAuth token."""
    client = ApiClient("crm", f"{sandbox.url}/hubspot", token_in(sandbox), DIALECT, transport=sandbox.transport)
    yield client
    await client.aclose()


async def renewals(sandbox: Sandbox) -> int:
    return len(await sandbox.asked("/oauth/v1/token"))


async def read(client: ApiClient) -> dict[str, object]:
    return await client.call("GET", PATH, nature="read")


async def test_a_token_is_fetched_at_the_first_call_and_kept(client: ApiClient, sandbox: Sandbox) -> None:
    assert await renewals(sandbox) == 0
    for _ in range(3):
        await read(client)
    assert await renewals(sandbox) == 1


async def test_twenty_calls_at_once_renew_once(client: ApiClient, sandbox: Sandbox) -> None:
    await asyncio.gather(*(read(client) for _ in range(20)))
    assert await renewals(sandbox) == 1


async def test_a_token_is_renewed_before_it_ends_and_once_for_twenty_calls(client: ApiClient, sandbox: Sandbox) -> None:
    await sandbox.control("POST", "oauth", {"system": "crm", "expires_in": 30})
    await read(client)
    await sandbox.control("POST", "oauth", {"system": "crm", "expires_in": 1800})
    await asyncio.gather(*(read(client) for _ in range(20)))
    assert await renewals(sandbox) == 2
    assert {one["status"] for one in await sandbox.asked(PATH)} == {200}


async def test_a_refused_token_is_renewed_and_the_call_made_again(client: ApiClient, sandbox: Sandbox) -> None:
    await read(client)
    await sandbox.fault("crm", f"GET {PATH}", status=401)
    await read(client)
    assert await renewals(sandbox) == 2
    assert [one["status"] for one in await sandbox.asked(PATH)] == [200, 401, 200]


async def test_twenty_refused_calls_renew_once(client: ApiClient, sandbox: Sandbox) -> None:
    await read(client)
    await sandbox.fault("crm", f"GET {PATH}", status=401, count=20, latency_ms=20)
    await asyncio.gather(*(read(client) for _ in range(20)))
    assert await renewals(sandbox) == 2


async def test_a_token_that_is_refused_again_is_for_the_operator(client: ApiClient, sandbox: Sandbox) -> None:
    await sandbox.fault("crm", f"GET {PATH}", status=401, count=2)
    with pytest.raises(MisconfiguredError, match="HTTP 401"):
        await read(client)


async def test_a_static_token_that_is_refused_is_for_the_operator(sandbox: Sandbox) -> None:
    client = ApiClient("crm", f"{sandbox.url}/hubspot", StaticToken("revoked"), DIALECT, transport=sandbox.transport)
    with pytest.raises(MisconfiguredError, match="HTTP 401"):
        await read(client)
    assert len(await sandbox.asked(PATH)) == 1
    await client.aclose()


async def test_a_revoked_refresh_token_is_for_the_operator(sandbox: Sandbox) -> None:
    token = token_in(sandbox, "sandbox-refresh-token-revoked")
    with pytest.raises(MisconfiguredError) as raised:
        await token.current()
    assert "revoked" not in str(raised.value)
    await token.aclose()


@pytest.mark.parametrize(
    ("answer", "kind"),
    [
        (httpx.Response(500, json={"error": "server_error"}), RetryableError),
        (httpx.Response(429, json={}), RetryableError),
        (httpx.Response(200, html="<h1>maintenance</h1>"), RetryableError),
        (httpx.Response(200, json={"token": "?"}), RetryableError),
        (httpx.Response(400, json={"status": "BAD_REFRESH_TOKEN"}), MisconfiguredError),
        (httpx.Response(401, json={"error": "invalid_client", "error_description": "Byron"}), MisconfiguredError),
    ],
)
async def test_what_is_no_token_is_never_used_as_one(answer: httpx.Response, kind: type[TowlineError]) -> None:
    good = httpx.Response(200, json={"access_token": "good", "expires_in": 1800, "token_type": "bearer"})
    answers = iter([answer, good])
    transport = httpx.MockTransport(lambda _: next(answers))
    token = RefreshedToken("crm", "http://v/token", client_id="c", client_secret="s", refresh_token="r", transport=transport)
    with pytest.raises(kind) as raised:
        await token.current()
    assert "Byron" not in str(raised.value)
    assert await token.current() == "good"
    await token.aclose()


async def test_a_token_service_that_cannot_be_reached_is_worth_another_try() -> None:
    def gone(request: httpx.Request) -> httpx.Response:
        raise httpx.ConnectError("nobody there")

    transport = httpx.MockTransport(gone)
    token = RefreshedToken("docs", "http://v/token", client_id="c", client_secret="s", refresh_token="r", transport=transport)
    with pytest.raises(RetryableError, match="docs: the access token could not be renewed"):
        await token.current()
    await token.aclose()


async def test_a_new_refresh_token_takes_the_place_of_the_old_one() -> None:
    sent = []

    def answer(request: httpx.Request) -> httpx.Response:
        sent.append(dict(httpx.QueryParams(request.content.decode())))
        return httpx.Response(200, json={"access_token": f"a{len(sent)}", "refresh_token": f"r{len(sent)}", "expires_in": 10})

    transport = httpx.MockTransport(answer)
    token = RefreshedToken("crm", "http://v/token", client_id="c", client_secret="s", refresh_token="r0", transport=transport)
    assert [await token.current(), await token.current()] == ["a1", "a2"]
    assert [one["refresh_token"] for one in sent] == ["r0", "r1"]
    assert sent[0] == {"grant_type": "refresh_token", "refresh_token": "r0", "client_id": "c", "client_secret": "s"}
    await token.aclose()
