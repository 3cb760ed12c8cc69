"""One account's letters, labels and history, and Gmail's rule for conversations; knows no requests.

https://developers.google.com/workspace/gmail/api/guides/threads
"""

import base64
import re
import time
from collections.abc import Iterable
from datetime import UTC, datetime
from email.utils import format_datetime, parseaddr
from typing import Any

from sandbox.gmail.errors import bad_id, not_found
from sandbox.gmail.parsing import bare, facts, header, mentioned, parsed
from sandbox.store import Record, Store

ACCOUNT = "deals@towline.example"
MESSAGES, LABELS, HISTORY, STATE = "messages", "labels", "history", "state"
HISTORY_KEPT = 10_000
SYSTEM_LABELS = (
    *("INBOX", "SENT", "DRAFT", "TRASH", "SPAM", "UNREAD", "STARRED", "IMPORTANT", "CHAT"),
    *(f"CATEGORY_{name}" for name in ("PERSONAL", "SOCIAL", "PROMOTIONS", "UPDATES", "FORUMS")),
)
_KEY = re.compile(r"<([0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12})@[^<>@\s]+>", re.I)
_ID = re.compile(r"[0-9a-f]{1,16}")


class Mailbox:
    """What Gmail keeps for an account. Every change makes a record of history, before it is made."""

    def __init__(self, store: Store) -> None:
        self.store = store
        self._by_message_id = store.index(MESSAGES, lambda record: [record.object["messageId"]])
        self._by_thread = store.index(MESSAGES, lambda record: [record.object["threadId"]])

    def begin(self) -> None:
        """Note where history begins, once."""
        if self.store.get(STATE, "history") is None:
            self._floor(self.store.new_id())

    @property
    def floor(self) -> int:
        """The history id before which nothing is known any more."""
        state = self.store.get(STATE, "history")
        return int(state.object["floor"]) if state else 0

    @property
    def history_id(self) -> int:
        """The id of the mailbox's last change."""
        return max([self.floor, *(int(record.id) for record in self.store.newest(HISTORY, 1))])

    def message(self, message_id: str) -> Record:
        """Return a letter. Raises Gmail's 400 or 404."""
        if not _ID.fullmatch(message_id):
            raise bad_id()
        record = self.store.get(MESSAGES, message_id)
        if record is None:
            raise not_found()
        return record

    def by_message_id(self, message_id: str) -> list[Record]:
        """Return the letters with this Message-ID, given with or without its brackets."""
        return self._records(self._by_message_id.find(f"<{message_id.strip().strip('<>')}>"))

    def thread(self, thread_id: str) -> list[Record]:
        """Return a conversation, oldest letter first. Raises Gmail's 400 or 404."""
        if not _ID.fullmatch(thread_id):
            raise bad_id()
        found = self._records(self._by_thread.find(thread_id))
        if not found:
            raise not_found()
        return sorted(found, key=lambda record: (record.object["internalDate"], record.id))

    def add(self, raw: bytes, labels: Iterable[str], thread_id: str | None = None, at: float | None = None) -> Record:
        """Put a letter in; without a conversation it begins one. Headers that every letter has are added where they lack."""
        now = time.time() if at is None else at
        message_id = f"{self.store.new_id() + (0x19 << 56):016x}"
        raw = _completed(raw, message_id, now)
        known = facts(parsed(raw))
        stored: dict[str, Any] = {
            **known,
            "raw": base64.urlsafe_b64encode(raw).decode(),
            "size": len(raw),
            "threadId": thread_id or message_id,
            "labelIds": sorted(set(labels)),
            "internalDate": int(now * 1000),
        }
        stored["historyId"] = self._noted("messagesAdded", message_id, stored)
        key = _KEY.fullmatch(known["messageId"])
        return self.store.put(MESSAGES, message_id, stored, key[1].lower() if key else None)

    def thread_for(self, raw: bytes, wanted: str | None = None) -> str | None:
        """Return the conversation that a letter belongs to: it answers one of its letters under the same subject.

        `wanted` is the conversation that a caller named; letters that come find theirs.
        """
        letter = parsed(raw)
        answered = [record for message_id in mentioned(letter) for record in self.by_message_id(message_id)]
        same = [record for record in answered if bare(record.object["subject"]) == bare(header(letter, "Subject"))]
        threads = [record.object["threadId"] for record in same]
        return next((thread for thread in reversed(threads) if wanted in (None, thread)), None)

    def relabel(self, record: Record, add: Iterable[str] = (), remove: Iterable[str] = ()) -> Record:
        """Put labels on a letter and take others off; what changes nothing makes no history."""
        had, stored = set(record.object["labelIds"]), dict(record.object)
        gone, new = had & set(remove) - set(add), set(add) - had
        for what, labels in (("labelsRemoved", gone), ("labelsAdded", new)):
            if labels:
                left = set(stored["labelIds"]) - gone if what == "labelsRemoved" else set(stored["labelIds"]) | new
                stored["labelIds"] = sorted(left)
                stored["historyId"] = self._noted(what, record.id, stored, sorted(labels))
        return self.store.put(MESSAGES, record.id, stored) if gone or new else record

    def delete(self, record: Record) -> None:
        """Remove a letter for good."""
        self._noted("messagesDeleted", record.id, record.object)
        self.store.delete(MESSAGES, record.id)

    def changes(self, since: int) -> list[Record]:
        """Return the history after an id, oldest first. Raises Gmail's 404 for one that is too old."""
        if since < self.floor:
            raise not_found()
        return [record for record in self.store.all(HISTORY) if int(record.id) > since]

    def _records(self, ids: Iterable[str]) -> list[Record]:
        return [record for one in ids if (record := self.store.get(MESSAGES, one))]

    def _floor(self, history_id: int) -> None:
        self.store.put(STATE, "history", {"floor": history_id})

    def _noted(self, what: str, message_id: str, stored: dict[str, Any], labels: list[str] | None = None) -> str:
        shown = {"id": message_id, "threadId": stored["threadId"], "labelIds": list(stored["labelIds"])}
        number = str(self.store.new_id())
        self.store.put(HISTORY, number, {"what": what, "message": shown, "labelIds": labels})
        if self.store.count(HISTORY) > HISTORY_KEPT:
            oldest = next(self.store.all(HISTORY))
            self._floor(int(oldest.id))
            self.store.delete(HISTORY, oldest.id)
        return number


def _completed(raw: bytes, message_id: str, now: float) -> bytes:
    """Add the headers that Gmail adds to what is sent without them; a Message-ID that is there stays."""
    letter = parsed(raw)
    added = []
    if not header(letter, "Message-ID"):
        added.append(f"Message-ID: <CA{message_id}@mail.gmail.com>")
    if not header(letter, "Date"):
        added.append(f"Date: {format_datetime(datetime.fromtimestamp(now, UTC))}")
    if not parseaddr(header(letter, "From"))[1]:
        added.append(f"From: {ACCOUNT}")
    return "".join(f"{line}\r\n" for line in added).encode() + raw
