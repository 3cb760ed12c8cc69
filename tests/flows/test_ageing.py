"""Looking at open invoices: a payment nobody told us of is found once, and a client gets one reminder, however late we are."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest
from prefect.client.schemas.objects import State
from prefect.settings import PREFECT_API_URL, temporary_settings

from connectors.guard import speaking_for
from contracts.billing import CustomerRecord, InvoiceRecord, LineItem
from contracts.records import Ref, Wanted
from contracts.values import Money
from flows.ageing import ageing
from ledger.continuity import NewEntry
from lifecycle.continuity import Kind, Movement
from tests.world import World

EUR = Money(minor=1500000, currency="EUR")
DEAL = "310421"
NOTHING = "1 open: 0 paid, 0 taken back, 0 reminders, 0 not in the billing system"


async def aged(world: World, today: date | None = None) -> State[Any]:
    with temporary_settings({PREFECT_API_URL: world.prefect}):
        state: State[Any] = await ageing(today, return_state=True)
    return state


async def owed(world: World, *, reference: str = "") -> tuple[str, date]:
    """Let an invoice be out, in the billing system and in the ledger; return its id and when it is due."""
    billing, number = world.house.billing, reference
    if not number:
        with speaking_for("crm"):
            customer = await ref(billing.upsert_customers, CustomerRecord(uuid4(), "Northwind GmbH", "ada@northwind.example"))
        draft = await ref(billing.draft_invoices, InvoiceRecord(customer, DEAL, [LineItem("Implementation", EUR)], 14))
        number = await ref(billing.finalise_invoices, draft)
    found = (await billing.read_invoices([number])).get(number)
    due_on = found.due_on if found and found.due_on else datetime.now(UTC).date()
    case = uuid4()
    async with world.house.ledger.begin() as books:
        await books.cases.open([case])
        blank = dict.fromkeys(("account_id", "owner", "amount_minor", "currency"))
        await books.cases.advance([{"id": case, "stage": "invoiced", "title": "Northwind", "crm_deal_id": DEAL, **blank}])
        await books.continuity.enter([NewEntry(case, uuid4(), Movement(Kind.INVOICED, EUR.minor, "EUR", number), due_on)])
    return number, due_on


async def ref(act: Any, record: Any) -> str:
    key = uuid4()
    made = (await act([Wanted(key, record)]))[key]
    assert isinstance(made, Ref), made
    return made.id


async def entered(world: World) -> list[tuple[str, str, str, Any]]:
    return [(row.type, row.source, row.external_id, row.payload["data"].get("days")) for row in await world.events()]


@pytest.mark.parametrize(
    ("status", "event", "name", "said"),
    [("paid", "payment.confirmed", "paid", "1 paid"), ("void", "invoice.voided", "voided", "1 taken back")],
)
async def test_what_the_billing_system_could_not_tell_us_is_found_as_if_it_had(
    world: World, status: str, event: str, name: str, said: str
) -> None:
    """
    Given an open invoice that is paid (or taken back) in the billing system, whose webhook was lost
    When ageing runs, and runs again
    Then the event that the webhook would have been came in once, with the deal and the amount.
    """
    invoice, due_on = await owed(world)
    await world.vendors.person_changes("billing", "invoices", invoice, {"status": status})
    assert said in str((await aged(world, due_on + timedelta(days=40))).message)
    assert await entered(world) == [(event, "stripe", f"{invoice}/{name}", None)]
    (row,) = await world.events()
    assert row.status == "received"
    assert row.payload["data"] == {"deal_id": DEAL, "invoice_id": invoice, "amount": EUR.model_dump()}
    assert (await aged(world)).message == NOTHING


async def test_each_reminder_is_entered_once_on_its_day(world: World) -> None:
    """
    Given an invoice that is not paid
    When ageing runs every day for six weeks
    Then it is overdue after 7, 14 and 30 days, once each.
    """
    invoice, due_on = await owed(world)
    for days in (0, 6, 7, 8, 13, 14, 15, 29, 30, 31, 42):
        await aged(world, due_on + timedelta(days=days))
    assert await entered(world) == [("invoice.overdue", "towline", f"{invoice}/overdue/{days}", days) for days in (7, 14, 30)]


async def test_a_house_that_stood_still_for_a_month_sends_one_letter(world: World) -> None:
    invoice, due_on = await owed(world)
    assert "1 reminders" in str((await aged(world, due_on + timedelta(days=33))).message)
    assert await entered(world) == [("invoice.overdue", "towline", f"{invoice}/overdue/30", 30)]


async def test_an_invoice_that_is_not_due_is_left_alone(world: World) -> None:
    await owed(world)
    assert (await aged(world)).message == NOTHING
    assert await world.events() == []


async def test_an_invoice_that_the_billing_system_does_not_know_is_counted(world: World) -> None:
    await owed(world, reference="in_gone")
    assert str((await aged(world)).message).endswith("1 not in the billing system")
    assert await world.events() == []


async def test_while_the_billing_system_is_away_nothing_is_entered_and_the_run_fails(world: World) -> None:
    _, due_on = await owed(world)
    await world.vendors.fault("billing", status=401, count=-1)
    assert (await aged(world, due_on + timedelta(days=8))).is_failed()
    await world.vendors.heal()
    assert await world.events() == []
    assert (await aged(world, due_on + timedelta(days=8))).is_completed()
    assert len(await world.events()) == 1
