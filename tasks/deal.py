"""What the paths of a deal that is under way share: the deal as the CRM shows it, its account's folder, changes of the deal."""

from __future__ import annotations

from typing import Any, TypeVar

from prefect import task

from contracts.errors import RefusedError
from contracts.parties import Company
from contracts.values import Contract
from lifecycle import keys
from lifecycle.documents import Artefact
from runtime.wiring import runtime
from tasks.batch import Batch, Item
from tasks.options import retries_of

C = TypeVar("C", bound=Contract)
GONE = "the CRM has no such deal"


@task(name="Read deals from the CRM", **retries_of("discovery.completed"))
async def read_deals(batch: Batch[C]) -> None:
    """Read each item's deal in the CRM, with company and contact; a deal that is gone leaves the batch."""
    found = await runtime().crm.read_deals({item.deal_id for item in batch if item.deal_id})
    for item in batch:
        item.deal = found.get(item.deal_id or "")
        if item.deal is None:
            batch.park(item, RefusedError(GONE, cause="crm.gone"), step="read_deal")
            continue
        item.facts["title"] = item.title or item.deal.name
        if item.account is None and item.deal.company:
            item.account = keys.account_id(item.deal.company.identity)


async def read_folders(batch: Batch[C], artefact: Artefact = Artefact.ACCOUNT_FOLDER) -> None:
    """Note the folder of each item's account; an item whose account has none leaves the batch."""
    async with runtime().ledger.begin() as books:
        found = await books.documents.current([item.account for item in batch if item.account], artefact)
    for item in batch:
        folder = found.get(item.account) if item.account else None
        if folder is None:
            batch.park(item, RefusedError("the account has no folder", cause="docs.no_folder"), step="read_folder")
        else:
            item.facts["folder"] = folder.vendor_id


def company_of(item: Item[C]) -> Company:
    """Return the client company as the CRM shows it; the gate has made sure that there is one."""
    if item.deal is None or item.deal.company is None:
        raise ValueError("the gate let a deal pass without its account")
    return item.deal.company


def owner_name(item: Item[C]) -> str:
    """Return the name of a deal's owner as clients read it; nothing for one who is not in the owners' file."""
    owner = runtime().catalog.owners.owners.get(item.owner or "")
    return owner.name if owner else ""


def person_facts(item: Item[C]) -> dict[str, Any]:
    """Return what every gate asks of a deal: account, e-mail address, owner, title, stage.

    Paths that write to nobody do not read the deal in the CRM: there the account is the one that the case knows.
    """
    deal, known = item.deal, str(item.account) if item.account else None
    return {
        "account": deal.company.name if deal and deal.company else known if deal is None else None,
        "email": deal.person.email if deal and deal.person else None,
        "owner": item.owner,
        "title": item.title or None,
        "stage": item.stage.value,
        "crm_stage": deal.stage if deal else None,
    }
