"""The chat port on Slack's Web API, by Slack's own client. Knows no flow, and who is told what."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from http import HTTPStatus
from typing import Any
from uuid import UUID

import aiohttp
import stamina
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient
from slack_sdk.webhook.async_client import AsyncWebhookClient

from connectors.brake import pass_brake
from connectors.budget import UNLIMITED, Budget
from connectors.chat.port import WRITES
from connectors.chat.slack_errors import refusal, unanswered
from connectors.chat.slack_forms import view
from connectors.chat.slack_shapes import key_of, member_of, metadata, objects, place_of, ref_to, said, shown
from connectors.drift import UNWATCHED, Drift
from connectors.guard import guarded, pass_guard
from connectors.http import PATIENCE, patient
from connectors.network import takes_proxy
from connectors.remedies import BusyError, Nature
from contracts.errors import MisconfiguredError, RefusedError, RetryableError, UncertainError
from contracts.interactions import Form, Interaction, Member, Said
from contracts.records import EffectKey, Message, Ref, Wanted
from contracts.systems import System

TIMEOUT = aiohttp.ClientTimeout(total=30, sock_connect=3, sock_read=15)
RECENT_PAGES, PAGE = 5, 200
ANSWERS = "https://hooks.slack.com/"
"""Where Slack takes answers to what people did."""


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
        below = {"thread_ts": message.thread.id.partition(":")[2]} if message.thread else {}
        answer = await self._call(
            "chat.postMessage",
            "once",
            channel=message.channel,
            metadata=metadata(wanted.key),
            unfurl_links=False,
            **shown(message),
            **below,
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

    async def find(self, channel: str, keys: Collection[EffectKey], thread: Ref | None = None) -> Mapping[EffectKey, Ref]:
        """Return those of a channel's last thousand messages, or of a thread's first, that carry these keys.

        https://docs.slack.dev/reference/methods/conversations.history
        """
        channel_id, missing = await self._channel_id(channel), {str(key) for key in keys}
        method, below = "conversations.history", dict[str, str]()
        if thread:
            method, below = "conversations.replies", {"ts": thread.id.partition(":")[2]}
        found: dict[EffectKey, Ref] = {}
        cursor = ""
        for _ in range(RECENT_PAGES):
            page: dict[str, Any] = {"channel": channel_id, "include_all_metadata": True, "limit": PAGE, "cursor": cursor}
            answer = await self._call(method, "read", **page, **below)
            for message in answer.get("messages", ()):
                key = key_of(message)
                if key in missing:
                    found[UUID(key)] = ref_to(channel_id, message["ts"])
            cursor = _next(answer)
            if not cursor or len(found) == len(missing):
                break
        return found

    async def read_member(self, person: str) -> Member | None:
        """Return a full member. https://docs.slack.dev/reference/methods/users.info"""
        try:
            return member_of((await self._call("users.info", "read", user=person))["user"])
        except RefusedError as error:
            if error.cause in ("chat.user_not_found", "chat.user_not_visible"):
                return None
            raise

    async def read_message(self, message: str) -> Said:
        """Return a message by its place. https://docs.slack.dev/reference/methods/conversations.replies"""
        channel, ts, thread = place_of(message)
        page = {"channel": channel, "ts": thread, "oldest": ts, "latest": ts, "inclusive": True}
        answer = await self._call("conversations.replies", "read", **page)
        found = next((one for one in answer.get("messages", ()) if one["ts"] == ts), None)
        if found is None:
            raise RefusedError("chat: the message is gone", cause="chat.message_not_found")
        link = (await self._call("chat.getPermalink", "read", channel=channel, message_ts=ts))["permalink"]
        writer = await self.read_member(found["user"]) if found.get("user") else None
        return said(found, writer, link)

    async def open_form(self, done: Interaction, form: Form) -> None:
        """Show a modal view. https://docs.slack.dev/reference/methods/views.open"""
        shape = view(form, subject=done.subject, message=done.message, answer_to=done.answer_to)
        await self._call("views.open", "once", trigger_id=done.trigger, view=shape)

    async def answer(self, done: Interaction, text: str) -> None:
        """Answer at the address that came with an interaction. https://docs.slack.dev/interactivity/handling-user-interaction"""
        if not done.answer_to.startswith((ANSWERS, self._base)):
            raise RefusedError("chat: that is no address of Slack's to answer at", cause="chat.answer_address")
        pass_brake("once")
        pass_guard("once")
        hook = AsyncWebhookClient(done.answer_to, session=self._web().session, retry_handlers=[])
        hook.proxy = None  # as with the other client below
        try:
            answer = await hook.send(text=text, response_type="ephemeral", replace_original=False)
        except (aiohttp.ClientError, TimeoutError):
            raise UncertainError("chat: an answer was not taken", cause="chat.no_answer") from None
        if answer.status_code != HTTPStatus.OK:
            raise RefusedError(f"chat: an answer was not taken: HTTP {answer.status_code}", cause="chat.answer")

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
