"""The chat port on Slack's Web API, by Slack's own client. Knows no flow, and who is told what."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from typing import Any
from uuid import UUID

import aiohttp
import stamina
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from connectors.brake import pass_brake
from connectors.budget import UNLIMITED, Budget
from connectors.chat.port import WRITES
from connectors.chat.slack_errors import refusal, unanswered
from connectors.chat.slack_shapes import key_of, metadata, objects, ref_to, shown
from connectors.drift import UNWATCHED, Drift
from connectors.guard import guarded, pass_guard
from connectors.http import PATIENCE, patient
from connectors.network import takes_proxy
from connectors.remedies import BusyError, Nature
from contracts.errors import MisconfiguredError, RefusedError, RetryableError
from contracts.records import EffectKey, Message, Ref, Wanted
from contracts.systems import System

TIMEOUT = aiohttp.ClientTimeout(total=30, sock_connect=3, sock_read=15)
RECENT_PAGES, PAGE = 5, 200


@guarded(System.CHAT, WRITES)
class Slack:
    """Our chat port on Slack. Our key is the message metadata `towline_effect` with payload `towline_key`."""

    def __init__(
        self,
        base_url: str,
        token: str,
        *,
        timeout: aiohttp.ClientTimeout = TIMEOUT,
        patience: float = PATIENCE,
        budget: Budget = UNLIMITED,
        drift: Drift = UNWATCHED,
    ) -> None:
        """Speak to `base_url`, https://slack.com/api at Slack itself, as the bot of this token, within its workspace's budget.

        What is different in its answers goes to `drift`.
        `patience` is how many seconds a call may wait in all when Slack asks for it.
        """
        self._base = base_url.rstrip("/") + "/"
        self._token, self._timeout, self._patience, self._budget, self._drift = token, timeout, patience, budget, drift
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
        await self._call("auth.test", "read")

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
        """Call a method in its turn and return its answer; rate limits are waited for, in seconds or until a date."""
        async for attempt in stamina.retry_context(on=patient(self._patience), attempts=None, timeout=None):
            with attempt:
                return await self._once(method, nature, arguments)
        raise AssertionError("stamina returns or raises")

    async def _once(self, method: str, nature: Nature, arguments: Mapping[str, Any]) -> dict[str, Any]:
        """Call once; every failure is one of our errors, without Slack's words."""
        read, channel = nature == "read", str(arguments.get("channel", ""))
        verb = "GET" if read else "POST"
        given = {"params": {name: value for name, value in arguments.items() if value != ""}} if read else {"json": arguments}
        await self._budget.take(f"{verb} {method}", channel)
        pass_brake(nature)
        pass_guard(nature)
        try:
            answer = await self._web().api_call(method, http_verb=verb, **given)
        except SlackApiError as failure:
            error = refusal(method, nature, failure.response)
            if isinstance(error, BusyError) and error.retry_after:
                await self._budget.refused(f"{verb} {method}", error.retry_after, channel)
            raise error from None
        except (aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError):
            raise RetryableError(f"chat: {method}: no connection", cause="chat.unreachable") from None
        except (aiohttp.ClientError, TimeoutError):
            raise unanswered(method, nature, "no_answer") from None
        if not isinstance(answer.data, dict):
            raise unanswered(method, nature, "not_json")
        await self._drift.look("slack", objects(answer.data))
        return answer.data

    def _web(self) -> AsyncWebClient:
        """Return the client; its session belongs to the running loop, so it is made at the first call."""
        if self._client is None:
            # A server with the usual five seconds must not close an idle connection under a request on its way.
            connector = aiohttp.TCPConnector(limit=20, keepalive_timeout=4)
            session = aiohttp.ClientSession(connector=connector, timeout=self._timeout, trust_env=takes_proxy(self._base))
            # With its own handlers the client would repeat a post whose answer was lost, and post it twice.
            self._client = AsyncWebClient(self._token, self._base, session=session, retry_handlers=[])
            self._client.proxy = None  # the session reads the environment itself, and NO_PROXY with it
        return self._client


def _next(answer: Mapping[str, Any]) -> str:
    return str((answer.get("response_metadata") or {}).get("next_cursor") or "")
