"""The document index in the console: what is current and who approved it, what was changed past us, what belongs nowhere."""

from __future__ import annotations

from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest

from ledger.database import Ledger
from ledger.documents import NewDocument
from ledger.incidents import NewIncident
from ledger.routing import ask as ask_owner
from lifecycle.documents import Artefact
from tests.cli.asking import case_called, stand
from tests.cli.test_incidents import incident
from tests.web.test_console import signed_in, sql

OWNERS = ("delivery-operations",)
CHANGED = {"system": "docs", "kind": "document", "entity": "document", "field": "content", "vendor_id": "doc-1"}


async def filed(ledger: Ledger, case: UUID, name: str, *, version: int = 1, artefact: Artefact = Artefact.PROPOSAL) -> None:
    """Enter a document, approved."""
    url = f"https://docs.example/{name}"
    vendor_id = f"doc-{version}" if artefact is Artefact.PROPOSAL else f"{artefact}-1"
    entry = NewDocument(case, uuid4(), case, uuid4(), artefact, version, name, vendor_id, url)
    async with ledger.begin() as books:
        await books.documents.enter([entry])
        if artefact is Artefact.PROPOSAL:
            await books.documents.approve(vendor_id, by="head-of-sales", content_hash="c0ffee" * 10, delivery_item="request 7")


@pytest.fixture
async def case(ledger: Ledger) -> UUID:
    """A deal in delivery with its approved proposal."""
    one = case_called("documents")
    await stand(ledger, one, "delivery")
    await filed(ledger, one, "northwind_proposal_v1")
    return one


async def changed(ledger: Ledger, case: UUID, **more: Any) -> NewIncident:
    """Let a change of the proposal be found, and its owner asked."""
    new = incident(**CHANGED | {"case_id": case} | more)
    async with ledger.begin() as books:
        await ask_owner(books, await books.incidents.open([new]))
    return new


async def state(ledger: Ledger) -> Any:
    return (await sql(ledger, "SELECT state, route, decided_by FROM incidents"))[0]


async def test_the_index_says_which_is_current_who_approved_it_and_what_it_supports(
    client: httpx.AsyncClient, ledger: Ledger, case: UUID
) -> None:
    await filed(ledger, case, "northwind_proposal_v2", version=2)
    await signed_in(client, ledger, "viewer")
    page = (await client.get("/documents")).text
    assert "northwind_proposal_v1" not in page, "a former version stands on its deal's page"
    told = ("https://docs.example/northwind_proposal_v2", f"/deals/{case}", "head-of-sales", "c0ffeec0ffee", "request 7")
    assert [words for words in told if words not in page] == []
    for query, found in (("NORTH", True), ("gmbh", True), ("contoso", False), ("%", False)):
        assert ("northwind_proposal_v2" in (await client.get("/documents", params={"q": query})).text) is found, query


async def test_a_change_request_shows_who_when_and_both_hashes_and_leads_to_its_deal(
    client: httpx.AsyncClient, ledger: Ledger, case: UUID
) -> None:
    new = await changed(ledger, case)
    await signed_in(client, ledger, "operator", owners=OWNERS)
    page = (await client.get("/documents")).text
    told = ("Changed after its approval", "9186656", new.our_hash[:12], new.found_hash[:12], f"/deals/{case}", "reconcile.md")
    assert [words for words in told if words not in page] == []
    story = (await client.get(f"/deals/{case}")).text
    assert [words for words in ("document.content", "by hand", "9186656", new.found_hash[:12]) if words not in story] == []


async def test_taken_over_it_becomes_a_change_that_needs_an_approval_of_its_own(
    client: httpx.AsyncClient, ledger: Ledger, case: UUID
) -> None:
    """Given a change request, when an operator takes it over, then the change path is to draft it anew, once, on record."""
    await changed(ledger, case)
    visitor = await signed_in(client, ledger, "operator", owners=OWNERS)
    ((number,),) = await sql(ledger, "SELECT id FROM incidents")
    for location in ("/documents?told=take-over", None):
        answer = await visitor.send(f"/documents/changes/{number}", verb="take-over", reason="the client asked for it")
        assert answer.headers.get("location") == location
    assert answer.status_code == 409
    assert await state(ledger) == ("taken over", "ask", "delivery-operations")
    requested = await sql(ledger, "SELECT external_id, case_id FROM inbox WHERE type = 'change.requested'")
    assert requested == [(f"incident/{number}", case)]
    assert await sql(ledger, "SELECT count(*) FROM exceptions WHERE closed_at IS NULL") == [(0,)]
    ((login, action, subject, reason),) = await sql(ledger, "SELECT login, action, subject, reason FROM user_actions")
    assert (login, action, subject, reason) == ("paula", "take-over", f"incident {number}", "the client asked for it")


async def test_put_back_it_waits_for_the_approved_text(client: httpx.AsyncClient, ledger: Ledger, case: UUID) -> None:
    await changed(ledger, case)
    visitor = await signed_in(client, ledger, "operator", owners=OWNERS)
    ((number,),) = await sql(ledger, "SELECT id FROM incidents")
    assert (await visitor.send(f"/documents/changes/{number}", verb="put-back")).status_code == 303
    assert await state(ledger) == ("open", "put back", "delivery-operations")
    page = (await client.get("/documents")).text
    assert "To be put back, says delivery-operations" in page
    assert 'value="take-over"' not in page


@pytest.mark.parametrize(
    ("roles", "owners", "verb", "more", "status"),
    [
        (("viewer",), OWNERS, "take-over", {}, 403),
        (("approver",), OWNERS, "take-over", {}, 403),
        (("operator",), (), "take-over", {}, 403),
        (("operator",), ("nobody",), "put-back", {}, 403),
        (("operator",), OWNERS, "approve", {}, 400),
        (("operator",), OWNERS, "take-over", {"kind": "deal", "entity": "opportunity", "field": "stage"}, 409),
        (("operator",), OWNERS, "put-back", {"field": "record"}, 409),
    ],
)
async def test_who_may_not_or_asks_for_what_cannot_be_changes_nothing(
    client: httpx.AsyncClient, ledger: Ledger, case: UUID, roles: tuple[str, ...], owners: tuple[str, ...], verb: str,
    more: dict[str, str], status: int,
) -> None:  # fmt: skip
    await changed(ledger, case, **more)
    visitor = await signed_in(client, ledger, *roles, owners=owners)
    ((number,),) = await sql(ledger, "SELECT id FROM incidents")
    assert (await visitor.send(f"/documents/changes/{number}", verb=verb)).status_code == status
    assert await state(ledger) == ("open", "ask", None)
    assert await sql(ledger, "SELECT * FROM user_actions") == []
    assert await sql(ledger, "SELECT * FROM inbox") == []


async def test_a_change_that_is_past_delivery_cannot_be_taken_over_and_one_that_is_not_there_is_said(
    client: httpx.AsyncClient, ledger: Ledger, case: UUID
) -> None:
    await stand(ledger, case, "invoiced")
    await changed(ledger, case)
    visitor = await signed_in(client, ledger, "operator", owners=OWNERS)
    ((number,),) = await sql(ledger, "SELECT id FROM incidents")
    refused = await visitor.send(f"/documents/changes/{number}", verb="take-over")
    assert (refused.status_code, "in delivery only" in refused.text) == (409, True)
    assert await state(ledger) == ("open", "ask", None)
    gone = await visitor.send(f"/documents/changes/{number + 1}", verb="take-over")
    assert (gone.status_code, "no such incident" in gone.text) == (409, True)


async def test_orphans_are_listed_a_document_in_no_case_a_case_without_its_document_and_one_that_is_gone(
    client: httpx.AsyncClient, ledger: Ledger, case: UUID
) -> None:
    lost = case_called("lost")
    await stand(ledger, lost, "discovery", deal="9002")
    await filed(ledger, uuid4(), "stray_packet_v1", artefact=Artefact.DISCOVERY_PACKET)
    await changed(ledger, case, field="record")
    await signed_in(client, ledger, "viewer")
    page = (await client.get("/documents/orphans")).text
    assert 'In no case: <a href="https://docs.example/stray_packet_v1">' in page
    assert f'Without its discovery packet: <a href="/deals/{lost}">' in page
    assert f'Without its proposal: <a href="/deals/{case}">' not in page
    page = (await client.get("/documents")).text
    assert "Gone: northwind_proposal_v1" in page
    assert 'href="/documents/orphans"' in page


async def test_where_every_document_has_its_place_that_is_said(client: httpx.AsyncClient, ledger: Ledger, case: UUID) -> None:
    await signed_in(client, ledger, "viewer")
    assert "Every document is in a case" in (await client.get("/documents/orphans")).text


async def test_a_name_with_script_in_it_is_shown_as_text(client: httpx.AsyncClient, ledger: Ledger, case: UUID) -> None:
    await filed(ledger, case, "<script>alert(1)</script>", version=2)
    await signed_in(client, ledger, "viewer")
    for path in ("/documents", "/documents?q=<script>"):
        page = (await client.get(path)).text
        assert ("<script" in page, "&lt;script&gt;" in page) == (False, True)
