"""A client's name, address and words travel to the vendors that need them; Prefect, logs, exceptions and alerts hold none."""

from __future__ import annotations

import json
import logging

import pytest

from deployments.alerts import Alerts
from deployments.postgres import EmbeddedPostgres
from lifecycle.decisions import Verdict
from tests.journey import approve, deals_of, goes, happen, travel
from tests.world import DAY, World, lead
from tests.written import content, database_of, tables, told_everything

PERSON = {"name": "Zxqvarid Qlomber", "email": "zxqvarid.marker@northwind.example", "phone": "+4930991827"}
NOTE, REASON, POSITION = "Wobblefrotz says hello", "Grumblestick walked out", "Fizzlewhisk for the board"
MARKERS = ("zxqvarid", "qlomber", "4930991827", "wobblefrotz", "grumblestick", "fizzlewhisk")
KEPT = ("exceptions", "alerts", "effects", "gate_results", "cases", "case_references", "documents", "continuity")
"""Tables that people and machines read from; events and decisions hold what was said, and nothing else does."""
OURS = ("towline", "prefect")
"""Whose entries our processes and Prefect keep below a warning; an HTTP client would say each address that it asks for."""


async def test_no_name_address_or_word_of_a_client_is_where_it_need_not_be(
    world: World, postgres: EmbeddedPostgres, caplog: pytest.LogCaptureFixture
) -> None:
    """
    Given clients with telling names, positions, notes and reasons, whose deals are paid, refused by vendors, stopped by a
    gate, rejected and given up
    When everything that was written about them is searched
    Then Prefect's whole database, all logs, exceptions, alerts, effects and messages say none of it
    And the vendors do, so that the search was not for nothing.
    """
    caplog.set_level("DEBUG")
    names = ("northwind", "rejected", "cancelled", "refused", "unheard", "unclaused")
    deals = await deals_of(world, "discovery", {name: lead(name, of=name, person=PERSON | _at(name)) for name in names})
    paid, rejected, cancelled, refused, unheard, unclaused = deals
    lines = [{"description": POSITION, "amount": {"minor": 1_500_000, "currency": "EUR"}}]
    await world.vendors.fault("billing", "POST /v1/quotes", status=400)
    stopped = await happen(world, "discovery.completed", [refused], lines=lines)
    await goes(world, *stopped)
    stopped += await happen(world, "discovery.completed", [unclaused], clauses=["none"], lines=lines)
    going = await happen(world, "discovery.completed", [paid, rejected, cancelled, unheard], lines=lines)
    await goes(world, *going, stopped[-1])
    asked = {row.case_id: row.id for row in await world.waiting()}
    await world.decides(asked[rejected.case], Verdict.REJECT, reason=REASON)
    await goes(world, *await happen(world, "deal.cancelled", [cancelled], reason=REASON))
    await world.vendors.fault("mail", "POST /gmail/v1/users/me/messages/send", status=400)
    stopped += await approve(world, [unheard])
    await goes(world, stopped[-1])
    assert [await world.status(event) for event in stopped] == ["parked"] * 3
    await travel(world, [paid], "delivery")
    notes = [{"text": NOTE, "approved_by": "Qlomber"}, {"text": NOTE}]
    await goes(world, *await happen(world, "milestone.reached", [paid], milestone="Pilot", notes=notes))
    await travel(world, [paid], "delivered", "invoiced", "paid")
    await Alerts(world.house, now=lambda: DAY).look()

    await told_everything(world, postgres, "payment.confirmed", "Tell the owners")
    prefect = content(postgres, "prefect", tables(postgres, "prefect"))
    assert [str(row.id) for row in await world.events() if row.status == "done" and str(row.id) not in prefect] == []
    assert _named_in(prefect) == []
    kept = [record for record in caplog.records if record.levelno >= logging.WARNING or record.name.startswith(OURS)]
    assert _named_in("".join(f"{record.getMessage()}{record.__dict__}" for record in kept)) == []
    for table in KEPT:
        assert (table, _named_in(content(postgres, database_of(world), [table]))) == (table, [])
    assert _named_in(json.dumps(await world.vendors.objects("chat", "messages"))) == []
    vendors = [await world.vendors.control("GET", f"objects?system={system}") for system in ("crm", "mail", "billing", "docs")]
    assert set(_named_in(json.dumps(vendors))) >= {"zxqvarid", "qlomber", "4930991827", "grumblestick", "fizzlewhisk"}


def _at(name: str) -> dict[str, str]:
    return {"email": f"zxqvarid.marker@{name}.example"}


def _named_in(text: str) -> list[str]:
    return [marker for marker in MARKERS if marker in text.lower()]
