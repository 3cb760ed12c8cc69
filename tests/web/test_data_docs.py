"""The Data Docs are shown as they stand in their folder, and nothing else is."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest

from ledger.database import Ledger
from tests.web.sender import gateway


@pytest.fixture
async def visitor(ledger: Ledger, tmp_path: Path) -> AsyncIterator[httpx.AsyncClient]:
    """Somebody who looks at a gateway with a state folder of its own."""
    async with gateway(ledger, home=tmp_path) as found:
        yield found


async def test_the_pages_are_shown_under_the_consoles_guard(visitor: httpx.AsyncClient, tmp_path: Path) -> None:
    """Given Data Docs that were built, When a page is asked for, Then it comes, under the same policy as the console."""
    missing = await visitor.get("/data-docs/")
    assert (missing.status_code, "towline gates docs" in missing.text) == (404, True)
    folder = tmp_path / "data-docs"
    (folder / "expectations").mkdir(parents=True)
    (folder / "index.html").write_text("<h1>Data Docs</h1>")
    (folder / "expectations" / "lead.html").write_text("lead")
    first, page = await visitor.get("/data-docs/"), await visitor.get("/data-docs/expectations/lead.html")
    assert (first.text, page.text) == ("<h1>Data Docs</h1>", "lead")
    console = await visitor.get("/")
    assert first.headers["content-security-policy"] == console.headers["content-security-policy"]
    assert first.headers["content-type"].startswith("text/html")
    assert 'href="/data-docs/"' in console.text


@pytest.mark.parametrize("name", ["../secrets.env", "..%2Fsecrets.env", "lead/../../secrets.env", "%2Fetc%2Fpasswd", "gone"])
async def test_no_name_leads_out_of_the_folder(visitor: httpx.AsyncClient, tmp_path: Path, name: str) -> None:
    (tmp_path / "data-docs").mkdir()
    (tmp_path / "secrets.env").write_text("what nobody may read")
    answer = await visitor.get(f"/data-docs/{name}")
    assert answer.status_code == 404
    assert "nobody may read" not in answer.text
