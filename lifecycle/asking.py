"""The message that asks approvers for a decision, with its buttons, and what it says once somebody has answered; pure."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from contracts.errors import RefusedError
from contracts.interactions import Action, Button, Entry, Form
from contracts.owners import Owners
from contracts.records import Paragraph
from contracts.values import Money
from lifecycle.announcements import HEADLINES, LONGEST_LIST, escaped
from lifecycle.decisions import Decision

REJECT = Form(
    Action.REJECT,
    "Reject",
    "Reject",
    "The offer is corrected and drafted again. Why is it rejected?",
    (Entry("reason", "Reason", "It stands with the decision, and is shown to whoever corrects the offer.", lines=True),),
)
QUESTION = Form(
    Action.QUESTION,
    "Ask a question",
    "Ask",
    "It is written on the deal's record and told to the deal's owner. The decision goes on waiting.",
    (Entry("question", "Question", lines=True),),
)
FORMS: Mapping[Action, Form] = {Action.REJECT: REJECT, Action.QUESTION: QUESTION}


@dataclass(frozen=True, slots=True)
class Asked:
    """A decision as chat shows it; `by` is whoever has answered."""

    id: UUID
    title: str
    amount: Money
    url: str
    owner: str
    content_hash: str
    state: Decision
    by: str = ""
    at: datetime | None = None
    door: str = ""


def asked_of(row: Any, owners: Owners) -> Asked:
    """Return a decision of the ledger as chat shows it."""
    by = re.sub(r"[\w.-]+", lambda key: owners.owners[key[0]].name if key[0] in owners.owners else key[0], row.decided_by or "")
    return Asked(
        row.id,
        row.title,
        Money(minor=row.minor, currency=row.currency),
        row.url,
        row.owner or "",
        row.content_hash,
        Decision(row.state),
        by,
        row.decided_at,
        row.door or "",
    )


def ask_message(event: str, asked: Sequence[Asked], *, with_buttons: bool) -> tuple[str, list[Paragraph]]:
    """Return the one-line text and the paragraphs of a message about decisions: buttons below those that wait, answers else."""
    waiting = [one for one in asked if one.state is Decision.WAITING]
    one, many = HEADLINES[event]
    text = f"{one}: {waiting[0].title}" if len(waiting) == 1 else f"{len(waiting)} {many}"
    if not waiting:
        text = f"{asked[0].title}: {asked[0].state.value}" if len(asked) == 1 else f"{len(asked)} proposals are answered"
    paragraphs: list[Paragraph] = [f"*{escaped(text)}*"]
    for found in asked[:LONGEST_LIST]:
        paragraphs.append(_line(found))
        if with_buttons and found.state is Decision.WAITING:
            paragraphs.append(buttons(found))
    if len(asked) > LONGEST_LIST:
        paragraphs.append(f"… and {len(asked) - LONGEST_LIST} more: `towline decide`")
    return text, paragraphs


def buttons(asked: Asked) -> tuple[Button, ...]:
    """Return the buttons of a decision; each carries the decision and the hash of exactly the content that is asked about."""
    subject = f"{asked.id} {asked.content_hash}"
    sure = f"{asked.title}: {asked.amount}. It binds the company, is locked, and delivery begins."
    return (
        Button(Action.APPROVE, "Approve", subject, "primary", sure[:300]),
        Button(Action.REJECT, "Reject…", subject, "danger"),
        Button(Action.QUESTION, "Ask…", subject),
    )


def meant(subject: str) -> tuple[UUID, str]:
    """Return the decision and the content's hash that a button carries. Raises RefusedError when it carries neither."""
    decision, _, content = subject.partition(" ")
    try:
        return UUID(decision), content
    except ValueError:
        raise RefusedError("this button is about no decision", cause="decision.unknown") from None


def question_told(title: str, question: str, by: str) -> tuple[str, list[Paragraph]]:
    """Return what the deal's owner is told of a question."""
    text = f"A question about {title}, before it is decided"
    return text, [f"*{escaped(text)}*", escaped(question), f"Asked by {escaped(by)}; the decision waits."]


def _line(asked: Asked) -> str:
    title = f"<{asked.url}|{escaped(asked.title)}>" if asked.url else escaped(asked.title)
    facts = (str(asked.amount), escaped(asked.owner), f"content {asked.content_hash[:8]}", _standing(asked))
    return "• " + " · ".join([title, *filter(None, facts)])


def _standing(asked: Asked) -> str:
    if asked.state is Decision.WAITING:
        return f"`towline decide {asked.id.hex[:8]} approve | reject`"
    if not (asked.by and asked.at):
        return f"*{asked.state.value}*"
    return f"*{asked.state.value}* by {escaped(asked.by)}, {asked.at:%d %b %Y %H:%M} UTC, by {asked.door}"
