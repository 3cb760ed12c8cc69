"""One door to the database: a transaction with all the books in it, and the wake-up call between processes."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Iterator
from dataclasses import dataclass
from functools import cache
from typing import Any, get_type_hints

import asyncpg
from sqlalchemy import event, text
from sqlalchemy.exc import DBAPIError, DisconnectionError, InterfaceError, OperationalError, SQLAlchemyError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine

from contracts.drift import Finding
from contracts.errors import RetryableError
from ledger.alerts import Alerts
from ledger.audits import Audits
from ledger.budgets import Budgets
from ledger.captures import Captures
from ledger.cases import Cases
from ledger.changes import Changes
from ledger.circuits import Circuits
from ledger.claims import Claims
from ledger.continuity import Continuity
from ledger.deaths import Deaths
from ledger.decisions import Decisions
from ledger.delegations import Delegations
from ledger.documents import Documents
from ledger.drift import Drift
from ledger.early import Early
from ledger.effects import Effects
from ledger.exceptions import Exceptions
from ledger.gates import Gates
from ledger.inbox import Inbox
from ledger.incidents import Incidents
from ledger.interactions import Interactions
from ledger.lanes import Lanes
from ledger.measures import Measures
from ledger.received import Received
from ledger.records import Records
from ledger.retention import Retention
from ledger.rollbacks import Rollbacks
from ledger.rules import Rules
from ledger.suggestions import Suggestions
from ledger.switches import Switches
from ledger.telling import Telling
from ledger.users import Users

log = logging.getLogger(__name__)

WAKE = "towline_wake"
PASSING = ("08", "53", "57", "55P03", "40001", "40P01")
"""SQLSTATE prefixes that pass by themselves: connection, resources (a full disk), shutdown, locks, serialisation."""


@dataclass(frozen=True, slots=True)
class Books:
    """All repositories on one transaction."""

    inbox: Inbox
    effects: Effects
    cases: Cases
    exceptions: Exceptions
    documents: Documents
    alerts: Alerts
    gates: Gates
    continuity: Continuity
    decisions: Decisions
    delegations: Delegations
    early: Early
    telling: Telling
    deaths: Deaths
    switches: Switches
    circuits: Circuits
    rollbacks: Rollbacks
    budgets: Budgets
    rules: Rules
    retention: Retention
    received: Received
    drift: Drift
    changes: Changes
    users: Users
    incidents: Incidents
    suggestions: Suggestions
    measures: Measures
    audits: Audits
    interactions: Interactions
    records: Records
    captures: Captures
    claims: Claims
    lanes: Lanes

    @classmethod
    def on(cls, connection: AsyncConnection) -> Books:
        """Open the books on a connection."""
        return cls(*(kind(connection) for kind in _kinds()))


@cache
def _kinds() -> tuple[Any, ...]:
    return tuple(get_type_hints(Books).values())


class Calls:
    """Wake-up calls as they come in; `ended` when nobody hears them any more, because the connection is gone."""

    def __init__(self) -> None:
        self.called = asyncio.Event()
        self.ended = False

    def hear(self, *_: object) -> None:
        """Take a call."""
        self.called.set()

    def end(self, *_: object) -> None:
        """Take note that the connection is gone."""
        self.ended = True
        self.called.set()


class Ledger:
    """The ledger of one house. Make one per process."""

    def __init__(self, url: str, *, pool: int = 3) -> None:
        self._engine: AsyncEngine = create_async_engine(
            url,
            pool_size=pool,
            max_overflow=pool,
            pool_timeout=10,
            hide_parameters=True,
            connect_args={"timeout": 10, "command_timeout": 60},
        )
        event.listen(self._engine.sync_engine, "checkout", _still_open)
        self._at_once = self._engine.execution_options(isolation_level="AUTOCOMMIT")
        self._to_wake = False
        self._waking: asyncio.Task[None] | None = None

    @contextlib.asynccontextmanager
    async def begin(self, *, wake: bool = False) -> AsyncIterator[Books]:
        """Open a transaction; it is committed on leaving, and then with `wake` the workers are told, without waiting for that.

        Raises:
            RetryableError: the database is not there, or full; nothing was written.
        """
        with _translated():
            async with self._engine.begin() as connection:
                books = Books.on(connection)
                yield books
            if wake or books.circuits.has_closed:
                self._wake_soon()

    @contextlib.asynccontextmanager
    async def at_once(self) -> AsyncIterator[Books]:
        """Open the books for statements each of which is a transaction of its own: one round trip to the database.

        Raises:
            RetryableError: the database is not there.
        """
        with _translated():
            async with self._at_once.connect() as connection:
                yield Books.on(connection)

    def _wake_soon(self) -> None:
        """Wake the workers in the background: one call at a time, and one more for all that was committed during it."""
        self._to_wake = True
        if self._waking is None:
            self._waking = asyncio.create_task(self._wake_while_needed())

    async def _wake_while_needed(self) -> None:
        try:
            while self._to_wake:
                self._to_wake = False
                await self.wake()
        except (OSError, SQLAlchemyError, asyncpg.PostgresError, asyncpg.InterfaceError) as error:
            log.warning("the workers could not be woken (%s); they look by themselves", type(error).__name__)
        finally:
            self._waking = None

    async def wake(self) -> None:
        """Tell the workers that there is something to do. A call of its own, so that accepting events can commit in groups."""
        async with self._engine.connect() as connection:
            await connection.execute(text(f"NOTIFY {WAKE}"))
            await connection.commit()

    @contextlib.asynccontextmanager
    async def woken(self) -> AsyncIterator[Calls]:
        """Listen for wake-up calls.

        Raises:
            RetryableError: the database is not there.
        """
        try:
            async with self._engine.connect() as connection:
                driver: Any = (await connection.get_raw_connection()).driver_connection
                calls = Calls()
                driver.add_termination_listener(calls.end)
                await driver.add_listener(WAKE, calls.hear)
                try:
                    yield calls
                finally:
                    await connection.invalidate()
        except (OSError, SQLAlchemyError, asyncpg.PostgresError, asyncpg.InterfaceError) as error:
            raise _unavailable(error) from error

    @contextlib.asynccontextmanager
    async def alone(self, name: str) -> AsyncIterator[None]:
        """Hold the name for this process; wait while another one holds it. Who gets it knows that its predecessor is gone."""
        async with self._engine.connect() as connection:
            connection = await connection.execution_options(isolation_level="AUTOCOMMIT")
            held = text("SELECT pg_try_advisory_lock(hashtextextended(:name, 0))")
            while not (await connection.execute(held, {"name": name})).scalar_one():  # noqa: ASYNC110  (another process's)
                await asyncio.sleep(0.2)
            try:
                yield
            finally:
                with contextlib.suppress(SQLAlchemyError):
                    await connection.execute(text("SELECT pg_advisory_unlock_all()"))

    async def close(self) -> None:
        """Give all connections back, after a wake-up call that is under way."""
        if self._waking is not None:
            await self._waking
        await self._engine.dispose()


def _still_open(connection: Any, _record: object, _proxy: object) -> None:
    """Let the pool replace a connection whose server is gone: the driver has noticed, a ping would cost three round trips."""
    if connection.driver_connection.is_closed():
        raise DisconnectionError


@contextlib.contextmanager
def _translated() -> Iterator[None]:
    """Say in our words that the database is not there, or full."""
    try:
        yield
    except (OSError, PoolTimeout, asyncpg.PostgresError, asyncpg.InterfaceError) as error:
        raise _unavailable(error) from error
    except SQLAlchemyError as error:
        if passes(error):
            raise _unavailable(error) from error
        raise


def passes(error: SQLAlchemyError) -> bool:
    """Say whether a database error passes by itself."""
    if isinstance(error, DBAPIError):
        state = str(getattr(error.orig, "sqlstate", None) or getattr(error.orig, "pgcode", None) or "")
        return error.connection_invalidated or state.startswith(PASSING) or isinstance(error, (OperationalError, InterfaceError))
    return False


def _unavailable(error: BaseException) -> RetryableError:
    return RetryableError(f"the ledger is not available ({type(error).__name__})", cause="ledger.unavailable", retry_after=5)


def noting(ledger: Ledger) -> Callable[[Collection[Finding]], Awaitable[None]]:
    """Return what writes differences of vendors' payloads down, in a transaction of its own."""

    async def note(findings: Collection[Finding]) -> None:
        async with ledger.begin() as books:
            await books.drift.note(findings)

    return note
