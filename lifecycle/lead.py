"""The path of `lead.qualified`, and the names of what it makes."""

from __future__ import annotations

from contracts.parties import Company
from lifecycle.path import Once, Path, Step

LEAD = Path(
    "lead.qualified",
    Step("upsert_company", system="crm", undo="archive_company"),
    Step("upsert_contact", system="crm", undo="restore_contact"),
    Step("open_deal", system="crm", undo="archive_deal", once=Once.CASE),
    Step("associate_deal", system="crm", undo="remove_associations", once=Once.CASE),
    Step("create_account_folder", system="docs", undo="trash_folder", once=Once.ACCOUNT),
    Step("link_folder", system="crm", undo="restore_deal", once=Once.CASE),
    Step("tell_owner", system="chat", undo=None),
)


def deal_name(company: Company, offer: str | None) -> str:
    """Return how a deal is called in the CRM: the company and what it wants."""
    return f"{company.name} · {offer}" if offer else company.name
