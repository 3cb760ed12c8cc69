"""What a channel is told of a day: since the last working day, in whole sentences, cut where it is too much."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from contracts.values import Money
from lifecycle.ageing import reminder_due
from lifecycle.announcements import LONGEST_LIST
from lifecycle.digest import Asked, News, Overdue, Reached, digest_key, message, since_the_last

BERLIN = ZoneInfo("Europe/Berlin")
WORKDAYS = "0 8 * * 1-5"
TUESDAY = date(2026, 11, 24)
EUR = Money(minor=1500000, currency="EUR")


def eight(year: int, month: int, day: int) -> datetime:
    """Eight o'clock of a day in Berlin."""
    return datetime(year, month, day, 8, tzinfo=BERLIN)


@pytest.mark.parametrize(
    ("day", "since", "until"),
    [
        (TUESDAY, eight(2026, 11, 23), eight(2026, 11, 24)),
        (date(2026, 11, 23), eight(2026, 11, 20), eight(2026, 11, 23)),
        (date(2026, 11, 22), eight(2026, 11, 19), eight(2026, 11, 20)),
        (date(2026, 3, 30), eight(2026, 3, 27), eight(2026, 3, 30)),
    ],
    ids=["Tuesday: since Monday", "Monday: since Friday", "Sunday: Friday's", "over the change of clocks"],
)
def test_a_digest_is_about_the_time_since_the_last_working_day(day: date, since: datetime, until: datetime) -> None:
    assert since_the_last(day, WORKDAYS, "Europe/Berlin") == (since, until)


def test_days_follow_each_other_without_a_gap() -> None:
    days = [TUESDAY + timedelta(days=n) for n in range(14) if (TUESDAY + timedelta(days=n)).weekday() < 5]
    times = [since_the_last(day, WORKDAYS, "Europe/Berlin") for day in days]
    assert [since for since, _ in times[1:]] == [until for _, until in times[:-1]]


def test_a_day_is_told_once_in_each_channel() -> None:
    found = {digest_key(day, channel) for day in (TUESDAY, date(2026, 11, 25)) for channel in ("#delivery", "#deals")}
    assert len(found) == 4
    assert digest_key(TUESDAY, "#delivery") == digest_key(date(2026, 11, 24), "#delivery")


def test_the_message_says_what_was_reached_what_waits_and_what_is_overdue() -> None:
    news = News(
        [Reached("Northwind <GmbH>", "Pilot & rollout")],
        [Asked("Contoso", EUR, 0, "https://docs.example/1"), Asked("Fabrikam", EUR, 1), Asked("Adatum", EUR, 12)],
        [Overdue("Litware", EUR, 8), Overdue("Tailspin", EUR, 30)],
    )
    text, paragraphs = message(TUESDAY, news)
    assert text == "Tuesday, 24 November: 1 milestone reached, 3 decisions wait, 2 invoices overdue"
    assert paragraphs == [
        "*Tuesday, 24 November: 1 milestone reached, 3 decisions wait, 2 invoices overdue*",
        "*1 milestone reached*\n• Northwind &lt;GmbH&gt; · Pilot &amp; rollout",
        "*3 decisions wait*\n• <https://docs.example/1|Contoso> · EUR 15,000.00 · since today\n"
        "• Fabrikam · EUR 15,000.00 · for 1 day\n• Adatum · EUR 15,000.00 · for 12 days",
        "*2 invoices overdue*\n• Litware · EUR 15,000.00 · for 8 days\n• Tailspin · EUR 15,000.00 · for 30 days",
    ]


def test_what_there_is_nothing_of_is_not_mentioned() -> None:
    assert message(TUESDAY, News(overdue=[Overdue("Litware", EUR, 8)]))[0] == "Tuesday, 24 November: 1 invoice overdue"


def test_a_long_list_is_cut_and_says_so() -> None:
    _, (_, told) = message(TUESDAY, News([Reached(f"Deal {n}", "Go-live") for n in range(LONGEST_LIST + 5)]))
    assert told.splitlines()[0] == "*25 milestones reached*"
    assert told.splitlines()[-1] == "… and 5 more"
    assert len(told.splitlines()) == LONGEST_LIST + 2


@pytest.mark.parametrize(
    ("days", "reminder"),
    [(-1, None), (0, None), (6, None), (7, 7), (13, 7), (14, 14), (29, 14), (30, 30), (400, 30)],
)
def test_a_reminder_is_due_for_the_last_threshold_that_has_passed(days: int, reminder: int | None) -> None:
    assert reminder_due(TUESDAY - timedelta(days=days), TUESDAY) == reminder
