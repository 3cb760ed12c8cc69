"""Finds the companies that stand in HubSpot already, so that people's own are reused. Knows no other record."""

from __future__ import annotations

from collections.abc import Sequence

from connectors.crm.hubspot_calls import Calls, Input, ref
from connectors.crm.hubspot_words import COMPANY, KEY
from connectors.outcomes import chunks, together
from contracts.parties import Company
from contracts.records import CompanyRecord, Ref, Wanted
from contracts.values import DomainName

DOMAIN, NAME = COMPANY.name("domain"), COMPANY.name("name")


async def known_companies(calls: Calls, wanted: Sequence[Wanted[CompanyRecord]]) -> dict[str, Ref]:
    """Return the companies that stand in HubSpot already, by identity; people's own are reused, the oldest of several."""
    parts = await together(*(_search(calls, part) for part in chunks(wanted, 100)))
    items = [item for part in parts for item in part]
    by_domain = {_domain(item["properties"].get(DOMAIN)): item for item in reversed(items)}
    by_name = {_folded(item["properties"].get(NAME)): item for item in reversed(items)}
    by_key = {item["properties"].get(KEY): item for item in items}
    known = {}
    for one in wanted:
        company = one.record.company
        theirs = by_domain.get(company.domain) if company.domain else by_name.get(company.identity)
        if item := by_key.get(str(one.record.account)) or theirs:
            known[company.identity] = ref(item)
    return known


async def _search(calls: Calls, wanted: Sequence[Wanted[CompanyRecord]]) -> list[Input]:
    companies: list[Company] = [one.record.company for one in wanted]
    values = {
        KEY: [str(one.record.account) for one in wanted],
        DOMAIN: [str(one.domain) for one in companies if one.domain],
        # IN wants lower case and ignores it; people write blanks as they like.
        NAME: [name for one in companies if not one.domain for name in {one.name.lower(), _folded(one.name)}],
    }
    filters = [{"propertyName": name, "operator": "IN", "values": some} for name, some in values.items() if some]
    return await calls.search("companies", [{"filters": [one]} for one in filters], [KEY, DOMAIN, NAME])


def _domain(text: str | None) -> str:
    """Return a domain that people wrote as our contract writes it."""
    try:
        return DomainName.parse(text or "")
    except ValueError:
        return ""


def _folded(text: str | None) -> str:
    return " ".join((text or "").casefold().split())
