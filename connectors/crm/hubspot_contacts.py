"""HubSpot's contacts from the first to the last, for an assessment. Judges none of them.

https://developers.hubspot.com/docs/api-reference/crm-contacts-v3/basic/get-crm-v3-objects-contacts
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from typing import Final

from connectors.crm.hubspot_calls import BATCH, Calls, Input
from connectors.crm.hubspot_words import PRIMARY_COMPANY

PROPERTIES: Final = {
    "firstname": "first_name",
    "lastname": "last_name",
    "email": "email",
    "phone": "phone",
    "company": "company",
    "website": "domain",
    "jobtitle": "job_title",
    "address": "street",
    "city": "city",
    "zip": "postcode",
    "country": "country",
    "towline_owner": "owner",
    "lifecyclestage": "stage",
    "createdate": "created",
    "lastmodifieddate": "changed",
}
COMPANY: Final = {"name": "company", "domain": "domain"}


async def contacts(calls: Calls) -> AsyncIterator[Sequence[Mapping[str, str]]]:
    """Give all contacts, a hundred a page: three calls each. Its company's own record counts before what it says of it."""
    asked: dict[str, str | int] = {"limit": BATCH, "properties": ",".join(PROPERTIES)}
    while True:
        page = await calls.api.call("GET", "/crm/v3/objects/contacts", params=asked, nature="read")
        found = {str(item["id"]): item for item in page.get("results", ())}
        if found:
            yield await _told(calls, found)
        after = page.get("paging", {}).get("next", {}).get("after")
        if not after:
            return
        asked["after"] = after


async def _told(calls: Calls, found: Mapping[str, Input]) -> list[Mapping[str, str]]:
    company_of = await calls.associated("contacts", "companies", list(found), PRIMARY_COMPANY)
    companies = await calls.read("companies", company_of.values(), COMPANY) if company_of else {}
    told: list[Mapping[str, str]] = []
    for one, contact in found.items():
        own, company = contact["properties"], companies.get(company_of.get(one, ""), {}).get("properties", {})
        cells = {field: own[name] for name, field in PROPERTIES.items() if own.get(name)}
        told.append({"id": one, **cells, **{field: company[name] for name, field in COMPANY.items() if company.get(name)}})
    return told
