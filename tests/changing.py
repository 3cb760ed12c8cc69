"""Deals as the ledger knows them once they are won and billed, made without their flows; and people who change what is ours."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any
from uuid import UUID, uuid4

import httpx

from connectors.guard import speaking_for
from contracts.billing import CustomerRecord, InvoiceRecord, LineItem
from contracts.records import DealChange, DealRecord, DocumentRecord, FolderRecord, LockRecord, Ref, Wanted
from contracts.values import Money
from ledger.continuity import NewEntry
from ledger.documents import NewDocument
from ledger.effects import Intent
from ledger.tables import EffectState
from lifecycle import continuity, keys
from lifecycle.continuity import Movement
from lifecycle.documents import Artefact
from lifecycle.reconciling import Kind
from runtime.wiring import Runtime
from tasks.comparing import compare
from tasks.reconciling import PAGE, put_back, records_of
from tests.world import NO_TLS, Vendors

EUR = Money(minor=1_500_000, currency="EUR")
OWNER = "head-of-sales"


@dataclass(frozen=True, slots=True)
class Deal:
    """A deal, and where its records stand."""

    case: UUID
    account: UUID
    id: str
    customer: str = ""
    document: str = ""
    invoice: str = ""


async def reconciled(house: Runtime, *, young: float = 0) -> Counter[str]:
    """Compare everything and put back what goes back, as the flow does; return how many of each finding."""
    found: Counter[str] = Counter()
    for kind in Kind:
        ids = await records_of.fn(kind)
        for first in range(0, len(ids), PAGE):
            found.update(await compare(house, kind, ids[first : first + PAGE], young=young))
    await put_back.fn()
    return found


async def incidents(house: Runtime) -> list[Any]:
    """All incidents, the oldest first."""
    async with house.ledger.begin() as books:
        return list(reversed(await books.incidents.latest(limit=10_000, closed=True)))


async def asked(house: Runtime) -> list[Any]:
    """The open exceptions of incidents."""
    async with house.ledger.begin() as books:
        return [one for one in await books.exceptions.latest(limit=1000) if one.cause.startswith("reconcile/")]


async def won(house: Runtime) -> Deal:
    """A deal in delivery, with links, customer, and a locked proposal."""
    (deal,) = await deals(house, 1, stage="delivery")
    return replace(deal, customer=await _customer(house, deal), document=await _document(house, deal))


async def billed(house: Runtime) -> Deal:
    """A deal whose invoice is out."""
    deal = await won(house)
    billing = house.billing
    draft = await made(billing.draft_invoices, InvoiceRecord(deal.customer, deal.id, [LineItem("Implementation", EUR)], 14))
    invoice = await made(billing.finalise_invoices, draft)
    async with house.ledger.begin() as books:
        moves = [
            Movement(continuity.Kind.APPROVED, EUR.minor, "EUR", "decision"),
            Movement(continuity.Kind.INVOICED, EUR.minor, "EUR", invoice),
        ]
        await books.continuity.enter([NewEntry(deal.case, uuid4(), one) for one in moves])
        await books.cases.advance([_case(deal, "invoiced")])
    return replace(deal, invoice=invoice)


async def deals(house: Runtime, number: int, *, stage: str = "qualified") -> list[Deal]:
    """So many deals that the lead path has opened and linked to their folders."""
    records = {uuid4(): DealRecord(f"Northwind {one}", "qualified", OWNER, EUR, "implementation") for one in range(number)}
    wanted = [Wanted(key, record) for key, record in records.items()]
    cases = {key: uuid4() for key in records}
    refs = await changed(house, "open_deal", "archive_deal", cases, wanted, house.crm.open_deals)
    found = [Deal(cases[key], uuid4(), refs[key].id) for key in records]
    async with house.ledger.begin() as books:
        await books.cases.open([deal.case for deal in found])
        await books.cases.advance([_case(deal, stage) for deal in found])
    links = [Wanted(uuid4(), DealChange(deal.id, folder_url=f"https://drive.example/{deal.id}")) for deal in found]
    of = {one.key: deal.case for one, deal in zip(links, found, strict=True)}
    with speaking_for("docs"):
        await changed(house, "link_folder", "restore_deal", of, links, house.crm.change_deals)
    return found


async def changed(
    house: Runtime, step: str, undo: str, cases: dict[UUID, UUID], wanted: Sequence[Wanted[Any]], act: Any, system: str = "crm"
) -> dict[UUID, Ref]:
    """Make a step's changes as `tasks/effects.py` does: intended, with what they leave, done."""
    see = house.crm.images if system == "crm" else house.billing.images
    async with house.ledger.begin() as books:
        await books.effects.intend([Intent(one.key, one.key, uuid4(), cases[one.key], step, system, undo) for one in wanted])
        await books.effects.picture(await see(wanted))
    outcomes: dict[UUID, Ref] = dict(await act(wanted))
    async with house.ledger.begin() as books:
        await books.effects.settle(outcomes, dict.fromkeys(outcomes, EffectState.DONE))
    return outcomes


async def made(act: Any, record: Any) -> str:
    """Make one record and return its id."""
    key = uuid4()
    outcome = (await act([Wanted(key, record)]))[key]
    assert isinstance(outcome, Ref), outcome
    return outcome.id


async def other_program_changes(vendors: Vendors, deal: str, properties: dict[str, str]) -> None:
    """Change a deal as another app of the account."""
    await _call(vendors, "PATCH", f"/hubspot/crm/v3/objects/deals/{deal}", {"properties": properties})


async def deal_is_deleted(vendors: Vendors, deal: str) -> None:
    """Let somebody delete a deal in the CRM."""
    await _call(vendors, "DELETE", f"/hubspot/crm/v3/objects/deals/{deal}")


async def _call(vendors: Vendors, method: str, path: str, body: Any = None) -> None:
    headers = {"Authorization": "Bearer another-app"}
    async with httpx.AsyncClient(base_url=vendors.url, headers=headers, verify=NO_TLS, trust_env=False) as client:
        answer = await client.request(method, path, json=body, timeout=30)
    assert answer.is_success, answer.text


async def _customer(house: Runtime, deal: Deal) -> str:
    key = keys.effect_key(deal.account, "upsert_customer")
    wanted = [Wanted(key, CustomerRecord(deal.account, "Northwind GmbH", "ada@northwind.example"))]
    with speaking_for("crm"):
        act = house.billing.upsert_customers
        refs = await changed(house, "upsert_customer", "delete_customer", {key: deal.case}, wanted, act, "billing")
    return refs[key].id


async def _document(house: Runtime, deal: Deal) -> str:
    folder = await made(house.docs.create_folders, FolderRecord("northwind"))
    document = await made(house.docs.create_documents, DocumentRecord("northwind_proposal_v1", folder, "<p>EUR 15,000.00</p>"))
    await made(house.docs.lock, LockRecord(document, "Approved by head-of-sales; a change needs a change request"))
    content = (await house.docs.hashes([document]))[document]
    entry = NewDocument(deal.case, deal.account, deal.case, uuid4(), Artefact.PROPOSAL, 1, "northwind_proposal_v1", document, "")
    async with house.ledger.begin() as books:
        await books.documents.enter([entry])
        await books.documents.approve(document, by="head-of-sales", content_hash=content, delivery_item="request 1")
    return document


def _case(deal: Deal, stage: str) -> dict[str, Any]:
    known = {"account_id": deal.account, "title": "Northwind", "owner": OWNER, "crm_deal_id": deal.id}
    return {"id": deal.case, "stage": stage, "amount_minor": EUR.minor, "currency": "EUR", **known}
