"""*Systems*: each outside system with its health, limits and owners, what it is the record of, and what was seen to drift."""

from __future__ import annotations

import httpx
import pytest

from contracts.budgets import Ask, Limit, budgets
from contracts.catalog import catalog
from contracts.drift import Finding
from ledger.database import Ledger
from tests.cli.test_incidents import incident
from tests.web.test_console import signed_in, sql
from tests.web.test_now import figures
from web.console.systems import VENDORS


@pytest.fixture
async def visitor(client: httpx.AsyncClient, ledger: Ledger) -> httpx.AsyncClient:
    return (await signed_in(client, ledger, "viewer")).client


def test_every_limit_that_we_keep_is_shown_at_its_system() -> None:
    assert set(VENDORS) == set(budgets())
    assert set(VENDORS.values()) == set(catalog().systems.systems)


async def test_a_system_is_shown_with_its_owners_and_what_it_is_the_record_of(visitor: httpx.AsyncClient) -> None:
    page = (await visitor.get("/systems")).text
    told = figures(page)
    assert all(f'id="{system}"' in page for system in catalog().systems.systems)
    assert "Record of estimate, invoice, payment" in told
    assert "account of crm" in told
    assert "process: finance-operations; integration: integration; application: workplace" in told


async def test_limits_show_what_is_left_and_what_the_vendor_asked_for(visitor: httpx.AsyncClient, ledger: Ledger) -> None:
    limit = Limit(name="calls", calls=190, seconds=10)
    async with ledger.at_once() as books:
        await books.budgets.draw(Ask("hubspot.calls", limit, 1, 40, 0, 0.0))
    assert "150 of 190 calls left" in figures((await visitor.get("/systems")).text)
    async with ledger.at_once() as books:
        await books.budgets.draw(Ask("hubspot.calls", limit, 1, 50, 0, 0.0))
    told = figures((await visitor.get("/")).text)
    assert "100 of 190 calls left; used up in" in told
    async with ledger.at_once() as books:
        await books.budgets.hold("hubspot.calls", 30)
    assert "the vendor wants none for" in figures((await visitor.get("/systems")).text)


async def test_what_was_changed_past_us_and_what_a_vendor_sends_otherwise_stands_at_its_system(
    visitor: httpx.AsyncClient, ledger: Ledger
) -> None:
    finding = Finding(vendor="hubspot", object="deal", path="colour", kind="unknown", before="", after="text")
    async with ledger.begin() as books:
        await books.drift.note([finding])
        await books.incidents.open([incident()])
    try:
        page = (await visitor.get("/systems")).text
        crm = page[page.index('id="crm"') : page.index('id="docs"')]
        assert "drift/hubspot/deal/colour/unknown" in crm
        assert "1 open" in figures(crm)
        assert "drift/" not in page.replace(crm, "")
    finally:
        await sql(ledger, "DELETE FROM incidents")
