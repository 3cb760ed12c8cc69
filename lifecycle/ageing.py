"""When a client is reminded of an invoice; pure."""

from __future__ import annotations

from datetime import date

from lifecycle.invoice import REMINDED_AFTER


def reminder_due(due_on: date, today: date) -> int | None:
    """Return after how many days a client is to be reminded by now: the last of the agreed ones only.

    So a house that stood still for a month sends one letter, not three. None before the first one.
    """
    passed = [days for days in REMINDED_AFTER if (today - due_on).days >= days]
    return max(passed, default=None)
