"""HubSpot's companies, contacts and deals from the first to the last, as they stand there. Judges none of them.

https://developers.hubspot.com/docs/api-reference/crm-objects-v3/guide
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from typing import Final

from connectors.crm.hubspot_calls import BATCH, Calls, Input
from connectors.crm.hubspot_words import COMPANY, CONTACT, DEAL, KEY, KINDS, OWNER

DOMAIN, EMAIL = COMPANY.name("domain"), CONTACT.name("email")
PROPERTIES: Final[Mapping[str, Mapping[str, str]]] = {
    "company": {KEY: "key", COMPANY.name("name"): "name", DOMAIN: "domain"},
    "contact": {KEY: "key", "firstname": "first_name", "lastname": "last_name", EMAIL: "email"},
    "deal": {
        KEY: "key",
        DEAL.name("name"): "name",
        DEAL.name("stage"): "stage",
        DEAL.name("owner"): "owner",
        OWNER: "owner_user",
        "amount": "amount",
        "deal_currency_code": "currency",
    },
}
"""What is asked of each kind, and what we call it."""


async def records(calls: Calls, kind: str) -> AsyncIterator[Sequence[Mapping[str, str]]]:
    """Give all records of a kind, a hundred a page and call."""
    asked: dict[str, str | int] = {"limit": BATCH, "properties": ",".join(PROPERTIES[kind])}
    while True:
        page = await calls.api.call("GET", f"/crm/v3/objects/{KINDS[kind]}", params=asked, nature="read")
        if found := page.get("results"):
            yield [_told(kind, one) for one in found]
        after = page.get("paging", {}).get("next", {}).get("after")
        if not after:
            return
        asked["after"] = after


def _told(kind: str, record: Input) -> Mapping[str, str]:
    own = record["properties"]
    cells = {field: own[name] for name, field in PROPERTIES[kind].items() if own.get(name)}
    if kind == "deal" and "stage" in cells:
        cells["stage"] = str(DEAL.back(own, "stage")["stage"])
    return {"id": str(record["id"]), "changed": str(record.get("updatedAt") or ""), **cells}
