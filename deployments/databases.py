"""Where the two databases lie, the ledger's and Prefect's, and making those that are not there yet."""

from __future__ import annotations

import os
from urllib.parse import urlsplit

import asyncpg

from contracts.errors import MisconfiguredError
from runtime.settings import Settings

PREFECT_DATABASE = "PREFECT_API_DATABASE_CONNECTION_URL"


def prefect_database(settings: Settings) -> str:
    """Return the URL of Prefect's database: the one that was set, or one of its own beside the ledger's."""
    if given := os.environ.get(PREFECT_DATABASE):
        return given
    if settings.embedded:
        return settings.database("prefect")
    ledger = urlsplit(settings.database())
    return ledger._replace(path=f"{ledger.path}_prefect").geturl()


async def ensure_databases(settings: Settings) -> None:
    """Make the databases that are missing; those that are there stay as they are.

    Raises:
        MisconfiguredError: the server cannot be reached or refuses; says what its operator must do.
    """
    if settings.embedded:
        await _ensure(settings.database("postgres"), settings.database())
    if settings.prefect_api_url is None and PREFECT_DATABASE not in os.environ:
        own = prefect_database(settings)
        await _ensure(settings.database("postgres") if settings.embedded else settings.database(), own)
        await _ensure_trigrams(own)


async def _ensure(through: str, wanted: str) -> None:
    """Make the database of the URL `wanted`, speaking to the server through another one."""
    name = urlsplit(wanted).path.removeprefix("/")
    connection = await _connect(through)
    try:
        if not await connection.fetchval("SELECT 1 FROM pg_database WHERE datname = $1", name):
            quoted = name.replace('"', '""')
            await connection.execute(f'CREATE DATABASE "{quoted}"')
    except asyncpg.DuplicateDatabaseError:
        pass
    except asyncpg.InsufficientPrivilegeError:
        raise MisconfiguredError(f"PostgreSQL does not let us make the database {name}; make it, owned by our user") from None
    finally:
        await connection.close()


async def _ensure_trigrams(url: str) -> None:
    """Prefect's migrations need the extension pg_trgm."""
    connection = await _connect(url)
    try:
        await connection.execute("CREATE EXTENSION IF NOT EXISTS pg_trgm")
    except asyncpg.PostgresError as error:
        raise MisconfiguredError(
            f"Prefect's database needs the extension pg_trgm ({type(error).__name__}); make it there as its owner"
        ) from None
    finally:
        await connection.close()


async def _connect(url: str) -> asyncpg.Connection:
    try:
        return await asyncpg.connect(url.replace("+asyncpg", "", 1), timeout=10)
    except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError) as error:
        raise MisconfiguredError(f"PostgreSQL cannot be reached ({type(error).__name__}); check TOWLINE_DATABASE_URL") from None
