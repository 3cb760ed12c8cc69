"""The path of `opportunity.created`: the account's place stands, the discovery packet lies in it, the owner knows."""

from __future__ import annotations

from datetime import datetime

from contracts.opportunity import OpportunityCreatedV1
from lifecycle.lead import LEAD
from lifecycle.path import KEEP, PARK, RETRY, Once, Path, Step

DISCOVERY = Path(
    "opportunity.created",
    LEAD["upsert_company"],
    LEAD["open_deal"],
    LEAD["associate_deal"],
    LEAD["create_account_folder"],
    Step(
        "copy_packet",
        system="docs",
        undo="trash_document",
        once=Once.CASE,
        refused=PARK,
        uncertain=RETRY,
        later_failure=KEEP,
        why="nobody is sent to it before the deal names it",
    ),
    Step(
        "fill_packet",
        system="docs",
        undo="trash_document",
        once=Once.CASE,
        refused=PARK,
        uncertain=RETRY,
        later_failure=KEEP,
        why="as its copy",
    ),
    Step(
        "advance_deal",
        system="crm",
        speaks_for=("crm", "docs"),
        undo="restore_deal",
        once=Once.CASE,
        refused=PARK,
        uncertain=RETRY,
        later_failure=KEEP,
        why="stands behind the packet, so no deal names one that is not there",
    ),
    LEAD["tell_owner"],
)

DISCOVERY_TEMPLATE = "discovery-packet"
UNKNOWN = "to be found out"


def packet_values(
    opportunity: OpportunityCreatedV1, *, title: str, document: str, prepared_at: datetime, contract: str
) -> dict[str, str]:
    """Return the text for each blank of the packet; what nobody knows yet says so."""
    account, person = opportunity.account, opportunity.person
    known = {
        "deal": title,
        "document": document,
        "prepared_at": f"{prepared_at:%d %B %Y}",
        "contract": contract,
        "account": account.name if account else None,
        "domain": account.domain if account else None,
        "sector": account.sector.capitalize() if account and account.sector else None,
        "country": account.country if account else None,
        "employees": f"{account.employees:,}" if account and account.employees is not None else None,
        "person": person.name if person else None,
        "email": person.email if person else None,
        "phone": person.phone if person else None,
        "product": opportunity.product,
        "amount": str(opportunity.amount) if opportunity.amount else None,
        "stage": opportunity.stage.value.capitalize(),
        "engaged_on": f"{opportunity.engaged_on:%d %B %Y}" if opportunity.engaged_on else None,
        "owner": opportunity.owner,
        "manager": opportunity.manager,
        "region": opportunity.region,
    }
    return {blank: value or UNKNOWN for blank, value in known.items()}
