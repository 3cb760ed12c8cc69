"""The owners in the console: what is to be cleared up first, then budgets, then who answers for what."""

from __future__ import annotations

import httpx

from contracts.catalog import catalog
from ledger.database import Ledger
from lifecycle.ownership import Layer
from tests.web.sender import Sender, lead
from tests.web.test_console import BAD, signed_in, sql


async def test_the_queue_the_budgets_and_the_matrix_are_shown(client: httpx.AsyncClient, ledger: Ledger, sender: Sender) -> None:
    """Given an owner with a person, others without, a claim, and more exceptions than a budget, then all of that is said."""
    await sender.event(lead("bad-1", **BAD))
    await sql(ledger, "UPDATE exceptions SET owner = 'integration'")
    await sql(
        ledger,
        "INSERT INTO exceptions (event_type, contract, cause, reason, route, owner)"
        " SELECT 'sweep', '', 'sweep/run-failed', 'r', 'r', 'integration' FROM generate_series(1, 10)",
    )
    async with ledger.begin() as books:
        await books.claims.add(catalog(), "crm", Layer.APPLICATION, by="integration", reason="<b>ours</b>")
    await signed_in(client, ledger, "viewer", owners=("integration",))
    page = (await client.get("/owners")).text
    assert "nobody who may sign in speaks for Head of sales" in page
    assert "speaks for Integration engineering" not in page
    assert "integration claims to be the application owner of crm, which is workplace: &lt;b&gt;ours&lt;/b&gt;" in page
    assert '<b class="alarm">11</b>' in page
    assert "Paula of Towline" in page
    names = [*catalog().entries, *(one.flow for one in catalog().operations), *catalog().systems.systems]
    assert [name for name in names if f"<code>{name}</code>" not in page] == []


async def test_who_is_not_signed_in_sees_nobodys_name(client: httpx.AsyncClient) -> None:
    assert (await client.get("/owners")).status_code == 303
