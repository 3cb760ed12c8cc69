"""What Gmail's answers say in our words. Makes no calls.

https://developers.google.com/workspace/gmail/api/reference/rest/v1/users.history/list
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

from connectors.drift import Seen, listed
from connectors.google import REMEDIES, explain
from connectors.remedies import Dialect
from contracts.errors import MisconfiguredError
from contracts.letters import Received
from contracts.records import Ref

NAMES = ("Message-ID", "References", "In-Reply-To", "From", "Subject")
HEADERS = "&".join(f"metadataHeaders={name}" for name in NAMES)
NOT_OURS = {"DRAFT", "SPAM", "TRASH", "CHAT"}
SYSTEM = re.compile(r"[A-Z_]+")
ME = "/gmail/v1/users/me"
SHOWN = ("internalDate", "payload")
"""What a letter has that was asked for by its id, and one in a list, or one that was just sent, has not."""


def objects(path: str, _asked: Mapping[str, Any], answer: Mapping[str, Any]) -> Iterator[Seen]:
    """Tell the letters, labels and entries of history in an answer."""
    place = path.partition("?")[0].partition(f"{ME}/")[2]
    if place == "messages":
        yield "message", listed(answer.get("messages")), ()
    elif place.startswith("messages/") and "id" in answer:
        yield "message", [answer], SHOWN if path.partition("?")[2] else ()
    elif place == "history":
        yield "history", listed(answer.get("history")), ()
    elif place == "labels":
        yield "label", listed(answer["labels"]) if "labels" in answer else [answer] if answer else [], ()
    elif place == "profile":
        yield "profile", [answer], ()


DIALECT = Dialect("gmail", explain, {**REMEDIES, "failedPrecondition": MisconfiguredError}, objects)
"""Google's; its failedPrecondition says that the account has no mailbox."""


def ref_of(message: Mapping[str, Any]) -> Ref:
    """Return the reference of a letter; its link opens it for whoever is at work in the mailbox."""
    return Ref(f"{message['id']}:{message['threadId']}", f"https://mail.google.com/mail/#all/{message['id']}")


def added(entry: Mapping[str, Any], ours: str) -> Iterator[str]:
    """Return the ids of letters that an entry of history says came in, or got a label of people's own."""
    for one in entry.get("messagesAdded", ()):
        if "INBOX" in one["message"].get("labelIds", ()):
            yield str(one["message"]["id"])
    for one in entry.get("labelsAdded", ()):
        labels = [label for label in one.get("labelIds", ()) if label != ours]
        if any(label == "INBOX" or not SYSTEM.fullmatch(label) for label in labels):
            yield str(one["message"]["id"])


def came(message: Mapping[str, Any]) -> bool:
    """Say whether a letter is one to look at: no draft, nothing in the bin."""
    return not NOT_OURS & set(message.get("labelIds", ()))


def letter_of(message: Mapping[str, Any], labels: Mapping[str, str]) -> Received:
    """Return a letter; `labels` names labels by their ids."""
    headers: dict[str, str] = {}
    for one in message.get("payload", {}).get("headers", ()):
        headers.setdefault(str(one["name"]).lower(), str(one["value"]))
    answered = f"{headers.get('references', '')} {headers.get('in-reply-to', '')}"
    return Received(
        ref=ref_of(message),
        message_id=headers.get("message-id", ""),
        references=list(dict.fromkeys(re.findall(r"<[^<>\s]+>", answered))),
        sender=headers.get("from", ""),
        subject=headers.get("subject", ""),
        labels=[labels[one] for one in message.get("labelIds", ()) if one in labels and not SYSTEM.fullmatch(one)],
        received_at=datetime.fromtimestamp(int(message["internalDate"]) / 1000, UTC),
    )
