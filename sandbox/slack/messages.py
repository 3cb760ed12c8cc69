"""Messages in channels and threads: chat.*, conversations.history and replies, reactions.add.

https://docs.slack.dev/reference/methods/chat.postMessage
"""

import base64
import binascii
import time
from bisect import bisect_left, bisect_right
from decimal import Decimal, InvalidOperation
from typing import Any

from starlette.responses import Response

from sandbox.slack.arguments import Arguments, accept, refuse
from sandbox.slack.blocks import blocks_of, metadata_of
from sandbox.slack.workspace import TEAM_ID, URL, Object, Workspace, bot_of
from sandbox.store import Record, Store

KEY = "towline_key"
LONGEST = 40_000


class Messages:
    """The messages of a workspace; one is kept as Slack shows it, with its channel besides."""

    def __init__(self, store: Store, workspace: Workspace) -> None:
        self.store, self.workspace = store, workspace
        self._places = store.index("messages", _places)
        self._last: dict[str, int] = {}

    def post(self, arguments: Arguments, token: str) -> Response:
        """Post a message, or a reply to one."""
        channel = self.workspace.addressed(arguments.required("channel"))
        if channel["is_archived"]:
            raise refuse("is_archived")
        message = self._written(arguments, token) | {"channel": channel["id"], "ts": self._next_ts(channel["id"])}
        if thread := arguments.text("thread_ts"):
            message["thread_ts"] = self._thread(channel["id"], thread)
            if arguments.flag("reply_broadcast"):
                message["subtype"] = "thread_broadcast"
        self._put(message)
        return accept(channel=channel["id"], ts=message["ts"], message=_without_channel(message))

    def write(self, channel: str, person: str, text: str) -> Object:
        """Let somebody write in a channel; return the message."""
        place = self.workspace.addressed(channel)["id"]
        words = text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
        message = {
            "type": "message",
            "user": person,
            "team": TEAM_ID,
            "text": words,
            "channel": place,
            "ts": self._next_ts(place),
        }
        self._put(message)
        return message

    def update(self, arguments: Arguments, token: str) -> Response:
        """Change a message's text, blocks or metadata; only the app that posted it may."""
        before = self._own(arguments, token, "cant_update_message")
        written = self._written(arguments, token, before)
        message = before | written | {"edited": {"user": before["user"], "ts": _form(time.time_ns() // 1000)}}
        self._put(message)
        shown = _without_channel(message)
        return accept(channel=message["channel"], ts=message["ts"], text=message["text"], message=shown)

    def delete(self, arguments: Arguments, token: str) -> Response:
        """Take a message back; only the app that posted it may."""
        message = self._own(arguments, token, "cant_delete_message")
        self.store.delete("messages", _id(message))
        return accept(channel=message["channel"], ts=message["ts"])

    def permalink(self, arguments: Arguments, token: str) -> Response:
        """Return the address of a message for people."""
        message = self._found(arguments, "message_ts")
        link = f"{URL}archives/{message['channel']}/p{message['ts'].replace('.', '')}"
        if message.get("thread_ts", message["ts"]) != message["ts"]:
            link += f"?thread_ts={message['thread_ts']}&cid={message['channel']}"
        return accept(channel=message["channel"], permalink=link)

    def history(self, arguments: Arguments, token: str) -> Response:
        """Show a channel's messages, newest first, page by page; replies stay in their threads."""
        channel = self.workspace.channel(arguments.required("channel"))["id"]
        ids = self._between(channel, self._places.find(("channel", channel)), arguments)
        return self._page(ids[::-1], arguments)

    def replies(self, arguments: Arguments, token: str) -> Response:
        """Show a thread, its first message first."""
        channel = self.workspace.channel(arguments.required("channel"))["id"]
        ids = self._places.find(("thread", channel, _normal(arguments.required("ts"))))
        if not ids:
            raise refuse("thread_not_found")
        return self._page(ids[:1] + self._between(channel, ids[1:], arguments), arguments)

    def react(self, arguments: Arguments, token: str) -> Response:
        """Put a reaction on a message."""
        name = arguments.required("name").strip(":")
        message = self._found(arguments, "timestamp")
        reactions = {r["name"]: r for r in message.get("reactions", ())}
        users = reactions.get(name, {}).get("users", [])
        _, user, _ = bot_of(token)
        if user in users:
            raise refuse("already_reacted")
        reactions[name] = {"name": name, "users": [*users, user], "count": len(users) + 1}
        self._put(message | {"reactions": list(reactions.values())})
        return accept()

    def shown(self, message: Object) -> Object:
        """Return a message with what its thread adds to it, metadata included."""
        if message.get("thread_ts", message["ts"]) != message["ts"]:
            return message
        replies = [self._message(i) for i in self._places.find(("thread", message["channel"], message["ts"]))[1:]]
        if not replies:
            return message
        users = list(dict.fromkeys(reply["user"] for reply in replies))
        return message | {
            "thread_ts": message["ts"],
            "reply_count": len(replies),
            "reply_users": users,
            "reply_users_count": len(users),
            "latest_reply": replies[-1]["ts"],
            "is_locked": False,
            "subscribed": True,
        }

    def clear(self) -> None:
        """Forget the last times; times go on from now."""
        self._last.clear()

    def _written(self, arguments: Arguments, token: str, before: Object | None = None) -> Object:
        """Return what a call writes into a message. Raises Slack's refusals of it."""
        text, blocks, metadata = arguments.text("text"), blocks_of(arguments), metadata_of(arguments)
        attachments = arguments.structure("attachments", "invalid_attachments")
        if not text.strip() and not blocks and not attachments:
            raise refuse("no_text")
        if len(text) > LONGEST:
            raise refuse("msg_too_long")
        bot, user, app = bot_of(token)
        message: Object = {"type": "message", "user": user, "bot_id": bot, "app_id": app, "team": TEAM_ID, "text": text}
        if before and not text and "text" not in arguments:
            message["text"] = before["text"]
        parts = {"blocks": blocks, "attachments": attachments, "metadata": metadata}
        return message | {name: part for name, part in parts.items() if part is not None}

    def _own(self, arguments: Arguments, token: str, refusal: str) -> Object:
        message = self._found(arguments, "ts")
        if message.get("bot_id") != bot_of(token)[0]:
            raise refuse(refusal)
        return message

    def _found(self, arguments: Arguments, name: str) -> Object:
        channel = self.workspace.channel(arguments.required("channel"))["id"]
        record = self.store.get("messages", f"{channel}:{_normal(arguments.required(name), 'message_not_found')}")
        if record is None:
            raise refuse("message_not_found")
        return record.object

    def _thread(self, channel: str, ts: str) -> str:
        record = self.store.get("messages", f"{channel}:{_normal(ts, 'thread_not_found')}")
        if record is None:
            raise refuse("thread_not_found")
        return str(record.object.get("thread_ts", record.object["ts"]))

    def _between(self, channel: str, ids: list[str], arguments: Arguments) -> list[str]:
        """Return the ids, ordered by time, that lie between `oldest` and `latest`."""
        oldest, latest, inclusive = arguments.text("oldest"), arguments.text("latest"), arguments.flag("inclusive")
        if oldest:
            first = f"{channel}:{_normal(oldest, 'invalid_ts_oldest')}"
            ids = ids[(bisect_left if inclusive else bisect_right)(ids, first) :]
        if latest:
            last = f"{channel}:{_normal(latest, 'invalid_ts_latest')}"
            ids = ids[: (bisect_right if inclusive else bisect_left)(ids, last)]
        return ids

    def _page(self, ids: list[str], arguments: Arguments) -> Response:
        limit = arguments.number("limit", 100, 999)
        start = _after(ids, arguments.text("cursor"))
        messages = [self._in_list(i, arguments.flag("include_all_metadata")) for i in ids[start : start + limit]]
        more = start + limit < len(ids)
        cursor = base64.b64encode(f"next:{ids[start + limit]}".encode()).decode() if more else ""
        return accept(messages=messages, has_more=more, pin_count=0, response_metadata={"next_cursor": cursor})

    def _in_list(self, message_id: str, with_metadata: bool) -> Object:
        message = _without_channel(self.shown(self._message(message_id)))
        return message if with_metadata else {name: part for name, part in message.items() if name != "metadata"}

    def _message(self, message_id: str) -> Object:
        return self.store.kinds["messages"][message_id].object

    def _put(self, message: Object) -> None:
        key = message.get("metadata", {}).get("event_payload", {}).get(KEY)
        self.store.put("messages", _id(message), message, str(key) if key is not None else None)

    def _next_ts(self, channel: str) -> str:
        """Return the time as an id: no two messages of a channel have the same, and later ones have later ones."""
        if channel not in self._last:
            known = self._places.find(("all", channel))
            self._last[channel] = int(known[-1].partition(":")[2].replace(".", "")) if known else 0
        self._last[channel] = max(self._last[channel] + 1, time.time_ns() // 1000)
        return _form(self._last[channel])


def _places(record: Record) -> list[tuple[str, ...]]:
    """Return where a message is listed. This never changes for a message, so that the lists stay in the order of time."""
    message = record.object
    channel, ts = message["channel"], message["ts"]
    thread = message.get("thread_ts", ts)
    listed = [("channel", channel)] if thread == ts or message.get("subtype") == "thread_broadcast" else []
    return [*listed, ("thread", channel, thread), ("all", channel)]


def _id(message: Object) -> str:
    return f"{message['channel']}:{message['ts']}"


def _without_channel(message: Object) -> Object:
    return {name: part for name, part in message.items() if name != "channel"}


def _form(microseconds: int) -> str:
    return f"{microseconds // 1_000_000}.{microseconds % 1_000_000:06d}"


def _normal(ts: str, refusal: str = "invalid_arguments") -> str:
    """Return a time as Slack writes it: ten digits, a point, six digits. Raises the refusal."""
    try:
        return f"{Decimal(ts):.6f}".zfill(17)
    except (InvalidOperation, ValueError):
        raise refuse(refusal) from None


def _after(ids: list[str], cursor: str) -> int:
    if not cursor:
        return 0
    try:
        wanted = base64.b64decode(cursor.encode(), validate=True).decode().removeprefix("next:")
        return ids.index(wanted)
    except (binascii.Error, UnicodeError, ValueError):
        raise refuse("invalid_cursor") from None


def title_of(message: dict[str, Any]) -> str:
    """Return a message's first line."""
    return str(message["text"]).strip().partition("\n")[0] or "(blocks only)"
