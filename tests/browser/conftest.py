"""A gateway of its own on a ledger with a story in it, and Debian's Chromium to look at it."""

from __future__ import annotations

import os
import shutil
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
from playwright.async_api import Browser, async_playwright

from deployments.postgres import EmbeddedPostgres
from ledger.database import Ledger
from tests.browser.story import Story, told_to
from tests.conftest import url_of
from tests.web.process import Gateway, running

DATABASE = "browser"


@pytest.fixture(scope="session")
def chromium() -> str:
    """Where the browser lies; a test that cannot have it fails where CI runs it, and says elsewhere what it missed."""
    found = shutil.which("chromium")
    if not found and os.environ.get("CI"):
        pytest.fail("chromium is missing: scripts/debian.sh installs it")
    return found or pytest.skip("chromium is not installed (scripts/debian.sh installs it): no page was looked at")


@pytest.fixture(scope="session")
async def browser(chromium: str) -> AsyncIterator[Browser]:
    async with async_playwright() as playwright:
        opened = await playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        yield opened
        await opened.close()


@pytest.fixture(scope="session")
def database(postgres: EmbeddedPostgres) -> str:
    postgres.psql(f"CREATE DATABASE {DATABASE} TEMPLATE template")
    return url_of(postgres, DATABASE)


@pytest.fixture(scope="session")
def gateway(chromium: str, database: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Gateway]:
    folder: Path = tmp_path_factory.mktemp("gateway")
    with running(database, folder) as found:
        yield found


@pytest.fixture
async def ledger(database: str) -> AsyncIterator[Ledger]:
    book = Ledger(database)
    yield book
    await book.close()


@pytest.fixture(scope="session")
async def story(database: str) -> Story:
    """Deals at every stage, some of them stuck, and people of every role."""
    book = Ledger(database)
    try:
        return await told_to(book)
    finally:
        await book.close()
