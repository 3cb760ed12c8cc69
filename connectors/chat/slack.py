"""The chat port on Slack's Web API, by Slack's own client. Knows no flow, and who is told what."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Awaitable, Callable, Collection, Mapping
from typing import Any
from uuid import UUID

import aiohttp
from slack_sdk.errors import SlackApiError
from slack_sdk.http_retry.async_handler import AsyncRetryHandler
from slack_sdk.http_retry.request import HttpRequest
from slack_sdk.http_retry.response import HttpResponse
from slack_sdk.http_retry.state import RetryState
from slack_sdk.web.async_client import AsyncWebClient

from connectors.brake import is_pulled, pass_brake
from connectors.chat.slack_errors import refusal, unanswered
from connectors.chat.slack_shapes import key_of, metadata, ref_to, shown
from connectors.network import takes_proxy
from connectors.remedies import Nature, asked_wait
from contracts.errors import MisconfiguredError, RefusedError, RetryableError
from contracts.records import EffectKey, Message, Ref, Wanted

TIMEOUT = aiohttp.ClientTimeout(total=30, sock_connect=3, sock_read=15)
PATIENCE = 30.0
RECENT_PAGES, PAGE = 5, 200


class Slack:
    """Our chat port on Slack. Our key is the message metadata `towline_effect` with payload `towline_key`."""

    def __init__(
        self, base_url: str, token: str, *, timeout: aiohttp.ClientTimeout = TIMEOUT, patience: float = PATIENCE
    ) -> None:
        """Speak to `base_url`, https://slack.com/api at Slack itself, as the bot of this token.

        `patience` is how many seconds a call may wait for rate limits in all.
        """
        self._base = base_url.rstrip("/") + "/"
        self._token, self._timeout, self._patience = token, timeout, patience
        self._client: AsyncWebClient | None = None
        self._channels: dict[str, str] = {}

    async def aclose(self) -> None:
        """Close all connections."""
        if self._client and self._client.session:
            await self._client.session.close()
        self._client = None

    async def post(self, wanted: Wanted[Message]) -> Ref:
        """Post a message. https://docs.slack.dev/reference/methods/chat.postMessage"""
        message = wanted.record
        answer = await self._call(
            "chat.postMessage",
            "once",
            channel=message.channel,
            metadata=metadata(wanted.key),
            unfurl_links=False,
            **shown(message),
        )
        self._channels[message.channel] = answer["channel"]
        return ref_to(answer["channel"], answer["ts"])

    async def update(self, ref: Ref, message: Message) -> Ref:
        """Replace a message of ours, whose key stays. https://docs.slack.dev/reference/methods/chat.update"""
        channel, _, ts = ref.id.partition(":")
        answer = await self._call("chat.update", "repeatable", channel=channel, ts=ts, **shown(message))
        return ref_to(answer["channel"], answer["ts"])

    async def look(self) -> None:
        """Return when Slack answers. https://docs.slack.dev/reference/methods/auth.test"""
        await self._call("auth.test", "repeatable")

    async def delete(self, ref: Ref) -> None:
        """Take a message of ours away. https://docs.slack.dev/reference/methods/chat.delete"""
        channel, _, ts = ref.id.partition(":")
        try:
            await self._call("chat.delete", "repeatable", channel=channel, ts=ts)
        except RefusedError as error:
            if error.cause != "chat.message_not_found":
                raise

    async def find(self, channel: str, keys: Collection[EffectKey]) -> Mapping[EffectKey, Ref]:
        """Return those of a channel's last thousand messages that carry these keys.

        https://docs.slack.dev/reference/methods/conversations.history
        """
        channel_id, missing = await self._channel_id(channel), {str(key) for key in keys}
        found: dict[EffectKey, Ref] = {}
        cursor = ""
        for _ in range(RECENT_PAGES):
            page: dict[str, Any] = {"channel": channel_id, "include_all_metadata": True, "limit": PAGE, "cursor": cursor}
            answer = await self._call("conversations.history", "read", **page)
            for message in answer.get("messages", ()):
                key = key_of(message)
                if key in missing:
                    found[UUID(key)] = ref_to(channel_id, message["ts"])
            cursor = _next(answer)
            if not cursor or len(found) == len(missing):
                break
        return found

    async def _channel_id(self, channel: str) -> str:
        """Return a channel's id; names are looked up once."""
        if re.fullmatch(r"[CGD][A-Z0-9]{6,}", channel):
            return channel
        if channel not in self._channels:
            listed = await self._listed()
            self._channels |= listed | {f"#{name}": number for name, number in listed.items()}
        if channel not in self._channels:
            raise MisconfiguredError("chat: a channel does not exist", cause="chat.channel_not_found")
        return self._channels[channel]

    async def _listed(self) -> dict[str, str]:
        listed: dict[str, str] = {}
        cursor = ""
        while True:
            page: dict[str, Any] = {"types": "public_channel,private_channel", "exclude_archived": True, "limit": PAGE}
            answer = await self._call("conversations.list", "read", **page, cursor=cursor)
            listed |= {one["name"]: one["id"] for one in answer.get("channels", ())}
            cursor = _next(answer)
            if not cursor:
                return listed

    async def _call(self, method: str, nature: Nature, **arguments: Any) -> dict[str, Any]:
        """Call a method and return its answer; every failure is one of our errors, without Slack's words."""
        read = nature == "read"
        given = {"params": {name: value for name, value in arguments.items() if value != ""}} if read else {"json": arguments}
        pass_brake(nature)
        try:
            answer = await self._web().api_call(method, http_verb="GET" if read else "POST", **given)
        except SlackApiError as error:
            raise refusal(method, nature, error.response) from None
        except (aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError):
            raise RetryableError(f"chat: {method}: no connection", cause="chat.unreachable") from None
        except (aiohttp.ClientError, TimeoutError):
            raise unanswered(method, nature, "no_answer") from None
        if not isinstance(answer.data, dict):
            raise unanswered(method, nature, "not_json")
        return answer.data

    def _web(self) -> AsyncWebClient:
        """Return the client; its session belongs to the running loop, so it is made at the first call."""
        if self._client is None:
            # A server with the usual five seconds must not close an idle connection under a request on its way.
            connector = aiohttp.TCPConnector(limit=20, keepalive_timeout=4)
            session = aiohttp.ClientSession(connector=connector, timeout=self._timeout, trust_env=takes_proxy(self._base))
            # Without handlers of our own the client would repeat a post whose answer was lost, and post it twice.
            handlers: list[AsyncRetryHandler] = [_RateLimits(self._patience)]
            self._client = AsyncWebClient(self._token, self._base, session=session, retry_handlers=handlers)
            self._client.proxy = None  # the session reads the environment itself, and NO_PROXY with it
        return self._client


class _RateLimits(AsyncRetryHandler):
    """Waits as long as Slack asks, in seconds or until a date; the client's own handler knows no date and no end."""

    def __init__(self, patience: float, sleep: Callable[[float], Awaitable[None]] = asyncio.sleep) -> None:
        super().__init__(max_retry_count=10)
        self._patience, self._sleep = patience, sleep

    async def _can_retry_async(
        self,
        *,
        state: RetryState,
        request: HttpRequest,
        response: HttpResponse | None = None,
        error: Exception | None = None,
    ) -> bool:
        waited = (state.custom_values or {}).get("waited", 0.0)
        return (
            not is_pulled()
            and response is not None
            and response.status_code == 429
            and waited + _wait(response) <= self._patience
        )

    async def prepare_for_next_attempt_async(
        self,
        *,
        state: RetryState,
        request: HttpRequest,
        response: HttpResponse | None = None,
        error: Exception | None = None,
    ) -> None:
        """Sleep, and remember how long in all."""
        wait = _wait(response) if response else 1.0
        await self._sleep(wait)
        state.custom_values = {"waited": (state.custom_values or {}).get("waited", 0.0) + wait}
        state.next_attempt_requested = True
        state.increment_current_attempt()


def _wait(response: HttpResponse) -> float:
    asked = asked_wait(429, {name.lower(): values[0] for name, values in response.headers.items()})
    return 1.0 if asked is None else asked


def _next(answer: Mapping[str, Any]) -> str:
    return str((answer.get("response_metadata") or {}).get("next_cursor") or "")
