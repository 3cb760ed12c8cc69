"""Opens the ledger for a command and says clearly when it cannot; it must not keep it open."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator
from uuid import UUID

from sqlalchemy.exc import ProgrammingError

from contracts.errors import MisconfiguredError, RetryableError
from ledger.database import Books, Ledger
from lifecycle.keys import event_id
from runtime.settings import Settings, load_settings

UNDEFINED_TABLE = "42P01"


@contextlib.asynccontextmanager
async def open_ledger(settings: Settings | None = None) -> AsyncIterator[Ledger]:
    """Give the ledger of these settings, and close it.

    Raises:
        MisconfiguredError: it is not there, or has no tables yet; says what to do.
    """
    settings = settings or load_settings()
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


def parse_id(text: str, what: str) -> UUID:
    """Return our id of an event or a case. Raises MisconfiguredError when the text is none."""
    try:
        return UUID(text)
    except ValueError:
        raise MisconfiguredError(f"that is not the id of {what}; ids look like 6b1f6c1e-3f0a-5d0e-9c57-0d6a7c1f3b52") from None


def find_event(text: str, source: str | None) -> UUID:
    """Return our id of an event that is named by ours, or by its sender's together with the source."""
    return event_id(source, text) if source is not None else parse_id(text, "an event; give --source with the sender's own id")
