"""HubSpot's words for ours: object types, stages, association types, and the properties that we add. Pure; knows no record."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from contracts.errors import MisconfiguredError

KEY: Final = "towline_key"
OWNER: Final = "hubspot_owner_id"
KINDS: Final = {"company": "companies", "contact": "contacts", "deal": "deals", "note": "notes", "request": "tickets"}

DEAL_STAGES: Final = {
    "qualified": "qualifiedtobuy",
    "discovery": "presentationscheduled",
    "discovered": "decisionmakerboughtin",  # a person moves the deal there when discovery is done
    "proposed": "contractsent",
    "won": "closedwon",
    "lost": "closedlost",
}
CLOSED: Final = "4"
REQUEST_STAGES: Final = {"open": "1", "closed": CLOSED}
WAITING: Final = ("2", "3")
"""Stages of a ticket that waits for somebody; it is open."""

PIPELINES: Final = {"deals": ("default", DEAL_STAGES), "tickets": ("0", REQUEST_STAGES)}
"""The pipeline of an object type, which every new account has, and our stages in it."""

OUR_DEAL_STAGES: Final = {theirs: ours for ours, theirs in DEAL_STAGES.items()}
OUR_REQUEST_STAGES: Final = {theirs: ours for ours, theirs in REQUEST_STAGES.items()} | dict.fromkeys(WAITING, "open")

NOTE_TO_DEAL: Final = 214
TICKET_TO_DEAL: Final = 28
PRIMARY_COMPANY: Final = {1, 5}
"""Association types from a contact, and from a deal, to its primary company."""

_GROUPS = {
    "companies": "companyinformation",
    "contacts": "contactinformation",
    "deals": "dealinformation",
    "notes": "engagement",
    "tickets": "ticketinformation",
}
OUR_PROPERTIES: Final = {
    "companies": {KEY: "Towline key", "towline_sector": "Sector"},
    "contacts": {KEY: "Towline key", "towline_owner": "Owner in Towline"},
    "deals": {
        KEY: "Towline key",
        "towline_owner": "Owner in Towline",
        "towline_service": "Service",
        "towline_campaign": "Campaign",
        "towline_folder_url": "Account folder",
        "towline_packet_url": "Discovery packet",
        "towline_proposal_url": "Proposal",
        "towline_invoice_url": "Invoice",
        "towline_payment": "Payment",
    },
    "notes": {KEY: "Towline key", "towline_approved_by": "Approved for the client by"},
    "tickets": {KEY: "Towline key", "towline_milestone": "Milestone reached"},
}
"""The properties that we add, per object type: name and label."""


def definition(kind: str, name: str) -> dict[str, Any]:
    """Return the definition of one of our properties."""
    label = OUR_PROPERTIES[kind][name]
    shape = {"name": name, "label": label, "type": "string", "fieldType": "text", "groupName": _GROUPS[kind]}
    return shape | {"hasUniqueValue": name == KEY}


def stage_id(kind: str, stage: str) -> str:
    """Return HubSpot's id of one of our stages."""
    _, stages = PIPELINES[kind]
    if stage not in stages:
        raise MisconfiguredError(f"crm: a stage of ours has no place in the pipeline of {kind}", cause="crm.stage_unknown")
    return stages[stage]


def link_to(record_id: str, association_type: int) -> Mapping[str, Any]:
    """Return an association that a new record is to be made with, in the same call."""
    return {"to": {"id": record_id}, "types": [{"associationCategory": "HUBSPOT_DEFINED", "associationTypeId": association_type}]}
