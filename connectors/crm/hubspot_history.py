"""What HubSpot's history of a property says: who changed it last, by which way. Knows no rule about it.

`propertiesWithHistory` of https://developers.hubspot.com/docs/api-reference/latest/crm/objects/objects/batch/get-objects
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Any, Final

from connectors.crm.hubspot_calls import Calls, decimals
from connectors.crm.hubspot_words import KINDS, TABLE
from contracts.traces import Hand, Trace, Traces

PEOPLE: Final = (
    "CRM_UI",
    "CRM_UI_BULK_ACTION",
    "MOBILE_IOS",
    "MOBILE_ANDROID",
    "BATCH_UPDATE",
    "MERGE_OBJECTS",
    "MERGE_CONTACTS",
)
PROGRAMS: Final = ("INTEGRATION", "API")
HANDS: Final = {
    **dict.fromkeys(PEOPLE, Hand.PERSON),
    **dict.fromkeys(PROGRAMS, Hand.API),
    "IMPORT": Hand.IMPORT,
    "AUTOMATION_PLATFORM": Hand.AUTOMATION,
    "WORKFLOWS": Hand.AUTOMATION,
}
USER: Final = "userId:"


async def read_traces(calls: Calls, kind: str, fields: Collection[str], ids: Collection[str], own_app: str | None) -> Traces:
    """Return these fields of the records that exist, each with its newest change."""
    names = {field: TABLE[kind].name(field) for field in fields}
    records = await calls.read_history(KINDS[kind], decimals(ids), list(names.values()))
    return {one: {field: _trace(record, name, own_app) for field, name in names.items()} for one, record in records.items()}


def _trace(record: Mapping[str, Any], name: str, own_app: str | None) -> Trace:
    value = record["properties"].get(name)
    entries = (record.get("propertiesWithHistory") or {}).get(name) or ()
    if not entries:
        return Trace(name, value)
    newest = max(entries, key=lambda entry: str(entry["timestamp"]))
    source, who = newest.get("sourceType"), str(newest.get("updatedByUserId") or newest.get("sourceId") or "")
    by = Hand.OURS if source in PROGRAMS and own_app is not None and newest.get("sourceId") == own_app else HANDS.get(source)
    return Trace(name, value, by or Hand.UNKNOWN, who.removeprefix(USER) or None, datetime.fromisoformat(newest["timestamp"]))
