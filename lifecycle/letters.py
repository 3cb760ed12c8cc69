"""What clients are written to: the words of each letter, as text and as HTML, from the same facts.

It is told everything it says; it knows no mailbox, no thread and no address, and equal facts give equal letters.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from functools import cache
from itertools import dropwhile
from pathlib import Path
from typing import Any
from unicodedata import category

from jinja2 import Environment, FileSystemLoader, StrictUndefined, select_autoescape

from contracts.values import Money
from lifecycle.invoice import REMINDED_AFTER

LONGEST_TITLE = 120
LONGEST_VALUE = 200
LONGEST_NOTE = 4000
LONGEST_NAME = 40
TITLES = frozenset({"dr", "dipl", "dipl.-ing", "frau", "herr", "ing", "mag", "miss", "mr", "mrs", "ms", "prof"})
GAPS = re.compile(r"\n{3,}")

Facts = Sequence[tuple[str, str]]


@dataclass(frozen=True, slots=True)
class Words:
    """What a letter says: one line of subject, and twice the same in text and in HTML."""

    subject: str
    text: str
    html: str


def subject_of(deal: str) -> str:
    """Return the subject that every letter about a deal carries, so that mail programs keep them in one conversation."""
    title = _line(deal, LONGEST_TITLE)
    return f"Your project: {title}" if title else "Your project"


def reply_subject(deal: str) -> str:
    """Return the subject of a letter that answers an earlier one about the same deal."""
    return f"Re: {subject_of(deal)}"


def summary(*, company: str, person: str, deal: str, owner: str, amount: Money, url: str, approved_on: date) -> Words:
    """Say what was agreed, that the proposal is attached, and what happens next."""
    facts = [("Project", deal), ("Agreed amount", str(amount)), ("Approved on", _day(approved_on))]
    return _words("summary", company, person, deal, owner, facts=facts, url=url)


def milestone(*, company: str, person: str, deal: str, owner: str, milestone: str, notes: Sequence[str]) -> Words:
    """Say which milestone is reached, and the notes that were approved for the client, and nothing else of the work.

    Raises:
        ValueError: there are no notes, so nothing was approved to be told.
    """
    told = [lines for lines in map(_lines, notes) if lines]
    if not told:
        raise ValueError("no note is approved for the client")
    facts = [("Project", deal), ("Milestone", milestone)]
    return _words("milestone", company, person, deal, owner, facts=facts, milestone=_line(milestone), notes=told)


def cover_note(
    *, company: str, person: str, deal: str, owner: str, number: str, amount: Money, due_on: date | None, url: str
) -> Words:
    """Say what an invoice is for, when it is due, and where to see and pay it."""
    facts = _invoice(deal, number, amount, due_on)
    return _words("invoice", company, person, deal, owner, facts=facts, number=_line(number), due=_due(due_on), url=url)


def reminder(
    *, company: str, person: str, deal: str, owner: str, number: str, amount: Money, due_on: date | None, url: str, days: int
) -> Words:
    """Ask for an open invoice in good faith, from 14 and again from 30 days on in plainer words.

    Where the due date is known it is named instead of `days`: a reminder that was held up would count them wrong.

    Raises:
        ValueError: the invoice is not overdue.
    """
    if days < 1:
        raise ValueError("nobody is reminded of what is not overdue")
    tone = max(1, sum(days >= after for after in REMINDED_AFTER))
    more = {"number": _line(number), "due": _due(due_on), "url": url, "days": days, "tone": tone}
    return _words("reminder", company, person, deal, owner, facts=_invoice(deal, number, amount, due_on), **more)


def _invoice(deal: str, number: str, amount: Money, due_on: date | None) -> Facts:
    return [("Invoice", number), ("Project", deal), ("Amount", str(amount)), ("Due date", _due(due_on))]


def _words(name: str, company: str, person: str, deal: str, owner: str, *, facts: Facts, **more: Any) -> Words:
    known = {
        "subject": subject_of(deal),
        "company": _line(company),
        "deal": _line(deal),
        "greeting": _greeting(person),
        "owner": _line(owner),
        "facts": [(label, _line(value)) for label, value in facts if _line(value)],
    }
    values = known | more | {"url": _link(more.get("url", ""))}
    text, html = (_environment().get_template(f"letter-{name}.{kind}.j2").render(values) for kind in ("txt", "html"))
    return Words(subject_of(deal), GAPS.sub("\n\n", text).strip() + "\n", html)


def _greeting(person: str) -> str:
    """`Hello Ada`; where it is not sure which part people are called by (`J. Byron`, `Dr. Byron`, an address), only `Hello`."""
    before, comma, after = _line(person).partition(",")
    if comma and len(before.split()) > 1:
        return "Hello"
    words = (after if after.strip() else before).split()
    names = list(dropwhile(lambda word: word.rstrip(".").lower() in TITLES, words))
    is_family = not comma and len(names) == 1 < len(words)
    fits = names and not is_family and not names[0].endswith(".") and "@" not in names[0] and len(names[0]) <= LONGEST_NAME
    return f"Hello {names[0]}" if fits else "Hello"


def _line(text: str, longest: int = LONGEST_VALUE) -> str:
    """Text as one line without control characters, cut at a word where it is longer than a reader wants."""
    flat = " ".join("".join(" " if category(char) in ("Cc", "Zl", "Zp") else char for char in text if _is_plain(char)).split())
    if len(flat) <= longest:
        return flat
    head = flat[: longest - 1]
    whole_words = head.rpartition(" ")[0]
    return (whole_words if len(whole_words) > longest // 2 else head).rstrip(" ,;:-·") + "…"


def _lines(note: str) -> list[str]:
    """A note's lines, each cleaned, without the empty ones; a note that is far too long ends early."""
    cut = note if len(note) <= LONGEST_NOTE else note[: LONGEST_NOTE - 1].rstrip() + "…"
    return [line for line in (_line(part, LONGEST_NOTE) for part in cut.splitlines()) if line]


def _is_plain(char: str) -> bool:
    """Whether a character may stand in a letter: no broken one, no invisible mark but the joiners of scripts and emoji."""
    return category(char) not in ("Cf", "Cs", "Co") or char in "\u200c\u200d"


def _link(url: str) -> str:
    """The address that a button may lead to, or nothing: pages only, never script, files or half an address."""
    fits = url.startswith(("https://", "http://")) and url.isprintable() and not any(char.isspace() for char in url)
    return url if fits else ""


def _day(when: date) -> str:
    return f"{when.day} {when:%B %Y}"


def _due(due_on: date | None) -> str:
    return _day(due_on) if due_on else ""


@cache
def _environment() -> Environment:
    return Environment(
        loader=FileSystemLoader(Path(__file__).parent / "templates"),
        autoescape=select_autoescape(("html.j2",), default=False),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
    )
