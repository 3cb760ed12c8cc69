"""Companies, contacts and deals in HubSpot's words and back. Pure; knows nothing of HTTP."""

from __future__ import annotations

import re
from collections.abc import Mapping

from moneyed import CurrencyDoesNotExist
from pydantic import ValidationError

from connectors.crm.hubspot_words import KEY, OUR_DEAL_STAGES, OWNER, PIPELINES, stage_id
from contracts.parties import Company, Person
from contracts.records import CompanyRecord, ContactRecord, ContactSnapshot, DealChange, DealRecord, DealSnapshot, EffectKey
from contracts.values import Money

Properties = Mapping[str, str | None]

COMPANY = ("name", "domain", "towline_sector", "country", "numberofemployees")
_SLUG = re.compile(r"[^a-z0-9._-]+")
CONTACT = ("firstname", "lastname", "email", "phone", "towline_owner", OWNER)
DEAL = (KEY, "dealname", "dealstage", "towline_owner", OWNER, "amount", "deal_currency_code", "towline_service")


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
    place = {"pipeline": PIPELINES["deals"][0], "dealstage": stage_id("deals", record.stage)}
    names = {"dealname": record.name, "towline_owner": record.owner}
    offer = {"towline_service": record.service, "towline_campaign": record.campaign}
    return _given({KEY: str(key), **names, **offer, **place, **_amount(record.amount)})


def change_properties(change: DealChange) -> dict[str, str]:
    """Return the properties that a change names."""
    named = {
        "dealstage": None if change.stage is None else stage_id("deals", change.stage),
        "towline_folder_url": change.folder_url,
        "towline_packet_url": change.packet_url,
        "towline_proposal_url": change.proposal_url,
        "towline_invoice_url": change.invoice_url,
        "towline_payment": change.payment,
    }
    return {name: value for name, value in named.items() if value is not None} | _amount(change.amount)


def _amount(money: Money | None) -> dict[str, str]:
    return {"amount": money.decimal(), "deal_currency_code": money.currency} if money else {}


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
        stage=OUR_DEAL_STAGES.get(stage, stage),
        owner=owner_of(deal, owners),
        amount=money_of(deal),
        company=company_of(company),
        person=person_of(contact),
        service=deal.get("towline_service") or None,
    )


def contact_snapshot(
    contact_id: str, contact: Properties, company: Properties | None, owners: Mapping[str, str]
) -> ContactSnapshot:
    """Return a contact as HubSpot shows it."""
    return ContactSnapshot(id=contact_id, person=person_of(contact), company=company_of(company), owner=owner_of(contact, owners))


def _given(properties: Mapping[str, str | None]) -> dict[str, str]:
    """Leave out what is not known: an empty text would take a value away."""
    return {name: str(value) for name, value in properties.items() if value}
