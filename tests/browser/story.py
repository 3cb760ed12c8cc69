"""A morning at a services company, written into a ledger as the paths would leave it: for the browser, and for the pictures."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import text

from contracts.budgets import Ask, Limit
from ledger.database import Ledger
from ledger.exceptions import NewException
from ledger.inbox import NewEvent
from ledger.tables import EventStatus
from lifecycle.roles import Role
from tests.cli.asking import question
from tests.web.visitor import known

DEALS = {
    "qualified": ("Contoso AG", "Tailspin Toys", "Proseware Ltd", "Wingtip Media"),
    "discovery": ("Fabrikam SE", "Adventure Works"),
    "proposed": ("Northwind GmbH", "Litware Partners", "Woodgrove Bank"),
    "delivery": ("Fourth Coffee", "Alpine Ski House", "Graphic Design Institute of the Upper Rhine Valley"),
    "delivered": ("Coho Vineyard",),
    "invoiced": ("Lucerne Publishing", "Trey Research"),
    "paid": ("Blue Yonder Airlines", "Margie's Travel"),
}
STUCK = {
    "Fabrikam SE": ("opportunity.created", "gate/discovery/the_deal_has_an_owner", "The deal has no owner", 26),
    "Alpine Ski House": ("milestone.reached", "gate/milestone/the_note_is_approved", "The note is not approved", 3),
    "Trey Research": ("payment.confirmed", "payment/stage/invoiced", "The amount is not what was invoiced", 5),
}
EFFECT = """
INSERT INTO effects
  (key, act_key, event_id, case_id, step, system, state, attempts, contract, vendor_id, vendor_url, started_at, finished_at)
VALUES (gen_random_uuid(), gen_random_uuid(), :event, :case, :step, :system, 'done', 1, 'lead.qualified/2', '1', :url, :at, :at)
"""


@dataclass(frozen=True, slots=True)
class Story:
    """What pages are about: a deal, a cause, and who may sign in, each login being a role."""

    deal: UUID
    cause: str
    logins: tuple[str, ...] = tuple(role.value for role in Role)


async def told_to(ledger: Ledger) -> Story:
    """Write it down."""
    for role in Role:
        await known(ledger, role.value, role.value, owners=("head-of-sales",) if role is Role.APPROVER else ())
    cases = {}
    for number, (stage, names) in enumerate(DEALS.items()):
        for place, name in enumerate(names):
            cases[name] = await _deal(ledger, name, stage, 4 + 3 * number + place)
    for name, (event_type, cause, reason, hours) in STUCK.items():
        await _stop(ledger, cases[name], event_type, cause, reason, hours)
    await _event(ledger, uuid4(), "lead.qualified", EventStatus.RECEIVED, 0.6, minor=4_200_000)
    for place, name in enumerate(("Northwind GmbH", "Litware Partners")):
        one = question(cases[name], title=name, content=f"{place}0ffee" * 10, minor=1_500_000 + place * 2_350_000)
        async with ledger.begin() as books:
            await books.decisions.ask([one])
    async with ledger.at_once() as books:
        await books.budgets.draw(Ask("hubspot.calls", Limit(name="calls", calls=190, seconds=10), 1, 40, 0, 0.0))
        writes = Limit(name="docs-writes", calls=600, seconds=60, rate=10, burst=585)
        await books.budgets.draw(Ask("google.docs-writes", writes, 1, 520, 0, 0.0))
    return Story(cases["Fabrikam SE"], STUCK["Fabrikam SE"][1])


async def _deal(ledger: Ledger, name: str, stage: str, age: float) -> UUID:
    case = uuid4()
    event = await _event(ledger, case, "lead.qualified", EventStatus.DONE, age)
    fields = {"account_id": uuid4(), "title": name, "owner": "sales-1", "amount_minor": 100_000 * (7 + len(name))}
    async with ledger.begin() as books:
        await books.cases.open([case])
        await books.cases.advance([{"id": case, "stage": stage, "crm_deal_id": f"90{int(age):03}", "currency": "EUR", **fields}])
        await _sql(books, "UPDATE cases SET changed_at = :at WHERE id = :case", at=_ago(age / 2), case=case)
        for step, system in (("open_deal", "crm"), ("create_account_folder", "docs"), ("tell_owner", "chat")):
            values = {"step": step, "system": system, "event": event, "case": case, "url": f"https://{system}.example/{step}"}
            await _sql(books, EFFECT, at=_ago(age) + timedelta(seconds=1.4), **values)
    return case


async def _stop(ledger: Ledger, case: UUID, event_type: str, cause: str, reason: str, hours: float) -> None:
    event = await _event(ledger, case, event_type, EventStatus.PARKED, hours)
    async with ledger.begin() as books:
        row = (await books.cases.get([case]))[case]
        whose, amount = {"event_id": event, "case_id": case}, {"amount_minor": row.amount_minor, "currency": row.currency}
        why = {
            "cause": cause,
            "reason": reason,
            "route": "correct it in the CRM, then replay the event",
            "owner": "sales-operations",
        }
        await books.exceptions.open([NewException(event_type=event_type, contract=f"{event_type}/1", **whose, **why, **amount)])
        await _sql(books, "UPDATE exceptions SET opened_at = :at WHERE event_id = :event", at=_ago(hours), event=event)


async def _event(
    ledger: Ledger, case: UUID, event_type: str, status: EventStatus, hours: float, *, minor: int | None = None
) -> UUID:
    event, at = uuid4(), _ago(hours)
    data = {"data": {"amount": {"minor": minor, "currency": "EUR"}} if minor else {}}
    async with ledger.begin() as books:
        await books.inbox.accept([NewEvent(event, "story", str(event), event_type, f"{event_type}/1", case, data, at, status)])
        ended = at + timedelta(seconds=1.7) if status == EventStatus.DONE else None
        times = "UPDATE inbox SET received_at = :at, finished_at = :ended WHERE id = :event"
        await _sql(books, times, at=at, ended=ended, event=event)
    return event


def _ago(hours: float) -> datetime:
    return datetime.now(UTC) - timedelta(hours=hours)


async def _sql(books: Any, statement: str, **values: Any) -> None:
    await books.lanes._connection.execute(text(statement), values)
