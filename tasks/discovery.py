"""The steps of the discovery path: the packet lies in the account's folder, the deal says so."""

from __future__ import annotations

from datetime import UTC, datetime

from prefect import task

from contracts.errors import RefusedError
from contracts.opportunity import OpportunityCreatedV1
from contracts.records import CopyRecord, DealChange, FillRecord
from ledger.documents import NewDocument
from lifecycle.discovery import DISCOVERY_TEMPLATE, packet_values
from lifecycle.documents import Artefact, document_name
from runtime.wiring import runtime
from tasks.batch import Batch, Item
from tasks.documents import document_of
from tasks.effects import once
from tasks.lead import company_of
from tasks.options import retries_of

Opportunities = Batch[OpportunityCreatedV1]
RETRIES = retries_of("opportunity.created")


@task(name="Read opportunities from the CRM", **RETRIES)
async def read_opportunities(batch: Opportunities) -> None:
    """Fill in what the CRM knows of opportunities that name only their deal; a deal that is gone leaves the batch."""
    bare = {item.payload.deal_id: item for item in batch if item.payload.deal_id and item.payload.account is None}
    if not bare:
        return
    found = await runtime().crm.read_deals([deal for deal in bare if deal])
    for deal, item in bare.items():
        if snapshot := found.get(deal or ""):
            known = {"account": snapshot.company, "person": snapshot.person, "owner": snapshot.owner, "amount": snapshot.amount}
            item.payload = item.payload.model_copy(update={k: v for k, v in known.items() if getattr(item.payload, k) is None})
            item.facts["title"] = snapshot.name
        else:
            batch.park(item, RefusedError("the CRM has no such deal", cause="crm.gone"), step="read_opportunity")


@task(name="Copy discovery packets", **RETRIES)
async def copy_packets(batch: Opportunities) -> None:
    """Copy the packet's template into each account's folder, once per deal, and enter it in the document index."""
    docs = runtime().docs
    await once(batch, "copy_packet", record=_copy, act=docs.copy_templates, find=docs.find)
    async with runtime().ledger.begin() as books:
        await books.documents.enter([_indexed(item) for item in batch])


@task(name="Fill discovery packets", **RETRIES)
async def fill_packets(batch: Opportunities) -> None:
    """Put what the CRM and the event know in the place of the packet's blanks."""
    await once(batch, "fill_packet", record=_fill, act=runtime().docs.fill)


@task(name="Advance deals to discovery", **RETRIES)
async def advance_deals(batch: Opportunities) -> None:
    """Put the packet's and the folder's address on each deal and move it to the discovery stage in the CRM."""
    crm = runtime().crm
    await once(batch, "advance_deal", record=_advance, act=crm.change_deals, image=crm.images)


def _packet_name(item: Item[OpportunityCreatedV1]) -> str:
    return document_name(company_of(item).name, Artefact.DISCOVERY_PACKET, 1, subject=item.case)


def _copy(item: Item[OpportunityCreatedV1]) -> CopyRecord:
    return CopyRecord(DISCOVERY_TEMPLATE, _packet_name(item), item.refs["create_account_folder"].id)


def _fill(item: Item[OpportunityCreatedV1]) -> FillRecord:
    values = packet_values(
        item.payload,
        title=str(item.facts["title"]),
        document=_packet_name(item),
        prepared_at=datetime.now(UTC),
        contract=item.contract,
    )
    return FillRecord(item.refs["copy_packet"].id, values)


def _advance(item: Item[OpportunityCreatedV1]) -> DealChange:
    folder, packet = item.refs["create_account_folder"], item.refs["copy_packet"]
    return DealChange(item.deal_id or "", stage="discovery", folder_url=folder.url, packet_url=packet.url)


def _indexed(item: Item[OpportunityCreatedV1]) -> NewDocument:
    return document_of(item, Artefact.DISCOVERY_PACKET, item.refs["copy_packet"], _packet_name(item), subject=item.case)
