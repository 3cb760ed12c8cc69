"""Runbooks are pages of the gateway: whoever follows an alert's link can read what to do."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest
from markupsafe import escape

from contracts.catalog import catalog
from contracts.runbooks import runbooks
from ledger.database import Ledger
from runtime.settings import Settings
from tests.house.pages import RUNBOOKS
from web.app import create_app

LEDGER_THAT_IS_DOWN = "postgresql+asyncpg://nobody@/nowhere?host=/nonexistent"


@pytest.fixture
async def reader() -> AsyncIterator[httpx.AsyncClient]:
    """Somebody with a browser, while the ledger is down: that is when runbooks are needed."""
    secrets = {"crm_webhook_secrets": "secret", "billing_webhook_secrets": "secret"}
    given: dict[str, Any] = {"events_secrets": "whsec_c2VjcmV0", "api_token": "token", **secrets}
    app = create_app(Settings(_env_file=None, **given), Ledger(LEDGER_THAT_IS_DOWN), catalog())
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://gateway") as client:
        yield client


@pytest.mark.parametrize("name", sorted(path.name for path in RUNBOOKS.glob("*.md")))
async def test_every_runbook_is_a_page(reader: httpx.AsyncClient, name: str) -> None:
    page = await reader.get(f"/runbooks/{name}")
    assert page.status_code == 200
    assert page.headers["content-type"] == "text/html; charset=utf-8"
    assert "<h2>When to escalate</h2>" in page.text
    assert "frame-ancestors 'none'" in page.headers["content-security-policy"]
    assert "style=" not in page.text
    assert "<script" not in page.text


async def test_the_links_of_a_page_lead_to_other_pages(reader: httpx.AsyncClient) -> None:
    page = await reader.get("/runbooks/lead.md")
    assert '<a href="quarantine.md">quarantine</a>' in page.text
    assert (await reader.get("/runbooks/quarantine.md")).status_code == 200
    assert (await reader.get("/console.css")).status_code == 200


@pytest.mark.parametrize(
    "name",
    [
        "none.md",
        "lead",
        "lead.md/",
        "..%2Fmap.md",
        "../map.md",
        "%2e%2e/map.md",
        "..%2f..%2fREADME.md",
        "....//map.md",
        "%2Fetc%2Fpasswd",
        "lead.md%00",
        "",
    ],
)
async def test_a_name_that_is_no_runbook_is_not_found(reader: httpx.AsyncClient, name: str) -> None:
    answer = await reader.get(f"http://gateway/runbooks/{name}")
    assert answer.status_code == 404
    assert answer.headers["content-type"] == "application/problem+json"


async def test_a_runbook_cannot_be_written(reader: httpx.AsyncClient) -> None:
    assert (await reader.put("/runbooks/lead.md", content="x")).status_code == 405


async def test_the_list_opens_without_the_ledger_and_leads_to_each(reader: httpx.AsyncClient) -> None:
    page = await reader.get("/runbooks")
    assert page.status_code == 200
    assert "not known" in page.text
    for one in runbooks().found.values():
        assert f'<a href="/runbooks/{one.file}">{escape(one.title)}</a>' in page.text


async def test_a_runbook_says_its_version_and_shows_no_front_matter(reader: httpx.AsyncClient) -> None:
    page = (await reader.get("/runbooks/lead.md")).text
    assert f"Version {runbooks().found['lead'].version}, sales-operations." in page
    assert "explains" not in page
    assert "Older than" not in page
