"""Our messages in Slack's blocks, and our key in its metadata. Pure; knows nothing of HTTP."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

from connectors.chat.text import plain
from connectors.drift import Seen, listed
from contracts.interactions import Button, Member, Said
from contracts.matrix import matrix
from contracts.records import EffectKey, Message, Paragraph, Ref

MESSAGE = matrix()["slack"]["message"]
EFFECT = MESSAGE.entity.constants["metadata.event_type"]
SECTION, BLOCKS = 3000, 50
"""Slack's limits: characters in a section, blocks in a message."""


def objects(answer: Mapping[str, Any]) -> Iterator[Seen]:
    """Tell the channels and the messages of ours in an answer; what people write may hold anything."""
    yield "channel", listed(answer.get("channels")), ()
    messages = [*listed(answer.get("messages")), *listed(answer.get("message"))]
    yield "message", [one for one in messages if not isinstance(one, Mapping) or key_of(one)], ()


def metadata(key: EffectKey) -> dict[str, Any]:
    """Return the metadata that carries our key."""
    marks: dict[str, Any] = MESSAGE.new(key=key)["metadata"]
    return marks


def shown(message: Message) -> dict[str, Any]:
    """Return a message in Slack's blocks, with its line as the text of notifications."""
    line = plain(message.text)
    blocks = [_block(one) for one in message.paragraphs or [line] if one]
    links = " · ".join(f"<{_url(url)}|{plain(label).replace('|', '/')}>" for label, url in message.links.items())
    foot = [{"type": "context", "elements": [{"type": "mrkdwn", "text": links}]}] if links else []
    return {"text": line, "blocks": blocks[: BLOCKS - len(foot)] + foot}


def _block(paragraph: Paragraph) -> dict[str, Any]:
    if isinstance(paragraph, str):
        return {"type": "section", "text": {"type": "mrkdwn", "text": _cut(paragraph)}}
    return {"type": "actions", "elements": [_button(one) for one in paragraph]}


def _button(button: Button) -> dict[str, Any]:
    shown: dict[str, Any] = {
        "type": "button",
        "action_id": button.action.value,
        "text": _words(button.label),
        "value": button.subject,
    }
    if button.style:
        shown["style"] = button.style
    if button.confirm:
        said = {"title": button.label, "text": button.confirm, "confirm": button.label, "deny": "Cancel"}
        shown["confirm"] = {name: _words(text) for name, text in said.items()}
    return shown


def _words(text: str) -> dict[str, str]:
    return {"type": "plain_text", "text": text}


def _cut(text: str) -> str:
    return text if len(text) <= SECTION else f"{text[: SECTION - 1]}…"


def _url(url: str) -> str:
    return url.replace("|", "%7C").replace("<", "%3C").replace(">", "%3E").replace("&", "&amp;")


def ref_to(channel: str, ts: str) -> Ref:
    """Return the reference to a message: channel and time stamp name it."""
    return Ref(f"{channel}:{ts}")


def place_of(message: str) -> tuple[str, str, str]:
    """Return channel, time and thread of a message that an interaction names; without a thread it is its own."""
    channel, ts, thread = [*message.split(":"), "", "", ""][:3]
    return channel, ts, thread or ts


def key_of(message: Mapping[str, Any]) -> str:
    """Return our key on a message, or an empty text."""
    is_ours = (message.get("metadata") or {}).get("event_type") == EFFECT
    return str(MESSAGE.back(message, "key")["key"] or "") if is_ours else ""


def member_of(user: Mapping[str, Any]) -> Member | None:
    """Return somebody as a full member; None for whoever cannot be taken at their word. https://docs.slack.dev/reference/objects/user-object"""
    others = ("deleted", "is_bot", "is_restricted", "is_ultra_restricted", "is_stranger")
    email = str((user.get("profile") or {}).get("email") or "")
    if any(user.get(one) for one in others) or user.get("is_email_confirmed") is False or not email:
        return None
    return Member(str(user["id"]), email.lower())


def said(message: Mapping[str, Any], writer: Member | None, link: str) -> Said:
    """Return a message's words as people read them, with its author's address, or what Slack calls them."""
    words = str(message.get("text") or "").replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")
    author = writer.email if writer else str(message.get("user") or message.get("username") or "")
    return Said(words, author, datetime.fromtimestamp(float(message["ts"]), UTC), link)
