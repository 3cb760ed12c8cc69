"""The path of `lead.qualified`, and the names of what it makes."""

from __future__ import annotations

from contracts.parties import Company
from lifecycle.path import KEEP, PARK, RETRY, Once, Path, Step

LEAD = Path(
    "lead.qualified",
    Step(
        "upsert_company",
        system="crm",
        undo="archive_company",
        refused=PARK,
        uncertain=RETRY,
        later_failure=KEEP,
        why="a company that is known harms nobody",
    ),
    Step(
        "upsert_contact",
        system="crm",
        undo="restore_contact",
        refused=PARK,
        uncertain=RETRY,
        later_failure=KEEP,
        why="nor does a person",
    ),
    Step(
        "open_deal",
        system="crm",
        undo="archive_deal",
        once=Once.CASE,
        refused=PARK,
        uncertain=RETRY,
        later_failure=KEEP,
        why="a seller can begin with a deal that has no folder yet; without the deal the lead would be lost",
    ),
    Step(
        "associate_deal",
        system="crm",
        undo="remove_associations",
        once=Once.CASE,
        refused=PARK,
        uncertain=RETRY,
        later_failure=KEEP,
        why="as the deal",
    ),
    Step(
        "create_account_folder",
        system="docs",
        undo="trash_folder",
        once=Once.ACCOUNT,
        refused=PARK,
        uncertain=RETRY,
        later_failure=KEEP,
        why="all deals of the account share it",
    ),
    Step(
        "link_folder",
        system="crm",
        speaks_for=("crm", "docs"),
        undo="restore_deal",
        once=Once.CASE,
        refused=PARK,
        uncertain=RETRY,
        later_failure=KEEP,
        why="nothing behind it stops the lead",
    ),
    Step(
        "tell_owner",
        system="chat",
        undo=None,
        refused=KEEP,
        uncertain=RETRY,
        later_failure=KEEP,
        why="a message that chat does not take must hold up no deal",
    ),
)


def deal_name(company: Company, offer: str | None) -> str:
    """Return how a deal is called in the CRM: the company and what it wants."""
    return f"{company.name} · {offer}" if offer else company.name
