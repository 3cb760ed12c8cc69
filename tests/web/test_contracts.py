"""What is agreed, in the console: the same as on the command line, with who proposed and who approved each change."""

from __future__ import annotations

import httpx
import pytest

from contracts.catalog import catalog
from contracts.changes import texts
from contracts.event import CONTRACTS
from contracts.files import OWN
from contracts.mapped import rows
from contracts.released import schema_of
from ledger.database import Ledger
from lifecycle import matrix
from tests.web.test_console import signed_in

FILES = texts(OWN)


async def approved(ledger: Ledger) -> int:
    """Put the files in force, and then a change of two people."""
    async with ledger.begin() as books:
        await books.changes.install(FILES, reason="the first start")
        more = {**FILES, "rules.yaml": FILES["rules.yaml"].replace("over: 0.05", "over: 0.06")}
        row = await books.changes.propose(more, by="integration", reason="too many <alarms>", takes_effect_at=None)
        await books.changes.approve(row.id, by="workplace")
        await books.changes.propose(FILES, by="integration", reason="back again", takes_effect_at=None)
        return int(row.id)


async def test_every_event_is_shown_with_its_versions_owners_and_runbook(client: httpx.AsyncClient, ledger: Ledger) -> None:
    await signed_in(client, ledger, "viewer")
    page = (await client.get("/contracts")).text
    for event, entry in catalog().entries.items():
        assert f"<code>{event}</code>" in page
        for version in CONTRACTS[event]:
            assert f'href="/contracts/schemas/{event}/{version}"' in page
        assert f'href="/{entry.runbook.removeprefix("docs/")}"' in page
    assert "Nothing is in force yet" in page
    assert 'href="/data-docs/"' in page


async def test_what_is_in_force_says_who_proposed_and_who_approved_it_and_shows_each_value(
    client: httpx.AsyncClient, ledger: Ledger
) -> None:
    """Given a change of two people and one that waits, when people look, then both are there, and the first value by value."""
    number = await approved(ledger)
    await signed_in(client, ledger, "viewer")
    page = (await client.get("/contracts")).text
    assert f'<a href="/contracts/changes/{number}">Change {number}</a> since ' in page
    for told in ("in force", "proposed", "over", "proposed by integration, approved by workplace", "too many &lt;alarms&gt;"):
        assert told in page, told
    change = (await client.get(f"/contracts/changes/{number}")).text
    for told in ("rules.yaml", "error_rate.over", "0.05", "0.06", "workplace"):
        assert told in change, told
    assert (await client.get(f"/contracts/changes/{number + 9}")).status_code == 404


async def test_the_parts_are_what_the_command_line_prints(client: httpx.AsyncClient, ledger: Ledger) -> None:
    await signed_in(client, ledger, "viewer")
    systems = (await client.get("/contracts/systems")).text
    assert [name for name in catalog().systems.entities if f"<td>{name}</td>" not in systems] == []
    failures = (await client.get("/contracts/failures")).text
    assert [row["step"] for row in matrix.rows() if f"<code>{row['step']}</code>" not in failures] == []
    mapping = (await client.get("/contracts/mapping")).text
    assert mapping.count("<tr>") == len(list(rows())) + 1
    assert (await client.get("/contracts/none")).status_code == 404


async def test_a_schema_is_that_of_its_version_and_no_other(client: httpx.AsyncClient, ledger: Ledger) -> None:
    await signed_in(client, ledger, "viewer")
    answer = await client.get("/contracts/schemas/lead.qualified/1")
    assert answer.headers["content-type"] == "application/schema+json"
    assert answer.json() == schema_of("lead.qualified/1", CONTRACTS["lead.qualified"][1])
    for path in ("lead.qualified/9", "none/1"):
        assert (await client.get(f"/contracts/schemas/{path}")).status_code == 404


@pytest.mark.parametrize("path", ["", "/systems", "/changes/1", "/schemas/lead.qualified/1"])
async def test_who_is_not_signed_in_signs_in_first(client: httpx.AsyncClient, path: str) -> None:
    answer = await client.get(f"/contracts{path}")
    assert (answer.status_code, answer.headers["location"].partition("?")[0]) == (303, "/sign-in")
