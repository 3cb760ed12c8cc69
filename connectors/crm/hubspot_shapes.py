"""Our records in HubSpot's words and back: property names, stages, association types. Pure; knows nothing of HTTP."""

from __future__ import annotations

import html
import re
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from moneyed import CurrencyDoesNotExist
from pydantic import ValidationError

from contracts.errors import MisconfiguredError
from contracts.parties import Company, Person
from contracts.records import CompanyRecord, ContactRecord, ContactSnapshot, DealChange, DealRecord, DealSnapshot, EffectKey
from contracts.values import Money

Properties = Mapping[str, str | None]

KEY = "towline_key"
STAGES = {"qualified": "qualifiedtobuy", "discovery": "presentationscheduled"}
OUR_STAGES = {theirs: ours for ours, theirs in STAGES.items()}
KINDS = {"company": "companies", "contact": "contacts", "deal": "deals", "note": "notes"}
NOTE_TO_DEAL = [{"associationCategory": "HUBSPOT_DEFINED", "associationTypeId": 214}]
PRIMARY_COMPANY = {1, 5}
"""Association types from a contact, and from a deal, to its primary company."""

GROUPS = {"companies": "companyinformation", "contacts": "contactinformation", "deals": "dealinformation", "notes": "engagement"}
OUR_PROPERTIES = {
    "companies": {KEY: "Towline key", "towline_sector": "Sector"},
    "contacts": {KEY: "Towline key", "towline_owner": "Owner in Towline"},
    "deals": {
        KEY: "Towline key",
        "towline_owner": "Owner in Towline",
        "towline_folder_url": "Account folder",
        "towline_packet_url": "Discovery packet",
    },
    "notes": {KEY: "Towline key"},
}
"""The properties that we add, per object type: name and label."""

COMPANY = ("name", "domain", "towline_sector", "country", "numberofemployees")
OWNER = "hubspot_owner_id"
_SLUG = re.compile(r"[^a-z0-9._-]+")
CONTACT = ("firstname", "lastname", "email", "phone", "towline_owner", OWNER)
DEAL = (KEY, "dealname", "dealstage", "towline_owner", OWNER, "amount", "deal_currency_code")


def definition(kind: str, name: str) -> dict[str, Any]:
    """Return the definition of one of our properties."""
    label = OUR_PROPERTIES[kind][name]
    shape = {"name": name, "label": label, "type": "string", "fieldType": "text", "groupName": GROUPS[kind]}
    return shape | {"hasUniqueValue": name == KEY}


def company_properties(record: CompanyRecord) -> dict[str, str]:
    """Return a new company as HubSpot keeps it; its key is the account's id, so that two runs cannot make two."""
    company = record.company
    employees = None if company.employees is None else str(company.employees)
    values = (company.name, company.domain, company.sector, company.country, employees)
    return _given({KEY: str(record.account), **dict(zip(COMPANY, values, strict=True))})


def contact_properties(key: EffectKey, record: ContactRecord) -> dict[str, str]:
    """Return a contact as HubSpot keeps it: the first word of the name is the first name."""
    first, _, last = record.person.name.partition(" ")
    names = {"firstname": first, "lastname": last.strip()}
    return _given({KEY: str(key), "email": str(record.person.email), "phone": record.person.phone, **names})


def deal_properties(key: EffectKey, record: DealRecord) -> dict[str, str]:
    """Return a new deal as HubSpot keeps it."""
    money = {"amount": record.amount.decimal(), "deal_currency_code": record.amount.currency} if record.amount else {}
    names = {"dealname": record.name, "pipeline": "default", "dealstage": stage_id(record.stage), "towline_owner": record.owner}
    return {KEY: str(key), **names, **money}


def change_properties(change: DealChange) -> dict[str, str]:
    """Return the properties that a change names."""
    stage = None if change.stage is None else stage_id(change.stage)
    urls = {"towline_folder_url": change.folder_url, "towline_packet_url": change.packet_url}
    return {name: value for name, value in {"dealstage": stage, **urls}.items() if value is not None}


def note_properties(key: EffectKey, text: str, now: datetime) -> dict[str, str]:
    """Return a note as HubSpot keeps it; its body is HTML there."""
    body = html.escape(text).replace("\n", "<br>")
    return {KEY: str(key), "hs_note_body": body, "hs_timestamp": str(int(now.timestamp() * 1000))}


def stage_id(stage: str) -> str:
    """Return HubSpot's id of one of our stages."""
    if stage not in STAGES:
        raise MisconfiguredError("crm: a stage of ours has no place in the sales pipeline", cause="crm.stage_unknown")
    return STAGES[stage]


def company_of(properties: Properties | None) -> Company | None:
    """Return a company, or None where HubSpot has none that our contract takes."""
    found = properties or {}
    try:
        return Company(
            name=found.get("name") or found.get("domain") or "",
            domain=found.get("domain") or None,
            sector=found.get("towline_sector") or None,
            country=found.get("country") or None,
            employees=int(float(found.get("numberofemployees") or 0)) or None,
        )
    except (ValueError, OverflowError):
        return None


def person_of(properties: Properties | None) -> Person | None:
    """Return a person, or None without a name or a good address; a phone number that people wrote their own way is left out."""
    found = properties or {}
    name = " ".join(part for part in (found.get("firstname"), found.get("lastname")) if part)
    for phone in (found.get("phone") or None, None):
        try:
            return Person.model_validate({"name": name, "email": found.get("email"), "phone": phone})
        except ValidationError:
            continue
    return None


def money_of(properties: Properties) -> Money | None:
    """Return a deal's amount; None where there is none, or none with a currency that takes it."""
    amount, currency = properties.get("amount"), properties.get("deal_currency_code")
    try:
        return Money.from_major(amount, currency) if amount and currency else None
    except (ValueError, OverflowError, CurrencyDoesNotExist):
        return None


def owner_of(properties: Properties, owners: Mapping[str, str]) -> str | None:
    """Return whose a record is: the owner we wrote, or the HubSpot user's e-mail name (`owners`: user id to e-mail address)."""
    email = owners.get(properties.get(OWNER) or "", "")
    return properties.get("towline_owner") or _SLUG.sub("-", email.partition("@")[0].lower()).strip("-") or None


def deal_snapshot(
    deal_id: str, deal: Properties, company: Properties | None, contact: Properties | None, owners: Mapping[str, str]
) -> DealSnapshot:
    """Return a deal as HubSpot shows it."""
    stage = deal.get("dealstage") or ""
    return DealSnapshot(
        id=deal_id,
        key=deal.get(KEY) or None,
        name=deal.get("dealname") or "",
        stage=OUR_STAGES.get(stage, stage),
        owner=owner_of(deal, owners),
        amount=money_of(deal),
        company=company_of(company),
        person=person_of(contact),
    )


def contact_snapshot(
    contact_id: str, contact: Properties, company: Properties | None, owners: Mapping[str, str]
) -> ContactSnapshot:
    """Return a contact as HubSpot shows it."""
    return ContactSnapshot(id=contact_id, person=person_of(contact), company=company_of(company), owner=owner_of(contact, owners))


def _given(properties: Mapping[str, str | None]) -> dict[str, str]:
    """Leave out what is not known: an empty text would take a value away."""
    return {name: str(value) for name, value in properties.items() if value}
