"""What taking back needs of HubSpot: how records stand before and after a change, and the way back. Knows no path.

https://developers.hubspot.com/docs/api-reference/crm-objects-v3/guide and, for associations,
https://developers.hubspot.com/docs/api-reference/crm-associations-v4/guide
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any

from connectors.crm import hubspot_notes
from connectors.crm import hubspot_shapes as shapes
from connectors.crm.hubspot_calls import Calls, Pair, decimals
from connectors.crm.hubspot_words import CLOSED, KEY, KINDS, REQUEST, TABLE
from connectors.outcomes import together
from contracts.records import (
    CompanyRecord,
    ContactRecord,
    DealChange,
    DealRecord,
    EffectKey,
    Facts,
    Fields,
    Image,
    Link,
    Outcome,
    Outcomes,
    Ref,
    Restoring,
    Standing,
    Wanted,
)

LINKED = "linked"
READ = {kind: TABLE[kind].writes for kind in KINDS}
"""What we may write of a record."""


async def images(calls: Calls, wanted: Sequence[Wanted[Any]]) -> Mapping[EffectKey, Image]:
    """Return what changes find and leave, in HubSpot's properties: a call for up to 100 records that may stand there already."""
    contacts = [one for one in wanted if isinstance(one.record, ContactRecord)]
    changes = [one for one in wanted if isinstance(one.record, DealChange)]
    links = [one for one in wanted if isinstance(one.record, list)]
    emails = {one.key: str(one.record.person.email).lower() for one in contacts}
    (people, deals), pairs = await together(
        together(
            calls.read("contacts", emails.values(), READ["contact"], "email"),
            calls.read("deals", decimals([one.record.deal_id for one in changes]), READ["deal"]),
        ),
        _pairs(calls, [link for one in links for link in one.record]),
    )
    found = {one.key: _made(one) for one in wanted}
    for one in contacts:
        found[one.key] = _image(people.get(emails[one.key]), shapes.contact_properties(one.key, one.record))
    for one in changes:
        found[one.key] = _image(deals.get(one.record.deal_id), shapes.change_properties(one.record))
    for one in links:
        after = {_name(link): LINKED for link in one.record}
        found[one.key] = Image({name: LINKED if name in pairs else None for name in after}, after)
    return {key: image for key, image in found.items() if image}


async def look(calls: Calls, kind: str, ids: Collection[str]) -> Mapping[str, Facts]:
    """Return how the records that exist among `ids` stand; of a company and a contact also which deals they hold."""
    numbers = decimals(ids)
    if kind not in ("company", "contact"):
        records, deals = await calls.read(KINDS[kind], numbers, READ[kind]), dict[str, list[Any]]()
    else:
        records, deals = await together(calls.read(KINDS[kind], numbers, READ[kind]), calls.linked(KINDS[kind], "deals", numbers))
    return {
        one: {
            "fields": record["properties"],
            "key": KEY,
            "status": "closed" if record["properties"].get(REQUEST.name("stage")) == CLOSED else "open",
            "holds": [Standing("crm", "deal", str(deal["toObjectId"])) for deal in deals.get(one, ())],
        }
        for one, record in records.items()
    }


async def restore(calls: Calls, wanted: Sequence[Wanted[Restoring]]) -> Outcomes:
    """Set properties to what they were; an empty text takes a value away."""
    kinds = {one.record.kind for one in wanted}
    parts = await together(
        *(calls.change(KINDS[kind], [_change(one) for one in wanted if one.record.kind == kind]) for kind in kinds)
    )
    return {key: outcome for part in parts for key, outcome in part.items()}


async def dissociate(calls: Calls, wanted: Sequence[Wanted[Collection[str]]]) -> Outcomes:
    """Take associations away, named as in their image; what is not associated any more stays so."""
    groups: dict[Pair, dict[Pair, None]] = {}
    for name in (name for one in wanted for name in one.record):
        link = _link(name)
        groups.setdefault((KINDS[link.from_kind], KINDS[link.to_kind]), {})[link.from_id, link.to_id] = None
    parts = await together(*(calls.dissociate(*kinds, list(pairs)) for kinds, pairs in groups.items()))
    done: dict[tuple[str, ...], Outcome] = {
        (*kinds, *pair): outcome for kinds, part in zip(groups, parts, strict=True) for pair, outcome in part.items()
    }

    def outcome_of(names: Collection[str]) -> Outcome:
        links = [_link(name) for name in names]
        found = [done[KINDS[link.from_kind], KINDS[link.to_kind], link.from_id, link.to_id] for link in links]
        return next((one for one in found if not isinstance(one, Ref)), Ref(""))

    return {one.key: outcome_of(one.record) for one in wanted}


def _made(one: Wanted[Any]) -> Image | None:
    """What is made leaves its properties where nothing stood before."""
    if isinstance(one.record, CompanyRecord):
        return Image(None, shapes.company_properties(one.record))
    if isinstance(one.record, DealRecord):
        return Image(None, shapes.deal_properties(one.key, one.record))
    if isinstance(one.record, tuple):
        return Image(None, hubspot_notes.written(one.key, one.record[1]))
    return None


def _image(record: Mapping[str, Any] | None, after: Fields) -> Image:
    before = record and {name: record["properties"].get(name) for name in after}
    return Image(before, after)


def _change(one: Wanted[Restoring]) -> tuple[EffectKey, str, Mapping[str, str]]:
    return one.key, one.record.id, {name: value or "" for name, value in one.record.fields.items()}


async def _pairs(calls: Calls, links: Sequence[Link]) -> set[str]:
    """Return the names of those links that stand there."""
    ends = {(link.from_kind, link.to_kind): [one.from_id for one in links if one.from_kind == link.from_kind] for link in links}
    parts = await together(*(calls.linked(KINDS[source], KINDS[target], ids) for (source, target), ids in ends.items()))
    return {
        _name(Link(source, one, target, str(other["toObjectId"])))
        for (source, target), part in zip(ends, parts, strict=True)
        for one, others in part.items()
        for other in others
    }


def _name(link: Link) -> str:
    return f"{link.from_kind} {link.from_id} {link.to_kind} {link.to_id}"


def _link(name: str) -> Link:
    return Link(*name.split(" "))
