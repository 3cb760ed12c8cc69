"""What travels between the company and people's mailboxes: letters to send, letters that came."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from contracts.records import EffectKey, Ref


@dataclass(frozen=True, slots=True)
class Thread:
    """The conversation that a letter belongs to: key and reference of its first letter."""

    key: EffectKey
    ref: Ref


@dataclass(frozen=True, slots=True)
class Attachment:
    """A file that goes with a letter."""

    name: str
    media_type: str
    content: bytes


@dataclass(frozen=True, slots=True)
class Letter:
    """An e-mail to one person, as text and as HTML; with a thread it answers that conversation's first letter."""

    to: str
    name: str
    subject: str
    text: str
    html: str
    thread: Thread | None = None
    attachments: Sequence[Attachment] = ()


@dataclass(frozen=True, slots=True)
class Received:
    """A letter that came or was filed: its headers, and the labels (or folder, or subject tag) that people gave it."""

    ref: Ref
    message_id: str
    references: Sequence[str]
    sender: str
    subject: str
    labels: Sequence[str]
    received_at: datetime


@dataclass(frozen=True, slots=True)
class Post:
    """What came since a place in the mailbox's history, and the place to go on from."""

    letters: Sequence[Received]
    cursor: str
