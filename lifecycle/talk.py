"""What somebody who acts in chat is shown and told, in the chat's Markdown; pure. What comes from outside is escaped here."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from contracts.interactions import Action, Entry, Form
from contracts.values import Money
from lifecycle.announcements import escaped
from lifecycle.recording import PROMOTED

USAGE = (
    "`/towline deal NAME` shows deals with that in their name, `/towline waiting` what waits for a decision, "
    "`/towline promote` puts something on a deal's record. A message is promoted by its own shortcut, “Promote to record”."
)
TOO_LATE = "that took too long; please do it again"
MOST = 5


@dataclass(frozen=True, slots=True)
class Line:
    """A deal, or a decision about one, as it is listed."""

    title: str
    amount: Money | None
    facts: Sequence[str]
    url: str


def promote_form(*, of_message: bool) -> Form:
    """Return the form that puts a message, or what is typed into it, on a deal's record."""
    words = () if of_message else (Entry("words", "What was said", lines=True),)
    return Form(
        Action.PROMOTE,
        "Promote to record",
        "Record",
        "It is kept with the deal, with its author, time and link, and with you, who vouch for it. Nothing else is kept.",
        (
            Entry("deal", "Deal", "Its name, or a part of it that no other deal has."),
            Entry("kind", "What it is", options=[(kind.value, label) for kind, label in PROMOTED.items()]),
            *words,
        ),
    )


def listed(lines: Sequence[Line], *, none: str) -> str:
    """Return lines as a list, or what is said where there are none."""
    shown = [_line(one) for one in lines[:MOST]]
    if len(lines) > MOST:
        shown.append("… and more: say more of the name, or look at the console")
    return "\n".join(shown) or none


def since(moment: datetime) -> str:
    """Return since when something waits."""
    return f"since {moment:%d %b %Y %H:%M} UTC"


def _line(line: Line) -> str:
    facts = [str(line.amount) if line.amount else "", *map(escaped, line.facts)]
    return "• " + " · ".join([f"<{line.url}|{escaped(line.title)}>", *filter(None, facts)])
