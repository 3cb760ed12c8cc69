"""Companies, contacts and deals in HubSpot's words and back. Pure; knows nothing of HTTP."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import fields

from pydantic import ValidationError

from connectors.crm.hubspot_words import COMPANY, CONTACT, DEAL, OWNER, stage_id
from contracts.parties import Company, Person
from contracts.records import CompanyRecord, ContactRecord, ContactSnapshot, DealChange, DealRecord, DealSnapshot, EffectKey

Properties = Mapping[str, str | None]

_SLUG = re.compile(r"[^a-z0-9._-]+")


def company_properties(record: CompanyRecord) -> dict[str, str]:
    """Return a new company as HubSpot keeps it; its key is the account's id, so that two runs cannot make two."""
    return COMPANY.new(account=record.account, **dict(record.company))


def contact_properties(key: EffectKey, record: ContactRecord) -> dict[str, str]:
    """Return a contact as HubSpot keeps it: the first word of the name is the first name."""
    return CONTACT.new(key=key, **dict(record.person))


def deal_properties(key: EffectKey, record: DealRecord) -> dict[str, str]:
    """Return a new deal as HubSpot keeps it."""
    stage_id("deals", record.stage)
    named = {"name": record.name, "stage": record.stage, "owner": record.owner}
    offer = {"service": record.service, "campaign": record.campaign}
    return DEAL.new(key=key, **named, **offer, amount=record.amount)


def change_properties(change: DealChange) -> dict[str, str]:
    """Return the properties that a change names."""
    if change.stage is not None:
        stage_id("deals", change.stage)
    named = {field.name: getattr(change, field.name) for field in fields(change) if field.name != "deal_id"}
    return DEAL.out(**named)


def company_of(properties: Properties | None) -> Company | None:
    """Return a company, or None where HubSpot has none that our contract takes."""
    found = properties or {}
    try:
        company = COMPANY.back(found)
        return Company(**company | {"name": company["name"] or found.get("domain") or ""})
    except (ValueError, OverflowError):
        return None


def person_of(properties: Properties | None) -> Person | None:
    """Return a person, or None without a name or a good address; a phone number that people wrote their own way is left out."""
    person = CONTACT.back(properties or {}, "name", "email", "phone")
    for phone in (person["phone"], None):
        try:
            return Person.model_validate(person | {"name": person["name"] or "", "phone": phone})
        except ValidationError:
            continue
    return None


def owner_of(properties: Properties, owners: Mapping[str, str]) -> str | None:
    """Return whose a record is: the owner we wrote, or the HubSpot user's e-mail name (`owners`: user id to e-mail address)."""
    email = owners.get(properties.get(OWNER) or "", "")
    return properties.get(DEAL.name("owner")) or _SLUG.sub("-", email.partition("@")[0].lower()).strip("-") or None


def deal_snapshot(
    deal_id: str, deal: Properties, company: Properties | None, contact: Properties | None, owners: Mapping[str, str]
) -> DealSnapshot:
    """Return a deal as HubSpot shows it."""
    found = DEAL.back(deal)
    return DealSnapshot(
        id=deal_id,
        key=found["key"],
        name=found["name"] or "",
        stage=found["stage"] or "",
        owner=owner_of(deal, owners),
        amount=found["amount"],
        company=company_of(company),
        person=person_of(contact),
        service=found["service"],
    )


def contact_snapshot(
    contact_id: str, contact: Properties, company: Properties | None, owners: Mapping[str, str]
) -> ContactSnapshot:
    """Return a contact as HubSpot shows it."""
    return ContactSnapshot(id=contact_id, person=person_of(contact), company=company_of(company), owner=owner_of(contact, owners))
