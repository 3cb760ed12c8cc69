"""What can be put on a deal's record from mail and chat, by whoever vouches for it; pure. What nobody puts there is not kept."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from contracts.errors import RefusedError
from contracts.interactions import Said


class RecordKind(StrEnum):
    """What a record is: something decided, a milestone's approved news, what the client has confirmed, or an open question."""

    DECISION = "decision"
    MILESTONE = "milestone"
    ACTION = "action"
    QUESTION = "question"


PROMOTED = {
    RecordKind.DECISION: "Decision",
    RecordKind.MILESTONE: "Approved milestone update",
    RecordKind.ACTION: "Action that the client confirmed",
}
"""What people may promote; a question is asked about a decision."""


def require_words(words: str) -> str:
    """Return what is to be recorded, without blanks around it. Raises RefusedError when nothing is left."""
    if not words.strip():
        raise RefusedError("there are no words to record", cause="record.empty")
    return words.strip()


def kind_of(name: str) -> RecordKind:
    """Return what people may promote something as. Raises RefusedError for anything else."""
    kind = next((one for one in PROMOTED if one == name), None)
    if kind is None:
        raise RefusedError(f"it can be promoted as {', '.join(PROMOTED)}", cause="record.kind")
    return kind


def note_of(kind: RecordKind, said: Said, by: str) -> str:
    """Return the note that stands on the deal in the CRM."""
    head = f"{PROMOTED[kind]}, said by {said.author} on {said.at:%d %b %Y %H:%M} UTC, put on record by {by}."
    return "\n".join(filter(None, (head, said.text.strip(), said.link)))


LABELS = {f"towline/{kind.value}": kind for kind in PROMOTED}
"""The labels by which whoever works in the company's mailbox puts a letter on a deal's record."""
TAG = re.compile(r"\[towline/(\w+)(?: ([^\]]{1,200}))?\]", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Tag:
    """What somebody has tagged a letter as, and the name of its deal where they say it; `by_label` in the mailbox itself."""

    kind: RecordKind
    deal: str
    by_label: bool


def tag_of(labels: Iterable[str], subject: str) -> Tag | None:
    """Return how a letter is tagged: by a label, or in its subject as `[towline/decision]`, `[towline/action Northwind GmbH]`."""
    found = TAG.search(subject)
    deal = (found[2] or "").strip() if found else ""
    for label in labels:
        if kind := LABELS.get(label.lower()):
            return Tag(kind, deal, by_label=True)
    kind = LABELS.get(f"towline/{found[1].lower()}") if found else None
    return Tag(kind, deal, by_label=False) if kind else None
