"""Delivery requests as HubSpot's tickets, in the support pipeline; a ticket finds its deal by their association.

https://developers.hubspot.com/docs/api-reference/crm-tickets-v3/guide
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

from connectors.crm import hubspot_words as words
from connectors.crm.hubspot_calls import Calls, by_key, decimals
from connectors.crm.hubspot_words import KEY, REQUEST
from connectors.outcomes import together
from contracts.records import EffectKey, Outcomes, RequestChange, RequestRecord, RequestSnapshot, Wanted


async def open_requests(calls: Calls, wanted: Sequence[Wanted[RequestRecord]]) -> Outcomes:
    """Open one ticket per key, made and joined to its deal in one call; a key that has one keeps it as it is."""
    inputs = {
        str(one.key): {
            "properties": _properties(one.key, one.record),
            "associations": [words.link_to(one.record.deal_id, words.TICKET_TO_DEAL)],
        }
        for one in wanted
    }
    return by_key(await calls.create_once("tickets", inputs, KEY))


async def change_requests(calls: Calls, wanted: Sequence[Wanted[RequestChange]]) -> Outcomes:
    """Move tickets to a stage; of two changes of one ticket the later one counts."""
    changes = [(one.key, one.record.request_id, REQUEST.out(stage=_known(one.record.stage))) for one in wanted]
    return await calls.change("tickets", changes)


async def read_requests(calls: Calls, ids: Collection[str]) -> Mapping[str, RequestSnapshot]:
    """Return the tickets that exist among `ids`, with the deal of each: two calls for up to 100 of them."""
    numbers = decimals(ids)
    tickets, deal_of = await together(
        calls.read("tickets", numbers, REQUEST.reads),
        calls.associated("tickets", "deals", numbers),
    )
    return {one: _snapshot(one, ticket["properties"], deal_of.get(one)) for one, ticket in tickets.items()}


def _properties(key: EffectKey, record: RequestRecord) -> dict[str, str]:
    # The empty milestone is there so that a field which somebody removed is missed, and so made again.
    return REQUEST.new(key=key, name=record.name, text=record.text, milestone=None, stage=_known("open"))


def _known(stage: str) -> str:
    words.stage_id("tickets", stage)
    return stage


def _snapshot(request_id: str, ticket: Mapping[str, str | None], deal_id: str | None) -> RequestSnapshot:
    found = REQUEST.back(ticket)
    return RequestSnapshot(
        id=request_id,
        deal_id=deal_id,
        name=found["name"] or "",
        stage=found["stage"] or "",
        milestone=(found["milestone"] or "").strip() or None,
    )
