"""Which fields are watched, and what a look at one says."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from contracts.catalog import catalog
from contracts.systems import Route
from contracts.traces import Hand, Trace
from lifecycle.reconciling import (
    HELD,
    RECORD,
    Expected,
    Finding,
    IncidentState,
    Kind,
    Known,
    hashed,
    judge,
    reason_of,
    watched,
    way_of,
)

SYSTEMS = catalog().systems
NOW = datetime(2026, 11, 25, 12, tzinfo=UTC)
SALT = "salt"


def known(state: IncidentState, value: str, closed_at: datetime | None = None) -> Known:
    return Known(state, SALT, hashed(value, SALT), closed_at)


def test_mirrors_and_sealed_fields_are_watched_and_nothing_that_a_system_decides_about_itself() -> None:
    found = {kind: {(one.entity, one.field): one.route for one in watched(kind, SYSTEMS)} for kind in Kind}
    links = ("folder_url", "packet_url", "proposal_url", "invoice_url", "payment")
    assert found == {
        Kind.DEAL: {("opportunity", "stage"): Route.ASK} | {("opportunity", name): Route.PUT_BACK for name in links},
        Kind.CUSTOMER: {("account", "name"): Route.TAKE_OVER, ("contact", "email"): Route.ASK},
        Kind.DOCUMENT: {("document", "content"): Route.ASK},
        Kind.INVOICE: {("invoice", "lines"): Route.ASK},
    }


def test_every_field_that_the_contract_seals_or_routes_can_be_compared() -> None:
    held = {(entity, field) for fields in HELD.values() for field, entity in fields.items()}
    named = {(name, field) for name, one in SYSTEMS.entities.items() for field in (*one.sealed, *one.changed)}
    assert named <= held


@pytest.mark.parametrize(
    ("found", "before", "says"),
    [
        ("ours", None, Finding.FINE),
        ("ours", known(IncidentState.OPEN, "theirs"), Finding.OVER),
        ("ours", known(IncidentState.PUT_BACK, "theirs", NOW), Finding.FINE),
        ("theirs", None, Finding.NEW),
        ("theirs", known(IncidentState.OPEN, "theirs"), Finding.TOLD),
        ("theirs", known(IncidentState.OPEN, "others"), Finding.NEW),
        ("theirs", known(IncidentState.PUT_BACK, "theirs", NOW), Finding.NEW),
        ("theirs", known(IncidentState.SETTLED, "theirs", NOW), Finding.NEW),
        ("theirs", known(IncidentState.TAKEN_OVER, "theirs", NOW), Finding.FINE),
        ("theirs", known(IncidentState.TAKEN_OVER, "others", NOW), Finding.NEW),
        ("theirs", known(IncidentState.TAKEN_OVER, "theirs", NOW - timedelta(days=2)), Finding.NEW),
        ("", known(IncidentState.OPEN, "theirs"), Finding.NEW),
    ],
)
def test_a_look_is_judged_by_what_was_told_before(found: str, before: Known | None, says: Finding) -> None:
    assert judge(Expected("ours", NOW - timedelta(days=1)), Trace("field", found, Hand.PERSON), before) is says


@pytest.mark.parametrize(
    ("rule", "before", "way"),
    [
        (Route.PUT_BACK, None, Route.PUT_BACK),
        (Route.PUT_BACK, known(IncidentState.PUT_BACK, "theirs", NOW), Route.ASK),
        (Route.PUT_BACK, known(IncidentState.PUT_BACK, "others", NOW), Route.PUT_BACK),
        (Route.PUT_BACK, known(IncidentState.SETTLED, "theirs", NOW), Route.PUT_BACK),
        (Route.TAKE_OVER, known(IncidentState.PUT_BACK, "theirs", NOW), Route.TAKE_OVER),
    ],
)
def test_who_writes_again_what_was_put_back_is_asked(rule: Route, before: Known | None, way: Route) -> None:
    assert way_of(rule, Trace("field", "theirs", Hand.PERSON), before) is way


def test_what_we_wrote_since_is_fine_whatever_it_is() -> None:
    assert judge(Expected("ours"), Trace("field", "newer", Hand.OURS), None) is Finding.FINE


def test_nothing_is_an_empty_text_and_numbers_are_compared_as_numbers() -> None:
    assert judge(Expected(None), Trace("field", "", Hand.PERSON), None) is Finding.FINE
    assert judge(Expected("15000.00"), Trace("field", "15000", Hand.PERSON), None) is Finding.FINE


def test_a_hash_is_of_its_own_incident_and_cannot_be_looked_up() -> None:
    assert hashed("paid", "one") != hashed("paid", "two")
    assert hashed(None, "one") == hashed("", "one")


def test_a_reason_says_the_hashes_and_what_it_was_and_that_a_record_is_gone() -> None:
    said = reason_of("opportunity", "stage", "import", "a" * 64, "b" * 64)
    assert said == f"opportunity.stage was changed past us (by an import): {'b' * 12} stands where {'a' * 12} should"
    assert reason_of("opportunity", RECORD, "unknown", "", "") == "a record is gone that holds the opportunity of a deal"
