"""The steps of the lead path; the discovery path shares those that bring a deal into the CRM and its account into the docs."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeVar

from prefect import task

from contracts.errors import RefusedError
from contracts.lead import LeadQualified
from contracts.opportunity import OpportunityCreatedV1
from contracts.parties import Company
from contracts.records import CompanyRecord, ContactRecord, DealChange, DealRecord, FolderRecord, Link
from ledger.documents import NewDocument
from lifecycle import keys
from lifecycle.documents import Artefact, document_name
from lifecycle.lead import deal_name
from lifecycle.stages import Stage
from runtime.wiring import runtime
from tasks.batch import Batch, Item
from tasks.documents import document_of
from tasks.effects import once
from tasks.options import retries_of

P = TypeVar("P", LeadQualified, OpportunityCreatedV1)
RETRIES = retries_of("lead.qualified")


@task(name="Read leads from the CRM", **RETRIES)
async def read_leads(leads: Batch[LeadQualified]) -> None:
    """Fill in what the CRM knows of leads that name only their contact; a contact that is gone leaves the batch."""
    bare = {item.payload.contact_id: item for item in leads if item.payload.contact_id and item.payload.person is None}
    if not bare:
        return
    found = await runtime().crm.read_contacts([contact for contact in bare if contact])
    for contact, item in bare.items():
        if snapshot := found.get(contact or ""):
            known = {"company": snapshot.company, "person": snapshot.person, "owner": snapshot.owner}
            item.payload = item.payload.model_copy(update={k: v for k, v in known.items() if getattr(item.payload, k) is None})
        else:
            leads.park(item, RefusedError("the CRM has no such contact", cause="crm.gone"), step="read_lead")


@task(name="Find or create companies", **RETRIES)
async def upsert_companies(batch: Batch[P]) -> None:
    """Find each deal's company in the CRM, or create it; one that people keep there is left as they wrote it."""
    for item in batch:
        item.account = keys.account_id(company_of(item).identity)
    await once(
        batch,
        "upsert_company",
        record=lambda item: CompanyRecord(account_of(item), company_of(item)),
        act=runtime().crm.upsert_companies,
        image=runtime().crm.images,
        items=_newcomers(batch),
    )


@task(name="Create or update contacts", **RETRIES)
async def upsert_contacts(leads: Batch[LeadQualified]) -> None:
    """Create each person in the CRM, or bring the one with that e-mail address up to date."""
    people = [item for item in leads if item.payload.person]
    crm = runtime().crm
    await once(leads, "upsert_contact", record=_contact, act=crm.upsert_contacts, image=crm.images, items=people)


@task(name="Open deals", **RETRIES)
async def open_deals(batch: Batch[P]) -> None:
    """Open one deal per case in the CRM; a case that has one keeps it."""
    for item in batch:
        item.facts["title"] = item.facts.get("title") or deal_name(company_of(item), offer_of(item))
    fresh, crm = [item for item in _newcomers(batch) if item.deal_id is None], runtime().crm
    await once(batch, "open_deal", record=_deal, act=crm.open_deals, image=crm.images, items=fresh)
    for item in fresh:
        if ref := item.refs.get("open_deal"):
            item.deal_id = ref.id
            item.facts["deal_url"] = ref.url


@task(name="Link deals, companies and contacts", **RETRIES)
async def associate_deals(batch: Batch[P]) -> None:
    """Associate each deal with its company and contact in the CRM."""
    crm = runtime().crm
    await once(batch, "associate_deal", record=_links, act=crm.associate, image=crm.images, items=_newcomers(batch))


@task(name="Create account folders", **RETRIES)
async def create_account_folders(batch: Batch[P]) -> None:
    """Create one folder per account and enter it in the document index; one that a person threw away is made anew."""
    docs = runtime().docs
    await once(batch, "create_account_folder", record=_folder, act=docs.create_folders, find=docs.find, check=True)
    async with runtime().ledger.begin() as books:
        await books.documents.enter([_indexed(item) for item in batch])


@task(name="Link folders to deals", **RETRIES)
async def link_folders(leads: Batch[LeadQualified]) -> None:
    """Put the account folder's address on each deal and set its stage in the CRM."""
    crm = runtime().crm
    await once(leads, "link_folder", record=_folder_link, act=crm.change_deals, image=crm.images)


def account_of(item: Item[P]) -> keys.AccountId:
    """Return the account's id, known since its company was found."""
    if item.account is None:
        raise ValueError("the account is not known before its company is")
    return keys.AccountId(item.account)


def company_of(item: Item[P]) -> Company:
    """Return the client company; the gate has made sure that there is one."""
    company = item.payload.company if isinstance(item.payload, LeadQualified) else item.payload.account
    if company is None:
        raise ValueError("the gate let a deal pass without its company")
    return company


def offer_of(item: Item[P]) -> str | None:
    """Return what the client wants, in words."""
    return item.payload.service if isinstance(item.payload, LeadQualified) else item.payload.product


def campaign_of(item: Item[P]) -> str | None:
    """Return which campaign a lead came from, where its sender knows."""
    campaign = item.payload.campaign if isinstance(item.payload, LeadQualified) else None
    return campaign.name if campaign else None


def _newcomers(batch: Batch[P]) -> list[Item[P]]:
    """The deals that no earlier path has brought into the CRM."""
    return [item for item in batch if item.stage is Stage.NEW]


def _contact(item: Item[LeadQualified]) -> ContactRecord:
    if item.payload.person is None:
        raise ValueError("the gate let a lead pass without its person")
    return ContactRecord(item.payload.person)


def _deal(item: Item[P]) -> DealRecord:
    return DealRecord(
        name=item.title,
        stage="qualified",
        owner=item.payload.owner or "",
        amount=item.payload.amount,
        service=offer_of(item),
        campaign=campaign_of(item),
    )


def _links(item: Item[P]) -> Sequence[Link]:
    company, deal = item.refs["upsert_company"].id, item.deal_id or ""
    links = [Link("deal", deal, "company", company)]
    if contact := item.refs.get("upsert_contact"):
        links += [Link("deal", deal, "contact", contact.id), Link("contact", contact.id, "company", company)]
    return links


def _folder(item: Item[P]) -> FolderRecord:
    return FolderRecord(_folder_name(item))


def _folder_name(item: Item[P]) -> str:
    return document_name(company_of(item).name, Artefact.ACCOUNT_FOLDER, 1, subject=account_of(item))


def _folder_link(item: Item[LeadQualified]) -> DealChange:
    return DealChange(item.deal_id or "", stage="qualified", folder_url=item.refs["create_account_folder"].url)


def _indexed(item: Item[P]) -> NewDocument:
    folder = item.refs["create_account_folder"]
    return document_of(item, Artefact.ACCOUNT_FOLDER, folder, _folder_name(item), subject=account_of(item))
