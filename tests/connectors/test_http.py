"""Every answer and every silence becomes the error that says what to do; waiting is bounded; nothing private is repeated."""

import asyncio
import pickle
import socket
from collections.abc import Callable, Iterator
from contextvars import ContextVar
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Any

import httpx
import pytest

from connectors import guard
from connectors.brake import Brake, braked_by
from connectors.http import ApiClient, patient
from connectors.oauth import StaticToken
from connectors.remedies import BusyError, Dialect, Nature, asked_wait
from contracts.errors import HeldError, MisconfiguredError, RefusedError, RetryableError, TowlineError, UncertainError
from tests.connectors.conftest import Sandbox

Answer = Callable[[httpx.Request], httpx.Response]
DIALECT = Dialect(
    "none", lambda body: (str(body.get("code", "")), str(body.get("id", ""))), {"slow_down": BusyError}, lambda *_: ()
)
WRITES: tuple[Nature, ...] = ("once", "repeatable")
HTML = httpx.Response(200, html="<h1>Ada Byron</h1>")


@pytest.fixture(autouse=True)
def permitted(monkeypatch: pytest.MonkeyPatch) -> None:
    """The wire below the guard, which `test_guard.py` looks at."""
    monkeypatch.setattr(guard, "_permitted", ContextVar("permitted", default=True))


def api(answer: Answer, **options: Any) -> ApiClient:
    return ApiClient("crm", "http://vendor", StaticToken("t"), DIALECT, transport=httpx.MockTransport(answer), **options)


async def error_of(answer: Answer, nature: Nature = "once", method: str = "POST") -> TowlineError:
    client = api(answer)
    with pytest.raises(TowlineError) as raised:
        await client.call(method, "/things", {"name": "Ada Byron"}, nature=nature)
    await client.aclose()
    return raised.value


def failing(error: Exception) -> Answer:
    def answer(request: httpx.Request) -> httpx.Response:
        raise error

    return answer


@pytest.mark.parametrize(
    ("status", "read", "repeatable", "once"),
    [
        (400, RefusedError, RefusedError, RefusedError),
        (401, MisconfiguredError, MisconfiguredError, MisconfiguredError),
        (403, MisconfiguredError, MisconfiguredError, MisconfiguredError),
        (404, RefusedError, RefusedError, RefusedError),
        (408, RetryableError, RetryableError, RetryableError),
        (409, RefusedError, RefusedError, RefusedError),
        (418, RefusedError, RefusedError, RefusedError),
        (422, RefusedError, RefusedError, RefusedError),
        (500, RetryableError, RetryableError, UncertainError),
        (502, RetryableError, RetryableError, UncertainError),
        (503, RetryableError, RetryableError, RetryableError),
        (504, RetryableError, RetryableError, UncertainError),
        (524, RetryableError, RetryableError, UncertainError),
        (302, MisconfiguredError, MisconfiguredError, MisconfiguredError),
    ],
)
async def test_a_status_has_one_remedy_per_nature_of_the_call(
    status: int, read: type[TowlineError], repeatable: type[TowlineError], once: type[TowlineError]
) -> None:
    natures: dict[Nature, type[TowlineError]] = {"read": read, "repeatable": repeatable, "once": once}
    for nature, kind in natures.items():
        error = await error_of(lambda _: httpx.Response(status, json={"code": "SOME_CODE"}), nature)
        assert type(error) is kind
        assert error.cause == f"crm.http_{status}.SOME_CODE"


@pytest.mark.parametrize(
    "lost",
    [
        httpx.ReadTimeout(""),
        httpx.RemoteProtocolError("Byron"),
        httpx.ReadError(""),
        httpx.WriteError(""),
        httpx.DecodingError(""),
    ],
)
async def test_a_write_without_an_answer_is_uncertain_and_a_read_may_be_repeated(lost: Exception) -> None:
    assert type(await error_of(failing(lost))) is UncertainError
    assert type(await error_of(failing(lost), "repeatable")) is UncertainError
    read = await error_of(failing(lost), "read")
    assert (type(read), read.cause) == (RetryableError, "crm.no_answer")


@pytest.mark.parametrize("refused", [httpx.ConnectError("Byron"), httpx.ConnectTimeout(""), httpx.PoolTimeout("")])
async def test_what_was_never_sent_may_be_repeated(refused: Exception) -> None:
    error = await error_of(failing(refused))
    assert (type(error), error.cause) == (RetryableError, "crm.unreachable")


@pytest.mark.parametrize("content", [b"<html>Ada Byron</html>", b'{"half": ', b"[1]", b'"Byron"'])
async def test_an_answer_that_is_no_json_object_is_none(content: bytes) -> None:
    for nature, kind in (("read", RetryableError), ("repeatable", UncertainError), ("once", UncertainError)):
        error = await error_of(lambda _: httpx.Response(200, content=content), nature)
        assert (type(error), error.cause) == (kind, "crm.not_json")


async def test_an_error_page_in_html_keeps_its_status() -> None:
    error = await error_of(lambda _: httpx.Response(502, html="<h1>Ada Byron</h1>"))
    assert (type(error), error.cause) == (UncertainError, "crm.http_502")


async def test_an_empty_answer_is_an_empty_object() -> None:
    client = api(lambda _: httpx.Response(204))
    assert await client.call("DELETE", "/things/1") == {}
    await client.aclose()


async def test_an_error_names_system_call_status_code_and_correlation_and_nothing_else() -> None:
    body = {"code": "INVALID_EMAIL", "id": "b9f1-22", "message": "ada@byron.example is no address", "name": "Ada Byron"}
    error = await error_of(lambda _: httpx.Response(422, json=body))
    assert str(error) == "crm: POST /things: HTTP 422 INVALID_EMAIL (correlation b9f1-22)"
    again = pickle.loads(pickle.dumps(error))  # noqa: S301 - our own
    assert (type(again), str(again), again.cause) == (RefusedError, str(error), "crm.http_422.INVALID_EMAIL")
    assert error.__cause__ is None


async def test_a_code_that_is_words_is_left_out() -> None:
    error = await error_of(lambda _: httpx.Response(422, json={"code": "ada@byron.example is taken", "id": "Ada Byron"}))
    assert (str(error), error.cause) == ("crm: POST /things: HTTP 422", "crm.http_422")


SOON = format_datetime(datetime.now(UTC) + timedelta(seconds=9), usegmt=True)


@pytest.mark.parametrize("after", ["0", "2", SOON], ids=["now", "seconds", "date"])
@pytest.mark.parametrize("status", [429, 503])
async def test_a_busy_vendor_is_asked_again_after_the_time_it_named(status: int, after: str, no_waiting: None) -> None:
    answers = iter([httpx.Response(status, headers={"Retry-After": after}, json={}), httpx.Response(200, json={"ok": 1})])
    client = api(lambda _: next(answers))
    assert await client.call("POST", "/things", {}) == {"ok": 1}
    await client.aclose()


async def test_a_code_may_outrank_its_status(no_waiting: None) -> None:
    answers = iter([httpx.Response(403, json={"code": "slow_down"}), httpx.Response(200, json={})])
    client = api(lambda _: next(answers))
    assert await client.call("POST", "/things", {}) == {}
    await client.aclose()


async def test_a_vendor_that_is_down_and_does_not_say_how_long_is_left_to_the_task() -> None:
    asked = []

    def answer(request: httpx.Request) -> httpx.Response:
        asked.append(request)
        return httpx.Response(503, json={})

    assert type(await error_of(answer)) is RetryableError
    assert len(asked) == 1


async def test_beyond_our_patience_the_error_says_when_to_come_back() -> None:
    error = await error_of(lambda _: httpx.Response(429, headers={"Retry-After": "3600"}, json={}))
    assert isinstance(error, RetryableError)
    assert error.retry_after == 3600


def waits(budget: float, *errors: Exception) -> Iterator[bool | float]:
    return map(patient(budget), errors)


def test_waiting_takes_what_was_asked_with_a_little_jitter_until_the_budget_is_spent() -> None:
    first, second, third = waits(30, *(BusyError("", retry_after=12) for _ in range(3)))
    assert 12 < first < 13.5
    assert 12 < second < 13.5
    assert third is False


def test_without_a_word_from_the_vendor_the_waits_double_up_to_ten_seconds() -> None:
    found = list(waits(30, *(BusyError("") for _ in range(6))))
    assert all(guess < wait < guess * 1.1 + 0.2 for guess, wait in zip((1, 2, 4, 8, 10), found, strict=False))
    assert found[-1] is False


def test_only_a_busy_vendor_is_waited_for() -> None:
    assert list(waits(30, RetryableError("", retry_after=1), RefusedError(""), UncertainError(""))) == [False] * 3


@pytest.mark.parametrize(
    ("status", "headers", "seconds"),
    [
        (429, {"retry-after": "7"}, 7),
        (503, {"retry-after": "0.5"}, 0.5),
        (429, {"retry-after": "Thu, 01 Jan 1970 00:00:00 GMT"}, 0),
        (429, {"retry-after": "soon"}, None),
        (429, {"retry-after": "-3"}, None),
        (429, {"retry-after": "1e9"}, None),
        (429, {"x-hubspot-ratelimit-interval-milliseconds": "10000"}, 10),
        (429, {"x-hubspot-ratelimit-interval-milliseconds": "10000", "retry-after": "2"}, 2),
        (500, {"x-hubspot-ratelimit-interval-milliseconds": "10000"}, None),
        (429, {}, None),
    ],
)
def test_the_wait_a_vendor_asks_for_is_read(status: int, headers: dict[str, str], seconds: float | None) -> None:
    assert asked_wait(status, headers) == seconds


def test_a_wait_until_a_date_is_counted_from_now() -> None:
    wait = asked_wait(429, {"retry-after": format_datetime(datetime.now(UTC) + timedelta(seconds=60))})
    assert wait is not None
    assert 50 < wait <= 60


async def test_a_silent_vendor_is_given_up_after_the_read_timeout(served: Sandbox) -> None:
    await served.fault("crm", latency_ms=1500, status=500)
    timeout = httpx.Timeout(5, read=0.1)
    client = ApiClient("crm", f"{served.url}/hubspot", StaticToken("t"), DIALECT, timeout=timeout)
    with pytest.raises(UncertainError, match="no_answer"):
        await client.call("POST", "/crm/v3/objects/deals", {"properties": {}})
    await client.aclose()


async def test_an_answer_that_breaks_off_is_no_answer(served: Sandbox) -> None:
    await served.fault("crm", lose_answer=True)
    client = ApiClient("crm", f"{served.url}/hubspot", StaticToken("t"), DIALECT)
    with pytest.raises(UncertainError, match="no_answer"):
        await client.call("POST", "/crm/v3/objects/deals", {"properties": {}})
    assert len(await served.objects("crm", "deals")) == 1
    await client.aclose()


async def test_nobody_there_is_worth_another_try() -> None:
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        client = ApiClient("crm", f"http://127.0.0.1:{closed.getsockname()[1]}", StaticToken("t"), DIALECT)
        with pytest.raises(RetryableError, match="no connection"):
            await client.call("POST", "/things", {})
        await client.aclose()


async def test_calls_share_connections_and_never_open_more_than_twenty() -> None:
    opened = 0

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal opened
        opened += 1
        while await reader.readline():
            while (await reader.readline()).strip():
                pass
            writer.write(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{}")
        writer.close()

    server = await asyncio.start_server(answer, "127.0.0.1", 0)
    client = ApiClient("crm", f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}", StaticToken("t"), DIALECT)
    for _ in range(10):
        await client.call("GET", "/things", nature="read")
    assert opened == 1
    await asyncio.gather(*(client.call("GET", "/things", nature="read") for _ in range(100)))
    assert opened <= 20
    await client.aclose()
    server.close()
    await server.wait_closed()


async def test_a_pulled_brake_stops_writes_before_they_are_sent_and_no_read() -> None:
    sent: list[str] = []

    def answer(request: httpx.Request) -> httpx.Response:
        sent.append(request.method)
        return httpx.Response(200, json={"ok": 1})

    client, brake = api(answer), Brake()
    with braked_by(brake):
        await client.call("POST", "/things", {})
        brake.pull("everything is paused")
        await client.call("GET", "/things", nature="read")
        for nature in WRITES:
            with pytest.raises(HeldError, match="everything is paused"):
                await client.call("POST", "/things", {}, nature=nature)
    await client.call("POST", "/things", {})
    await client.aclose()
    assert sent == ["POST", "GET", "POST"]
