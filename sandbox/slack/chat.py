"""Slack's Web API as one system of the sandbox: its methods, its errors, its rate limits, and how its objects look from outside.

Rate limits as published, each as a bucket that refills evenly: one message a second and channel after a burst of five; the other
methods by their tier a minute. https://docs.slack.dev/apis/web-api/rate-limits
"""

from collections.abc import Callable
from math import ceil
from typing import Any

import httpx
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from sandbox.bucket import Bucket
from sandbox.oauth import Trouble
from sandbox.settings import Settings
from sandbox.slack.arguments import Arguments
from sandbox.slack.channels import Channels
from sandbox.slack.hands import Hands
from sandbox.slack.messages import KEY, Messages, title_of
from sandbox.slack.people import People
from sandbox.slack.workspace import Workspace
from sandbox.store import Record
from sandbox.system import Answer, Call, Card, Json, System, bearer, call_of

Method = Callable[[Arguments, str], Response]

_TIERS = {2: 20, 3: 50, 4: 100}  # calls a minute
_TROUBLES: dict[Trouble, str] = {
    "missing": "not_authed", "invalid": "invalid_auth", "expired": "token_expired", "revoked": "token_revoked",
}  # fmt: skip
_FAILURES = {400: "invalid_arguments", 401: "invalid_auth", 403: "missing_scope", 404: "unknown_method", 405: "unknown_method"}


class Slack(System):
    """The methods of the Web API; each takes POST and GET, and says in HTTP 200 whether it worked."""

    name = "chat"
    vendor = "Slack"
    mount = "/slack/api"
    kinds = ("messages", "channels", "views", "answers")
    open_paths = ("/api.test", "/answers/")

    def __init__(self, settings: Settings, client: httpx.AsyncClient | None = None) -> None:
        super().__init__(settings)
        self.workspace = Workspace(self.store)
        self.messages = Messages(self.store, self.workspace)
        self.hands = Hands(self.store, self.workspace, self.messages, settings, client)
        channels, people = Channels(self.store, self.workspace), People(self.workspace)
        self._methods: dict[str, tuple[Method, int | None]] = {
            "api.test": (people.api_test, None),
            "auth.test": (people.auth_test, None),
            "chat.postMessage": (self.messages.post, None),
            "chat.update": (self.messages.update, 3),
            "chat.delete": (self.messages.delete, 3),
            "chat.getPermalink": (self.messages.permalink, None),
            "conversations.history": (self.messages.history, 3),
            "conversations.replies": (self.messages.replies, 3),
            "conversations.list": (channels.list_channels, 2),
            "conversations.create": (channels.create, 2),
            "conversations.info": (channels.info, 3),
            "conversations.join": (channels.join, 3),
            "conversations.open": (channels.open, 3),
            "conversations.archive": (channels.archive, 2),
            "reactions.add": (self.messages.react, 3),
            "users.list": (people.list_people, 2),
            "users.info": (people.info, 4),
            "users.lookupByEmail": (people.by_email, 3),
            "views.open": (self.hands.open_view, 4),
        }
        self._per_channel = Bucket(rate=1, burst=5)
        self._per_tier = {tier: Bucket(rate=calls / 60, burst=calls) for tier, calls in _TIERS.items()}

    def routes(self) -> list[BaseRoute]:
        """Return the one route that every method goes through, and the one that takes answers to what people did."""
        answers = Route("/answers/{id}", self.hands.take_answer, methods=["POST"])
        return [answers, Route("/{method}", self._call, methods=["GET", "POST"])]

    def failure(self, call: Call, status: int, message: str | None = None) -> Response:
        """Return an error as Slack tells it: its own refusals in HTTP 200, its troubles in their status."""
        if status == 429:
            return Json({"ok": False, "error": "ratelimited"}, 429, headers={"Retry-After": "1"})
        if status < 500:
            return Json({"ok": False, "error": _FAILURES.get(status, "invalid_arguments")})
        return Json({"ok": False, "error": "service_unavailable" if status == 503 else "internal_error"}, status)

    def unauthorized(self, call: Call, trouble: Trouble) -> Response:
        """Return Slack's answer to a bad token, in HTTP 200."""
        return Json({"ok": False, "error": _TROUBLES[trouble]})

    def token_of(self, call: Call) -> str | None:
        """Return the token from the header, or from the arguments, where Slack takes it as well."""
        return bearer(call.headers) or self._text(call, "token") or None

    def limit(self, call: Call) -> Response | None:
        """Return Slack's 429 when a channel gets too many messages or a method too many calls."""
        method = call.path.strip("/")
        if method == "chat.postMessage":
            wait = self._per_channel.take((call.token, self._target(call)))
        else:
            _, tier = self._methods.get(method, (None, None))
            wait = self._per_tier[tier].take((call.token, method)) if tier else 0
        if not wait:
            return None
        return Json({"ok": False, "error": "ratelimited"}, 429, headers={"Retry-After": str(ceil(wait))})

    def keys_of(self, call: Call) -> list[str]:
        """Return the key in a message's metadata."""
        try:
            metadata = Arguments.of(call).structure("metadata", "invalid_metadata_format")
            return [str(metadata["event_payload"][KEY])]
        except (Answer, KeyError, TypeError):
            return []

    def shown(self, kind: str, record: Record) -> dict[str, Any]:
        """Return a channel, or a message with its thread's numbers and the id of its channel."""
        return self.messages.shown(record.object) if kind == "messages" else record.object

    def card(self, kind: str, record: Record) -> Card:
        """Return a message's first line and where it was posted, or a channel's name."""
        if kind in ("views", "answers"):
            return Card(record.object["text"] if kind == "answers" else record.object["title"]["text"])
        if kind == "channels":
            return Card(f"#{record.object['name']}", ["archived"] if record.object["is_archived"] else [])
        message = record.object
        channel = self.store.get("channels", message["channel"])
        facts = [f"#{channel.object['name']}"] if channel else []
        facts += ["in a thread"] if message.get("thread_ts", message["ts"]) != message["ts"] else []
        facts += ["edited"] if "edited" in message else []
        return Card(title_of(message), facts)

    async def person_creates(self, kind: str, properties: dict[str, Any], associations: list[Any]) -> dict[str, Any]:
        """Do what somebody does in Slack: write, press a button, use a shortcut or a command, or send a form."""
        return await self.hands.does(kind, properties)

    async def close(self) -> None:
        """Close the connections that are our own, and the store."""
        await self.hands.close()
        await super().close()

    def seed(self) -> None:
        """Open the channels that every workspace starts with."""
        self.workspace.found()

    async def reset(self) -> None:
        """Forget all messages and channels but the first ones, and what was counted against the rate limits."""
        for bucket in (self._per_channel, *self._per_tier.values()):
            bucket.clear()
        self.messages.clear()
        await super().reset()

    async def _call(self, request: Request) -> Response:
        call = call_of(request)
        method, _ = self._methods.get(request.path_params["method"], (None, None))
        if method is None:
            return Json({"ok": False, "error": "unknown_method", "req_method": request.path_params["method"]})
        return method(Arguments.of(call), call.token or "")

    def _target(self, call: Call) -> str:
        """Return the id of the channel that a message goes to, or what it was called if there is none."""
        target = self._text(call, "channel")
        named = self.workspace.named(target.removeprefix("#"))
        return named.id if named else target

    def _text(self, call: Call, name: str) -> str:
        """Return an argument; none if the arguments cannot be read: the method itself will say so."""
        try:
            return Arguments.of(call).text(name)
        except Answer:
            return ""
