"""Slack keeps the chat port's promises, and what is Slack's own."""

import socket
from collections.abc import AsyncIterator
from uuid import uuid4

import aiohttp
import pytest

from connectors.chat.slack import Slack
from connectors.chat.slack_shapes import member_of
from connectors.chat.text import plain
from contracts.errors import MisconfiguredError, RetryableError
from contracts.interactions import Member
from contracts.records import Message, Wanted
from tests.connectors.chat_rules import ChatRules, message
from tests.connectors.conftest import Sandbox


@pytest.fixture
async def chat(served: Sandbox) -> AsyncIterator[Slack]:
    """Slack in the sandbox, with little patience."""
    timeout = aiohttp.ClientTimeout(total=5, sock_connect=1, sock_read=0.5)
    chat = Slack(f"{served.url}/slack/api", "xoxb-test", timeout=timeout, patience=2)
    yield chat
    await chat.aclose()


class TestSlack(ChatRules):
    """All rules, on Slack."""


async def test_a_line_from_outside_cannot_mention_or_link(chat: Slack, served: Sandbox) -> None:
    await chat.post(Wanted(uuid4(), Message("#sales", "<!channel> & <http://evil|here>")))
    (posted,) = await served.objects("chat", "messages")
    assert (
        posted["object"]["text"] == plain("<!channel> & <http://evil|here>") == "&lt;!channel&gt; &amp; &lt;http://evil|here&gt;"
    )


async def test_links_stand_below_the_paragraphs(chat: Slack, served: Sandbox) -> None:
    await chat.post(message())
    (posted,) = await served.objects("chat", "messages")
    first, second, foot = posted["object"]["blocks"]
    assert [first["text"]["text"], second["text"]["text"]] == ["*A new deal*", "Second"]
    assert foot["elements"][0]["text"] == "<https://crm.example/1?a=1&amp;b=2|Deal>"


async def test_more_than_slack_takes_is_cut(chat: Slack, served: Sandbox) -> None:
    await chat.post(Wanted(uuid4(), Message("#sales", "x", ["y" * 5000] * 80, {"a": "http://b"})))
    (posted,) = await served.objects("chat", "messages")
    assert len(posted["object"]["blocks"]) == 50
    assert len(posted["object"]["blocks"][0]["text"]["text"]) == 3000


async def test_a_channel_is_looked_up_once(chat: Slack, served: Sandbox) -> None:
    for channel in ("#deals", "deals", "#ops"):
        await chat.find(channel, [uuid4()])
    assert len(await served.asked("conversations.list")) == 1


async def test_a_rate_limit_is_waited_for_as_slack_asks(chat: Slack, served: Sandbox) -> None:
    await served.fault("chat", "POST", status=429, retry_after=0, count=2)
    await chat.post(message())
    assert len(await served.objects("chat", "messages")) == 1


async def test_a_rate_limit_that_outlasts_our_patience_says_when_to_come_back(chat: Slack, served: Sandbox) -> None:
    await served.fault("chat", "POST", status=429, retry_after=60, count=-1)
    with pytest.raises(RetryableError) as raised:
        await chat.post(message())
    assert raised.value.retry_after == 60
    assert len(await served.asked("chat.postMessage")) == 1


async def test_nobody_there_is_worth_another_try() -> None:
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        chat = Slack(f"http://127.0.0.1:{closed.getsockname()[1]}", "xoxb-test")
        with pytest.raises(RetryableError, match="no connection"):
            await chat.post(message())
        await chat.aclose()


async def test_a_revoked_token_is_for_the_operator(served: Sandbox) -> None:
    chat = Slack(f"{served.url}/slack/api/", "xoxb-revoked")
    with pytest.raises(MisconfiguredError) as raised:
        await chat.post(message())
    await chat.aclose()
    assert raised.value.cause == "chat.token_revoked"


async def test_a_client_that_was_never_used_can_be_closed_and_a_closed_one_used_again(served: Sandbox) -> None:
    chat = Slack(f"{served.url}/slack/api", "xoxb-test")
    await chat.aclose()
    await chat.post(message())
    await chat.aclose()


@pytest.mark.parametrize(
    "more",
    [
        {"deleted": True},
        {"is_bot": True},
        {"is_restricted": True},
        {"is_ultra_restricted": True},
        {"is_stranger": True},
        {"is_email_confirmed": False},
        {"profile": {}},
    ],
)
def test_whoever_cannot_be_taken_at_their_word_is_no_member(more: dict[str, object]) -> None:
    user = {"id": "U1", "profile": {"email": "Ada@Northwind.example"}, "is_email_confirmed": True}
    assert member_of(user) == Member("U1", "ada@northwind.example")
    assert member_of(user | more) is None
