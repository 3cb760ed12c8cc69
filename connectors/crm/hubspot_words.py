"""What HubSpot calls what is ours, as the mapping matrix says: object types, stages, properties. Pure; knows no record."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from contracts.errors import MisconfiguredError
from contracts.matrix import matrix
from contracts.vocabulary import vocabularies

TABLE: Final = matrix()["hubspot"]
COMPANY, CONTACT, DEAL = TABLE["company"], TABLE["contact"], TABLE["deal"]
NOTE, REQUEST = TABLE["note"], TABLE["request"]
KEY: Final = DEAL.name("key")
DEAL_STAGE, REQUEST_STAGE, MILESTONE = DEAL.name("stage"), REQUEST.name("stage"), REQUEST.name("milestone")
OWNER: Final = DEAL.name("owner_user")
KINDS: Final = {name: one.object for name, one in TABLE.entities.items()}

DEAL_STAGES: Final = vocabularies()["stage"].written("hubspot")
REQUEST_STAGES: Final = vocabularies()["request_stage"].written("hubspot")
CLOSED: Final = REQUEST_STAGES["closed"]

PIPELINES: Final = {
    "deals": (DEAL.entity.constants["pipeline"], DEAL_STAGES),
    "tickets": (REQUEST.entity.constants["hs_pipeline"], REQUEST_STAGES),
}
"""The pipeline of an object type, which every new account has, and our stages in it."""

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
OUR_PROPERTIES: Final = {KINDS[name]: TABLE[name].labels for name in TABLE.entities}
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
