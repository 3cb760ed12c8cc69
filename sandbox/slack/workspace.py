"""Who and what is in the stand-in's Slack workspace: people, bots, channels; finds them by id, name and e-mail; knows no HTTP.

The ids of people, of bots and of the first channels are made from their names, so that they stay the same across restarts.
"""

from hashlib import sha256
from typing import Any

from sandbox.oauth import app_of
from sandbox.slack.arguments import refuse
from sandbox.store import Record, Store

Object = dict[str, Any]

TEAM_ID, TEAM = "T0TOWLINE1", "Towline Sandbox"
URL = "https://towline-sandbox.slack.com/"
CHANNELS = ("general", "sales", "deals", "delivery", "finance", "ops", "alerts")
_FOUNDED = 1_767_225_600  # the workspace is as old as 2026
_PEOPLE = {
    "sales-1": "Sam Sales",
    "sales-2": "Sina Sales",
    "head-of-sales": "Hanna Head",
    "delivery-1": "Dana Delivery",
    "finance-1": "Finn Finance",
    "ops-1": "Olu Ops",
}


def stable_id(letter: str, name: str) -> str:
    """Return an id that is always the same for a name."""
    number, digits = int.from_bytes(sha256(name.encode()).digest()[:8], "big"), ""
    for _ in range(9):
        number, digit = divmod(number, 36)
        digits += "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"[digit]
    return f"{letter}0{digits}"


def bot_of(token: str) -> tuple[str, str, str]:
    """Return the bot id, its user id and its app id: those of the app that the token belongs to."""
    app = str(app_of(token))
    return stable_id("B", app), stable_id("U", f"bot {app}"), stable_id("A", app)


class Workspace:
    """The channels in the store, and the people, who are always the same."""

    def __init__(self, store: Store) -> None:
        self.store = store
        self.people = {person["id"]: person for person in (_person(name, real) for name, real in _PEOPLE.items())}
        self._by_name = store.index("channels", lambda record: [("name", record.object["name"])])

    def found(self) -> None:
        """Open the channels that every workspace starts with; safe to repeat."""
        for name in CHANNELS:
            if not self.store.get("channels", stable_id("C", name)):
                self.open(stable_id("C", name), name, created=_FOUNDED, is_general=name == "general")

    def open(self, channel_id: str, name: str, *, creator: str = "U0FOUNDER00", **more: Any) -> Object:
        """Make a channel; the app that talks to the sandbox is a member of it."""
        channel = {
            "id": channel_id,
            "name": name,
            "name_normalized": name,
            "is_channel": True,
            "is_group": False,
            "is_im": False,
            "is_mpim": False,
            "is_private": False,
            "is_archived": False,
            "is_general": False,
            "is_member": True,
            "creator": creator,
            "context_team_id": TEAM_ID,
            "topic": {"value": "", "creator": "", "last_set": 0},
            "purpose": {"value": "", "creator": "", "last_set": 0},
            "num_members": len(self.people) + 1,
        } | more
        self.store.put("channels", channel_id, channel)
        return channel

    def conversation(self, people: list[str]) -> tuple[Object, bool]:
        """Return the direct conversation with these people, and whether it was there before."""
        for person in people:
            if person not in self.people:
                raise refuse("user_not_found")
        several = len(people) > 1
        channel_id = stable_id("G" if several else "D", " ".join(sorted(people)))
        if record := self.store.get("channels", channel_id):
            return record.object, True
        name = "mpdm-" + "--".join(sorted(self.people[p]["name"] for p in people)) + "-1" if several else people[0]
        kind = {"is_mpim": True, "is_group": True} if several else {"is_im": True, "user": people[0]}
        return self.open(channel_id, name, is_channel=False, is_private=True, is_open=True, **kind), False

    def channel(self, channel_id: str) -> Object:
        """Return a channel by its id. Raises Slack's channel_not_found."""
        record = self.store.get("channels", channel_id)
        if record is None:
            raise refuse("channel_not_found")
        return record.object

    def addressed(self, target: str) -> Object:
        """Return the channel that a message goes to: by id, by name with or without `#`, or a person's own conversation."""
        if target in self.people:
            return self.conversation([target])[0]
        named = self.named(target.removeprefix("#"))
        return named.object if named else self.channel(target)

    def named(self, name: str) -> Record | None:
        """Return the channel of this name, or None."""
        ids = self._by_name.find(("name", name))
        return self.store.get("channels", ids[0]) if ids else None

    def person(self, user_id: str, token: str) -> Object:
        """Return a person, or the bot itself. Raises Slack's user_not_found."""
        _, bot_user, _ = bot_of(token)
        if user_id == bot_user:
            return bot_person(token)
        if user_id not in self.people:
            raise refuse("user_not_found")
        return self.people[user_id]


def bot_person(token: str) -> Object:
    """Return the bot as a member of the workspace."""
    bot, user, app = bot_of(token)
    person = _person("towline", "Towline")
    return person | {"id": user, "is_bot": True, "profile": {"bot_id": bot, "api_app_id": app, "real_name": "Towline"}}


def _person(name: str, real_name: str) -> Object:
    first, _, last = real_name.partition(" ")
    profile = {
        "real_name": real_name,
        "real_name_normalized": real_name,
        "display_name": name,
        "display_name_normalized": name,
        "first_name": first,
        "last_name": last,
        "email": f"{name}@towline.example",
        "team": TEAM_ID,
    }
    return {
        "id": stable_id("U", name),
        "team_id": TEAM_ID,
        "name": name,
        "real_name": real_name,
        "deleted": False,
        "tz": "Europe/Berlin",
        "tz_label": "Central European Time",
        "tz_offset": 3600,
        "is_admin": False,
        "is_owner": False,
        "is_bot": False,
        "is_app_user": False,
        "is_restricted": False,
        "is_ultra_restricted": False,
        "updated": _FOUNDED,
        "profile": profile,
    }
