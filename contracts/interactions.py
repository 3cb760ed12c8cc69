"""What people do in chat by buttons, forms, shortcuts and commands, and what they are shown to do it with; knows no vendor."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from uuid import UUID


class Way(StrEnum):
    """How somebody did something in chat."""

    BUTTON = "button"
    FORM = "form"
    SHORTCUT = "shortcut"
    COMMAND = "command"


class Action(StrEnum):
    """What somebody did in chat; `ask` for a command, whose first word says what."""

    APPROVE = "approve"
    REJECT = "reject"
    QUESTION = "question"
    ACKNOWLEDGE = "acknowledge"
    PROMOTE = "promote"
    ASK = "ask"


@dataclass(frozen=True, slots=True)
class Interaction:
    """One act of a person in chat: as much of it as its work needs, and nothing of the message that it was done on.

    `subject` is what the button carries, or what was typed behind a command; `said` what was typed into a form. `message` names
    the message. `answer_to` is where an answer to this person alone goes, and `trigger` what opens a form for them.
    """

    id: UUID
    way: Way
    action: Action
    person: str
    subject: str = ""
    message: str = ""
    answer_to: str = ""
    trigger: str = ""
    said: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Button:
    """A button of a message; `confirm` is asked before it counts."""

    action: Action
    label: str
    subject: str
    style: str = ""
    confirm: str = ""


@dataclass(frozen=True, slots=True)
class Entry:
    """A field of a form, which must be filled in: a line, several lines, or one of the options (value and label)."""

    name: str
    label: str
    hint: str = ""
    lines: bool = False
    options: Sequence[tuple[str, str]] = ()


@dataclass(frozen=True, slots=True)
class Form:
    """A form that somebody is shown; what they send comes back with subject, message and answer address of what opened it."""

    action: Action
    title: str
    submit: str
    text: str
    entries: Sequence[Entry]


@dataclass(frozen=True, slots=True)
class Member:
    """A full member of the company's workspace."""

    id: str
    email: str


@dataclass(frozen=True, slots=True)
class Speaker:
    """Who does something in chat: their address, and the owners that they speak for, one at least."""

    email: str
    owners: Sequence[str]

    @property
    def names(self) -> set[str]:
        """What this person may be called as the owner of a deal: an owner's key, or the name in their address."""
        return {*self.owners, self.email.partition("@")[0]}


@dataclass(frozen=True, slots=True)
class Said:
    """A message as it stands in chat: its words, who wrote it and when, and the address that leads to it."""

    text: str
    author: str
    at: datetime
    link: str
