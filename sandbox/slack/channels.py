"""Channels and direct conversations: conversations.list, create, info, join, open, archive.

https://docs.slack.dev/reference/methods/conversations.list
"""

import base64
import binascii
import re
import time
from collections.abc import Callable

from starlette.responses import Response

from sandbox.slack.arguments import Arguments, accept, refuse
from sandbox.slack.workspace import Object, Workspace, bot_of, stable_id
from sandbox.store import Store

_KINDS: dict[str, Callable[[Object], bool]] = {
    "public_channel": lambda channel: bool(channel["is_channel"]) and not channel["is_private"],
    "private_channel": lambda channel: bool(channel["is_private"]) and not channel["is_im"] and not channel["is_mpim"],
    "mpim": lambda channel: bool(channel["is_mpim"]),
    "im": lambda channel: bool(channel["is_im"]),
}


class Channels:
    """The conversation methods."""

    def __init__(self, store: Store, workspace: Workspace) -> None:
        self.store, self.workspace = store, workspace

    def list_channels(self, arguments: Arguments, token: str) -> Response:
        """Show the channels, page by page."""
        kinds = (arguments.text("types") or "public_channel").replace(" ", "").split(",")
        if not set(kinds) <= set(_KINDS):
            raise refuse("invalid_types")
        channels = [r.object for r in self.store.all("channels") if any(_KINDS[kind](r.object) for kind in kinds)]
        if arguments.flag("exclude_archived"):
            channels = [channel for channel in channels if not channel["is_archived"]]
        page, cursor = paged(channels, arguments)
        return accept(channels=page, response_metadata={"next_cursor": cursor})

    def create(self, arguments: Arguments, token: str) -> Response:
        """Make a channel."""
        name = arguments.text("name")
        if not name:
            raise refuse("invalid_name_required")
        if len(name) > 80:
            raise refuse("invalid_name_maxlength")
        if not re.fullmatch(r"[^\W_A-Z]([\w-]*[^\W])?", name) or name != name.lower():
            raise refuse("invalid_name_specials")
        if self.workspace.named(name):
            raise refuse("name_taken")
        private, creator = arguments.flag("is_private"), bot_of(token)[1]
        made = {"created": int(time.time()), "is_private": private, "num_members": 1}
        channel_id = stable_id("C", f"{name} {self.store.new_id()}")
        return accept(channel=self.workspace.open(channel_id, name, creator=creator, **made))

    def info(self, arguments: Arguments, token: str) -> Response:
        """Show a channel."""
        channel = self.workspace.channel(arguments.required("channel"))
        if not arguments.flag("include_num_members"):
            channel = {name: value for name, value in channel.items() if name != "num_members"}
        return accept(channel=channel)

    def join(self, arguments: Arguments, token: str) -> Response:
        """Become a member of a channel; whoever is one already stays one."""
        channel = self.workspace.channel(arguments.required("channel"))
        if channel["is_archived"]:
            raise refuse("is_archived")
        if not channel["is_channel"] or channel["is_private"]:
            raise refuse("method_not_supported_for_channel_type")
        warning = "already_in_channel"
        return accept(channel=channel, warning=warning, response_metadata={"warnings": [warning]})

    def open(self, arguments: Arguments, token: str) -> Response:
        """Begin a direct conversation, or take the one that there is."""
        if arguments.text("channel"):
            channel, there = self.workspace.channel(arguments.text("channel")), True
        else:
            people = [person for person in arguments.text("users").replace(" ", "").split(",") if person]
            if not people:
                raise refuse("users_list_not_supplied")
            channel, there = self.workspace.conversation(people)
        shown = channel if arguments.flag("return_im") else {"id": channel["id"]}
        return accept(channel=shown, **({"no_op": True, "already_open": True} if there else {}))

    def archive(self, arguments: Arguments, token: str) -> Response:
        """Close a channel: nobody posts there any more."""
        channel = self.workspace.channel(arguments.required("channel"))
        if channel["is_general"]:
            raise refuse("cant_archive_general")
        if channel["is_archived"]:
            raise refuse("already_archived")
        self.store.put("channels", channel["id"], channel | {"is_archived": True})
        return accept()


def paged(items: list[Object], arguments: Arguments) -> tuple[list[Object], str]:
    """Return one page of the items, and the cursor of the next or an empty one."""
    limit, cursor = arguments.number("limit", 100, 1000), arguments.text("cursor")
    start = 0
    if cursor:
        try:
            wanted = base64.b64decode(cursor.encode(), validate=True).decode()
            start = [f"next:{item['id']}" for item in items].index(wanted)
        except (binascii.Error, UnicodeError, ValueError):
            raise refuse("invalid_cursor") from None
    following = items[start + limit : start + limit + 1]
    return items[start : start + limit], base64.b64encode(f"next:{following[0]['id']}".encode()).decode() if following else ""
