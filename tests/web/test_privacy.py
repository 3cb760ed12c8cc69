"""No name, address or free text that was sent comes back in an answer, goes into a log, or stands in an exception."""

from __future__ import annotations

import asyncio
import logging
from pathlib import Path
from typing import Any

import httpx
import pytest

from deployments.postgres import EmbeddedPostgres
from ledger.database import Ledger
from tests.web.process import running
from tests.web.sender import BEARER, FOREIGN, Sender, lead, refuse_in

MARKER = "Zaphod-Marker"
EMAIL = "zaphod-marker@heart-of-gold.example"
PERSON = {"name": MARKER, "email": EMAIL}
REPEAT = "payload was ' || NEW.payload::text || '"

BAD: dict[str, dict[str, Any]] = {
    "e-mail": lead("1", person={"name": MARKER, "email": f"{EMAIL} <{MARKER}>"}),
    "extra field": lead("2", person=PERSON, note=MARKER),
    "name as a field": lead("3", person=PERSON | {f"{MARKER} {EMAIL}": 1}),
    "amount": lead("4", person=PERSON, amount={"minor": MARKER, "currency": MARKER}),
    "currency": lead("5", person=PERSON, amount={"minor": 1, "currency": "ZAP"}),
    "phone": lead("6", person=PERSON | {"phone": MARKER}),
    "domain": lead("7", person=PERSON, company={"name": MARKER, "domain": f"{MARKER} {MARKER}"}),
    "service": lead("8", person=PERSON, service=MARKER),
    "owner": lead("9", person=PERSON, owner=f"{MARKER} {MARKER}"),
    "confidence": lead("10", person=PERSON, confidence=MARKER),
    "unknown type": lead("11", person=PERSON) | {"type": "lead.lost", "dataschema": "lead.lost/1"},
    "data": lead("12") | {"data": MARKER},
    "time": lead("13", person=PERSON) | {"time": MARKER},
    "nul": lead("14", person=PERSON) | {"subject": f"{MARKER}\0"},
    "version": lead("15", person=PERSON) | {"specversion": MARKER},
    "long": lead("16", person={"name": MARKER * 100, "email": EMAIL}),
    "duplicate": lead("2", person=PERSON),
}


def assert_silent(text: str) -> None:
    assert "marker" not in text.lower()
    assert "heart-of-gold" not in text.lower()


async def test_personal_data_is_not_repeated_anywhere(
    sender: Sender, client: httpx.AsyncClient, ledger: Ledger, caplog: pytest.LogCaptureFixture
) -> None:
    """Given leads that are wrong in every way, when they are sent, then answers, logs, exceptions and pages say no name."""
    caplog.set_level(logging.INFO)
    ids = []
    for event in BAD.values():
        answer = await sender.event(event)
        assert answer.status_code in {200, 202, 400}
        assert_silent(answer.text)
        ids += [answer.json()["id"]] if "id" in answer.json() else []
    sender.secret = FOREIGN
    assert_silent((await sender.event(lead(person=PERSON))).text)
    async with ledger.begin() as books:
        rows = await books.exceptions.latest(limit=1000)
    assert len(rows) == 13
    assert_silent(str(rows))
    for path in ["/", "/metrics", "/api/status", "/api/exceptions", *[f"/api/events/{one}" for one in ids]]:
        shown = await client.get(path, headers=BEARER)
        assert shown.status_code == 200, path
        assert_silent(shown.text)
    assert_silent(caplog.text)


async def test_an_unexpected_error_shows_no_text(refusing: Sender, postgres: EmbeddedPostgres, database_url: str) -> None:
    """Given a database error whose text repeats the payload, when an event meets it, then its answer is a plain 500."""
    refuse_in(postgres, database_url, "P0001", REPEAT)
    answer = await refusing.event(lead(person=PERSON))
    assert answer.status_code == 500
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json().keys() == {"type", "title", "status", "detail"}
    assert_silent(answer.text)


def test_an_unexpected_error_is_logged_by_kind_and_place_only(
    postgres: EmbeddedPostgres, database_url: str, tmp_path: Path
) -> None:
    """Given the same error, when the gateway runs as it does in the house, then its log names the kind and the place."""
    refuse_in(postgres, database_url, "P0001", REPEAT)
    with running(database_url, tmp_path) as gateway:
        assert gateway.post(lead(person=PERSON)).status_code == 500
    written = gateway.log.read_text()
    assert "DBAPIError" in written
    assert "counter.py" in written
    assert_silent(written)


async def test_an_event_that_cannot_be_stored_does_not_take_others_with_it(
    refusing: Sender, postgres: EmbeddedPostgres, database_url: str
) -> None:
    """Given one event that the database refuses, when it arrives among others, then only that one is answered 500."""
    refuse_in(postgres, database_url, "P0001", "no", when="NEW.external_id = 'poison'")
    names = ["one", "two", "poison", "three", "four"]
    answers = await asyncio.gather(*(refusing.event(lead(name)) for name in names))
    assert [answer.status_code for answer in answers] == [202, 202, 500, 202, 202]
