"""A gateway on an empty ledger, and somebody who sends to it."""

from __future__ import annotations

from collections.abc import AsyncIterator

import httpx
import pytest

from deployments.postgres import EmbeddedPostgres
from ledger.database import Ledger
from tests.conftest import url_of
from tests.web.sender import Sender, gateway

DATABASE = "web"


@pytest.fixture(scope="session")
def shared_database(postgres: EmbeddedPostgres) -> str:
    """One database for all these tests: making one each takes longer than most of them."""
    postgres.psql(f"CREATE DATABASE {DATABASE} TEMPLATE template")
    return url_of(postgres, DATABASE)


@pytest.fixture
async def ledger(postgres: EmbeddedPostgres, shared_database: str) -> AsyncIterator[Ledger]:
    """An empty ledger."""
    book = Ledger(shared_database, pool=4)
    yield book
    await book.close()
    books = "inbox, effects, cases, exceptions, documents, alerts, gate_results, continuity, case_references"
    books += ", decisions, decision_answers, delegations, claims, contract_changes"
    postgres.psql(f"TRUNCATE {books}, switches, budgets, users, sessions, user_actions, incidents", DATABASE)


@pytest.fixture
async def client(ledger: Ledger) -> AsyncIterator[httpx.AsyncClient]:
    async with gateway(ledger) as found:
        yield found


@pytest.fixture
def sender(client: httpx.AsyncClient) -> Sender:
    return Sender(client)


@pytest.fixture
async def refusing(database_url: str) -> AsyncIterator[Sender]:
    """Somebody who sends to a gateway whose database the test may spoil."""
    book = Ledger(database_url, pool=4)
    async with gateway(book) as found:
        yield Sender(found)
    await book.close()
