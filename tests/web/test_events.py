"""`POST /events` accepts each signed event once, sets aside what does not fit its contract, and refuses what is not signed."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import Any
from uuid import UUID

import httpx
import pytest

from ledger.database import Ledger
from lifecycle import keys
from tests.web.sender import BEARER, FOREIGN, NEW, OLD, Sender, assert_problem, gateway, lead, stored


async def test_a_signed_lead_is_stored_before_it_is_answered(sender: Sender, ledger: Ledger) -> None:
    answer = await sender.event(lead())
    assert (answer.status_code, answer.json()["status"]) == (202, "received")
    (row,) = await stored(ledger)
    assert row.id == UUID(answer.json()["id"]) == keys.event_id("website/demo-form", "form-1")
    assert (row.payload, row.contract, row.status) == (lead(), "lead.qualified/1", "received")


async def test_the_same_event_again_is_a_duplicate_and_changes_nothing(sender: Sender, ledger: Ledger) -> None:
    first = await sender.event(lead())
    second = await sender.event(lead(owner="sales-2"))
    assert (second.status_code, second.json()) == (200, {"id": first.json()["id"], "status": "duplicate"})
    assert [row.payload for row in await stored(ledger)] == [lead()]


async def test_the_same_event_twice_at_the_same_moment_is_accepted_once(ledger: Ledger) -> None:
    """Given two gateways on one ledger, when both get one event at once, then one answers 202, the other 200."""
    async with gateway(ledger) as one, gateway(ledger) as other:
        for number in range(10):
            event = lead(f"form-{number}")
            answers = await asyncio.gather(Sender(one).event(event), Sender(other).event(event), Sender(one).event(event))
            assert sorted(answer.status_code for answer in answers) == [200, 200, 202]
    assert len(await stored(ledger)) == 10


async def test_many_events_at_once_are_each_answered_with_their_own_id(sender: Sender) -> None:
    names = [f"form-{number}" for number in range(300)]
    answers = await asyncio.gather(*(sender.event(lead(name)) for name in names))
    assert [UUID(a.json()["id"]) for a in answers] == [keys.event_id("website/demo-form", name) for name in names]
    assert {answer.status_code for answer in answers} == {202}


@pytest.mark.parametrize("secret", [NEW, OLD])
async def test_both_secrets_verify_during_a_rotation(sender: Sender, secret: str) -> None:
    sender.secret = secret
    assert (await sender.event(lead())).status_code == 202


@pytest.mark.parametrize(
    ("late", "secret", "says"),
    [
        (timedelta(), FOREIGN, "wrong"),
        (timedelta(minutes=6), NEW, "stale"),
        (timedelta(minutes=-6), NEW, "stale"),
        (timedelta(days=400), NEW, "stale"),
    ],
)
async def test_a_wrong_stale_or_future_signature_is_refused(
    sender: Sender, ledger: Ledger, late: timedelta, secret: str, says: str
) -> None:
    sender.late, sender.secret = late, secret
    assert assert_problem(await sender.event(lead()), 401)["detail"] == f"signature is {says}"
    assert await stored(ledger) == []


@pytest.mark.parametrize("header", ["webhook-id", "webhook-timestamp", "webhook-signature"])
async def test_a_missing_signature_is_refused(client: httpx.AsyncClient, sender: Sender, header: str) -> None:
    headers = sender.signed(b"{}")
    del headers[header]
    assert assert_problem(await client.post("/events", content=b"{}", headers=headers), 401)["detail"] == "signature is missing"


@pytest.mark.parametrize(
    "headers",
    [
        {"webhook_timestamp": "soon"},
        {"webhook_timestamp": "1e400"},
        {"webhook_timestamp": "9" * 400},
        {"webhook_signature": "v1"},
        {"webhook_signature": "v1,"},
        {"webhook_signature": "v1a,AAAA"},
        {"webhook_signature": " "},
        {"webhook_signature": "v1,ÄÖÜ"},
        {"webhook_id": "another"},
    ],
)
async def test_malformed_signature_headers_are_refused(
    client: httpx.AsyncClient, sender: Sender, headers: dict[str, str]
) -> None:
    given = {name.replace("_", "-").encode(): value.encode() for name, value in headers.items()}
    signed = {name.encode(): value.encode() for name, value in sender.signed(b"{}").items()}
    assert_problem(await client.post("/events", content=b"{}", headers=list((signed | given).items())), 401)


async def test_a_replayed_request_is_a_duplicate_at_most(client: httpx.AsyncClient, sender: Sender, ledger: Ledger) -> None:
    """Given a signed request that somebody recorded, when it is sent again unchanged, then nothing more is stored."""
    request = sender.client.build_request("POST", "/events", content=b"", headers={})
    body = httpx.Request("POST", "http://x", json=lead()).content
    headers = sender.signed(body)
    answers = [await client.post(request.url, content=body, headers=headers) for _ in range(3)]
    assert [answer.status_code for answer in answers] == [202, 200, 200]
    assert_problem(await client.post("/events", content=body.replace(b"sales-1", b"sales-2"), headers=headers), 401)
    assert len(await stored(ledger)) == 1


MISFITS: list[tuple[dict[str, Any], str]] = [
    (lead() | {"type": "lead.bought", "dataschema": "lead.bought/1"}, "type"),
    (lead() | {"dataschema": "lead.qualified/9"}, "dataschema"),
    (lead() | {"dataschema": "lead.qualified/" + "9" * 180}, "dataschema"),
    (lead() | {"dataschema": "opportunity.created/1"}, "dataschema"),
    (lead() | {"data": None}, "data"),
    (lead() | {"data": [1, 2]}, "data"),
    (lead(shoe_size=43), "shoe_size"),
    (lead(company={"name": "Northwind GmbH", "domain": "northwind.example", "mood": "good"}), "company.mood"),
    (lead(person=None), "person"),
    (lead(person={"name": "Ada Byron", "email": None}), "person.email"),
    (lead(person={"name": "Ada Byron", "email": "ada at northwind"}), "person.email"),
    (lead(amount={"minor": -1, "currency": "EUR"}), "amount.minor"),
    (lead(amount={"minor": 15.5, "currency": "EUR"}), "amount.minor"),
    (lead(amount={"minor": 15.0, "currency": "EUR"}), "amount.minor"),
    (lead(amount={"minor": 10**18, "currency": "EUR"}), "amount.minor"),
    (lead(amount={"minor": 1500, "currency": "XQZ"}), "amount.currency"),
    (lead(amount={"minor": 1500, "currency": None}), "amount.currency"),
    (lead(confidence=1.2), "confidence"),
]


@pytest.mark.parametrize(("event", "field"), MISFITS, ids=[f"{n}-{field}" for n, (_, field) in enumerate(MISFITS)])
async def test_what_fails_its_contract_is_quarantined_with_the_field_that_is_wrong(
    sender: Sender, ledger: Ledger, event: dict[str, Any], field: str
) -> None:
    """Given a signed event that does not fit, when it is sent, then it is kept, and its owner has an exception."""
    answer = await sender.event(event)
    assert (answer.status_code, answer.json()["status"], answer.json()["field"]) == (202, "quarantined", field)
    assert answer.json()["reason"]
    (row,) = await stored(ledger)
    assert (row.status, row.payload) == ("quarantined", event)
    async with ledger.begin() as books:
        (exception,) = await books.exceptions.of_event(row.id)
    assert exception.field == field
    assert exception.owner in {"sales-operations", "integration"}
    assert (await sender.event(event)).json()["status"] == "duplicate"


async def test_an_event_of_another_deal_is_answered_while_one_is_quarantined(sender: Sender, client: httpx.AsyncClient) -> None:
    bad, good = await asyncio.gather(sender.event(lead("bad", person=None)), sender.event(lead("good")))
    assert (bad.json()["status"], good.json()["status"]) == ("quarantined", "received")
    shown = await client.get(f"/api/events/{bad.json()['id']}", headers=BEARER)
    assert [one["field"] for one in shown.json()["exceptions"]] == ["person"]
