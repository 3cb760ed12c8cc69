"""How an alert looks until somebody has seen it, and when it goes further: to the next channel, or by mail; pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from html import escape

from contracts.catalog import Criticality
from contracts.errors import RefusedError
from contracts.interactions import Action, Button
from contracts.records import Message, Paragraph
from lifecycle.announcements import escaped

DRILL = "drill/"
"""How the cause of a test alert begins."""


@dataclass(frozen=True, slots=True)
class Notice:
    """What is to be said about a cause now, about how many deals it is, whose it is, and which channel hears of it next."""

    cause: str
    deals: int
    message: Message
    owner: str
    criticality: Criticality
    escalate: str
    stale_after: float | None = None


@dataclass(frozen=True, slots=True)
class Sight:
    """Who has seen an alert and when, in words; nobody yet, where `by` is empty. `escalated` names the channel it went on to."""

    number: int
    by: str = ""
    at: datetime | None = None
    escalated: str = ""


def alert_message(message: Message, sight: Sight, *, with_button: bool) -> Message:
    """Return an alert's message with who has seen it, or with the button by which somebody says that they have."""
    foot: list[Paragraph] = [f"Nobody had seen this in time: it went on to {sight.escalated}."] if sight.escalated else []
    if sight.by and sight.at:
        foot.append(f"Seen by {escaped(sight.by)}, {sight.at:%d %b %Y %H:%M} UTC.")
    elif with_button:
        foot.append((Button(Action.ACKNOWLEDGE, "Acknowledge", str(sight.number)),))
    return Message(message.channel, message.text, [*message.paragraphs, *foot], message.links, message.thread)


def escalation(notice: Notice, minutes: float) -> Message:
    """Return what the next channel of the route is told of an alert that nobody has seen."""
    text = f"Nobody has seen this for {minutes:.0f} min: {notice.message.text}"
    return Message(notice.escalate, text, [f"*{escaped(text)}*", *notice.message.paragraphs[1:]], notice.message.links)


def escalated_note(notice: Notice, minutes: float) -> tuple[str, list[Paragraph]]:
    """Return what stands in the thread of an alert that went on."""
    text = f"Nobody has acknowledged this for {minutes:.0f} min. It went on to {notice.escalate}."
    return text, [escaped(text)]


def by_mail(notices: Sequence[Notice], runbook: str) -> tuple[str, str, str]:
    """Return subject, text and HTML of the letter to somebody whom chat does not reach."""
    channels = ", ".join(sorted({notice.message.channel for notice in notices}))
    subject = f"Alerts do not reach {channels}: {notices[0].message.text}"[:200]
    why = f"Towline could not say the following in {channels}: the chat refuses it, or does not answer."
    rest = "It is said there as soon as that is possible. `towline alerts` shows what is open."
    lines = [notice.message.text for notice in notices]
    text = "\n\n".join([why, "\n".join(f"- {line}" for line in lines), rest, f"What to do: {runbook}"])
    items = "".join(f"<li>{escape(line)}</li>" for line in lines)
    where = f'<a href="{escape(runbook)}">{escape(runbook)}</a>'
    html = f"<p>{escape(why)}</p><ul>{items}</ul><p>{escape(rest)}</p><p>What to do: {where}</p>"
    return subject, text, html


def drill_told(owner: str) -> tuple[str, list[Paragraph]]:
    """Return what a test alert says."""
    text = "Drill: a test of the way that alerts go; nothing has stopped"
    return text, [f"*{escaped(text)}*", f"Owner: {escaped(owner)}. It closes by itself within seconds."]


def drill_over() -> tuple[str, list[Paragraph]]:
    """Return what a test alert is replaced by."""
    text = "Drill: this test alert has arrived"
    return text, [f"*{text}.*"]


def number_of(subject: str) -> int:
    """Return the alert that a button carries. Raises RefusedError when it carries none."""
    if not (subject.isascii() and subject.isdecimal() and len(subject) < 18):
        raise RefusedError("this button is about no alert", cause="alert.unknown")
    return int(subject)
