"""The scripts of the sample deals: one goes from lead to payment, one is stopped by the gate, one meets an outage of the CRM."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Row

from cli.hands import Hands
from cli.lanes import Lanes
from cli.posting import post
from cli.walk import Walk
from contracts.catalog import catalog
from contracts.errors import RefusedError
from ledger.database import Books, Ledger
from ledger.deciding import decide
from ledger.replaying import Choice, Replay, replay
from lifecycle.decisions import Verdict
from runtime.settings import Settings

APPROVER, DOOR = "head-of-sales", "command line"
OUTAGE = "outage/crm"
NORTHWIND = {
    "company": {"name": "Northwind GmbH", "domain": "northwind.example"},
    "person": {"name": "Ada Byron", "email": "ada@northwind.example", "phone": "+49 30 901820"},
    "amount": {"minor": 1500000, "currency": "EUR"},
    "service": "implementation",
    "owner": "sales-1",
    "confidence": 0.93,
}
FABRIKAM = NORTHWIND | {
    "company": {"name": "Fabrikam Ltd", "domain": "fabrikam.example"},
    "person": {"name": "Emmy Noether", "email": "emmy@fabrikam.example"},
    "amount": {"minor": 840000, "currency": "EUR"},
}
CONTOSO = {"name": "Contoso AG", "domain": "contoso.example"}


@dataclass(frozen=True, slots=True)
class Stage:
    """What the sample deals play on."""

    settings: Settings
    ledger: Ledger
    hands: Hands
    lanes: Lanes
    walks: Sequence[Walk]


async def to_payment(stage: Stage, walk: Walk) -> str:
    """From the lead to the payment: each step by whom it is up to."""
    say, hands = stage.lanes.say, stage.hands
    walk.event = await _send(stage, "northwind", NORTHWIND)
    say(walk.lane, "a form on the website sends a lead")
    case = await walk.done("opportunity.created")
    walk.lead_is_through.set()
    say(walk.lane, "the seller ends discovery in the CRM")
    await hands.ends_discovery(case.crm_deal_id)
    case = await walk.done("discovery.completed")
    asked = await walk.asked()
    say(walk.lane, f"{APPROVER} approves the proposal, EUR 15,000.00", keep=True)
    await decide(stage.ledger, catalog(), asked.id, Verdict.APPROVE, by=APPROVER, door=DOOR)
    await walk.done("proposal.approved")
    request = await walk.record("request")
    say(walk.lane, "the project lead enters a milestone in the CRM, with a note for the client")
    await hands.notes(case.crm_deal_id, "The pilot runs with twelve users.", approved_by="delivery-1")
    await hands.reaches(request, "Pilot accepted")
    await walk.done("milestone.reached")
    say(walk.lane, "the project lead closes the delivery request")
    await hands.delivers(request)
    await walk.done("invoice.issued")
    say(walk.lane, "the client pays the invoice")
    await hands.pays(await walk.record("invoice"))
    case = await walk.done("payment.confirmed")
    return f"{case.stage}: approved, delivered, invoiced and paid agree to the cent"


async def corrected(stage: Stage, walk: Walk) -> str:
    """A lead from the CRM without an owner: the gate stops it, somebody corrects it there, and it goes on."""
    say, hands, number = stage.lanes.say, stage.hands, f"{datetime.now(UTC):%y%m%d%H%M%S%f}"
    contact = await hands.meets(CONTOSO, {"firstname": "Grace", "lastname": "Hopper", "email": f"grace+{number}@contoso.example"})
    await hands.qualifies(contact)
    say(walk.lane, "a seller marks a contact as a lead in the CRM")
    walk.event = await walk.until("the CRM's webhook", lambda books: _of_contact(books, contact))
    stop = await walk.stopped()
    say(walk.lane, f"stopped for {stop.owner}: {stop.reason}", state="stopped", keep=True)
    await hands.gives(contact, "sales-2")
    await _replay(stage, walk)
    say(walk.lane, "its owner is entered in the CRM, and the event is replayed", keep=True)
    await walk.done("opportunity.created")
    return "done after its correction: discovery is prepared"


async def through_an_outage(stage: Stage, walk: Walk) -> str:
    """A lead that comes while the CRM is down: it waits, the CRM's owner is alerted, and it goes on by itself."""
    say = stage.lanes.say
    say(walk.lane, "comes when the other leads are through")
    await asyncio.gather(*(other.lead_is_through.wait() for other in stage.walks if other is not walk))
    async with stage.hands.outage():
        say(walk.lane, "the CRM answers 503, and a lead comes in: it waits", keep=True)
        walk.event = await _send(stage, "fabrikam", FABRIKAM)
        alert = await walk.until("the alert", lambda books: _alert(books, OUTAGE))
        text = await stage.hands.message(alert.message_id)
        say(walk.lane, f"{alert.channel} reads: {text}", state="stopped", keep=True)
    say(walk.lane, "the CRM is back: the lead goes on by itself", keep=True)
    await walk.done("opportunity.created")
    return "done after the outage: discovery is prepared"


async def _send(stage: Stage, name: str, data: Mapping[str, Any]) -> UUID:
    now = datetime.now(UTC)
    event = {
        "specversion": "1.0",
        "id": f"demo-{name}-{now:%Y%m%dT%H%M%S%f}",
        "source": "towline/demo",
        "type": "lead.qualified",
        "time": now.isoformat(),
        "dataschema": "lead.qualified/1",
        "datacontenttype": "application/json",
        "data": data,
    }
    return UUID((await asyncio.to_thread(post, stage.settings, event))["id"])


async def _replay(stage: Stage, walk: Walk) -> None:
    prospects = await replay(stage.ledger, catalog(), Choice([walk.event] if walk.event else []))
    if any(one.becomes is not Replay.GOES_ON for one in prospects):
        raise RefusedError("the event that stopped did not go on")


async def _of_contact(books: Books, contact: str) -> UUID | None:
    """The event that the CRM's webhook has made of a contact."""
    newest = await books.inbox.latest(limit=50, event_type="lead.qualified")
    return next((row.id for row in newest if row.payload["data"].get("contact_id") == contact), None)


async def _alert(books: Books, cause: str) -> Row[Any] | None:
    return next((row for row in await books.alerts.open() if row.cause == cause and row.message_id), None)


SCRIPTS = {"Northwind": to_payment, "Contoso": corrected, "Fabrikam": through_an_outage}
"""Whose deal plays which script; each returns how it ended."""
