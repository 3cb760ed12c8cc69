"""Our messages in Slack's blocks, and our key in its metadata. Pure; knows nothing of HTTP."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from connectors.chat.text import plain
from connectors.drift import Seen, listed
from contracts.matrix import matrix
from contracts.records import EffectKey, Message, Ref

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
    blocks = [{"type": "section", "text": {"type": "mrkdwn", "text": _cut(one)}} for one in message.paragraphs or [line] if one]
    links = " · ".join(f"<{_url(url)}|{plain(label).replace('|', '/')}>" for label, url in message.links.items())
    foot = [{"type": "context", "elements": [{"type": "mrkdwn", "text": links}]}] if links else []
    return {"text": line, "blocks": blocks[: BLOCKS - len(foot)] + foot}


def _cut(text: str) -> str:
    return text if len(text) <= SECTION else f"{text[: SECTION - 1]}…"


def _url(url: str) -> str:
    return url.replace("|", "%7C").replace("<", "%3C").replace(">", "%3E").replace("&", "&amp;")


def ref_to(channel: str, ts: str) -> Ref:
    """Return the reference to a message: channel and time stamp name it."""
    return Ref(f"{channel}:{ts}")


def key_of(message: Mapping[str, Any]) -> str:
    """Return our key on a message, or an empty text."""
    is_ours = (message.get("metadata") or {}).get("event_type") == EFFECT
    return str(MESSAGE.back(message, "key")["key"] or "") if is_ours else ""
