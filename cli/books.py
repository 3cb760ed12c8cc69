"""Opens the ledger for a command and says clearly when it cannot; it must not keep it open."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import Row
from sqlalchemy.exc import ProgrammingError

from contracts.errors import MisconfiguredError, RetryableError
from ledger.database import Books, Ledger
from lifecycle.keys import event_id
from runtime.in_force import follow
from runtime.settings import Settings, load_settings

PAGE = 1000
UNDEFINED_TABLE = "42P01"


@contextlib.asynccontextmanager
async def open_ledger(settings: Settings | None = None) -> AsyncIterator[Ledger]:
    """Give the ledger of these settings, and close it; what is agreed is read as it is in force there.

    Raises:
        MisconfiguredError: it is not there, or has no tables yet; says what to do.
    """
    settings = settings or load_settings()
    follow(settings)
    ledger = Ledger(settings.database(), pool=2)
    try:
        yield ledger
    except RetryableError as error:
        if error.cause != "ledger.unavailable":
            raise
        remedy = "start it with `towline up`" if settings.embedded else "check TOWLINE_DATABASE_URL and the server behind it"
        raise MisconfiguredError(f"{error.text}; {remedy}", cause=error.cause) from None
    except ProgrammingError as error:
        if getattr(error.orig, "sqlstate", None) != UNDEFINED_TABLE:
            raise
        raise MisconfiguredError("the ledger has no tables yet; `towline up` makes them", cause="ledger.empty") from None
    finally:
        await ledger.close()


@contextlib.asynccontextmanager
async def open_books() -> AsyncIterator[Books]:
    """Give one transaction on the ledger, for a command that asks once."""
    async with open_ledger() as ledger, ledger.begin() as books:
        yield books


async def received_lately(days: int) -> AsyncIterator[Row[Any]]:
    """Give the events of others that came in within so many days, in order, read page by page. Raises as `open_ledger` does."""
    since, place = datetime.now(UTC) - timedelta(days=days), 0
    async with open_ledger() as ledger:
        while True:
            async with ledger.begin() as books:
                rows = await books.received.since(since, after=place, limit=PAGE)
            for row in rows:
                yield row
            if len(rows) < PAGE:
                return
            place = rows[-1].seq


def parse_id(text: str, what: str) -> UUID:
    """Return our id of an event or a case. Raises MisconfiguredError when the text is none."""
    try:
        return UUID(text)
    except ValueError:
        raise MisconfiguredError(f"that is not the id of {what}; ids look like 6b1f6c1e-3f0a-5d0e-9c57-0d6a7c1f3b52") from None


def find_event(text: str, source: str | None) -> UUID:
    """Return our id of an event that is named by ours, or by its sender's together with the source."""
    return event_id(source, text) if source is not None else parse_id(text, "an event; give --source with the sender's own id")
