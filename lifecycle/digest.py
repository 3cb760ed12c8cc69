"""What a channel is told once a working day: milestones, what waits for a decision, overdue invoices; pure words and times."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from typing import TypeVar
from zoneinfo import ZoneInfo

from cronsim import CronSim

from contracts.records import EffectKey
from contracts.values import Money
from lifecycle import keys
from lifecycle.announcements import LONGEST_LIST, escaped

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Reached:
    """A milestone that was reached."""

    title: str
    milestone: str
    url: str = ""


@dataclass(frozen=True, slots=True)
class Asked:
    """Something that waits for a person's decision, for so many days."""

    title: str
    amount: Money
    days: int
    url: str = ""


@dataclass(frozen=True, slots=True)
class Overdue:
    """An invoice that was due so many days ago."""

    title: str
    amount: Money
    days: int


@dataclass(slots=True)
class News:
    """What one channel is told of a day."""

    reached: list[Reached] = field(default_factory=list)
    asked: list[Asked] = field(default_factory=list)
    overdue: list[Overdue] = field(default_factory=list)


def digest_key(day: date, channel: str) -> EffectKey:
    """Return the key of a day's message in a channel."""
    return keys.effect_key(keys.HOUSE, f"digest {day.isoformat()} {channel}")


def since_the_last(day: date, cron: str, zone: str) -> tuple[datetime, datetime]:
    """Return the time that a day's digest is about: from the schedule's time before to the day's own, or the last one before it.

    So on a Monday it begins on Friday.
    """
    tomorrow = datetime.combine(day + timedelta(days=1), time(), ZoneInfo(zone))
    times = CronSim(cron, tomorrow, reverse=True)
    until = next(times)
    return next(times), until


def message(day: date, news: News) -> tuple[str, list[str]]:
    """Return the one-line text and the paragraphs of a day's message, in Slack's Markdown."""
    told = [
        _paragraph(news.reached, "milestone reached", "milestones reached", _reached),
        _paragraph(news.asked, "decision waits", "decisions wait", _asked),
        _paragraph(news.overdue, "invoice overdue", "invoices overdue", _overdue),
    ]
    heads, paragraphs = zip(*filter(None, told), strict=True)
    text = f"{day:%A, %d %B}: {', '.join(heads)}"
    return text, [f"*{escaped(text)}*", *paragraphs]


def _paragraph(many: Sequence[T], one: str, more: str, line: Callable[[T], str]) -> tuple[str, str] | None:
    if not many:
        return None
    head = f"{len(many)} {one if len(many) == 1 else more}"
    lines = [f"• {line(each)}" for each in many[:LONGEST_LIST]]
    if len(many) > LONGEST_LIST:
        lines.append(f"… and {len(many) - LONGEST_LIST} more")
    return head, "\n".join([f"*{head}*", *lines])


def _reached(one: Reached) -> str:
    return f"{_linked(one.title, one.url)} · {escaped(one.milestone)}"


def _asked(one: Asked) -> str:
    return f"{_linked(one.title, one.url)} · {one.amount} · {_for(one.days)}"


def _overdue(one: Overdue) -> str:
    return f"{escaped(one.title)} · {one.amount} · {_for(one.days)}"


def _linked(title: str, url: str) -> str:
    return f"<{url}|{escaped(title)}>" if url else escaped(title)


def _for(days: int) -> str:
    return "since today" if days == 0 else "for 1 day" if days == 1 else f"for {days} days"
