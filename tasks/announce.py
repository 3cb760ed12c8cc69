"""Telling people: one message per channel about all deals of a batch, last in its path because it cannot be unsent."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import TypeVar

from prefect import task

from contracts.lead import LeadQualifiedV1
from contracts.opportunity import OpportunityCreatedV1
from contracts.records import EffectKey, Message, Ref, Wanted
from lifecycle.announcements import Deal, announcement
from runtime.wiring import runtime
from tasks.batch import Batch, Item
from tasks.effects import together
from tasks.options import retries_of

P = TypeVar("P", LeadQualifiedV1, OpportunityCreatedV1)


@task(name="Tell the owners", **retries_of("lead.qualified"))
async def tell_owners(batch: Batch[P]) -> None:
    """Post one message per channel that names all deals of this batch that are its owner's."""
    house, entry = runtime(), batch.entry
    channels: dict[str, list[Item[P]]] = {}
    for item in batch:
        channels.setdefault(house.catalog.owners.channel_of(item.payload.owner or "", otherwise=entry.notify), []).append(item)

    async def post(channel: str, items: Sequence[Item[P]], key: EffectKey) -> Ref:
        text, paragraphs = announcement(entry.event, [_deal(item) for item in items])
        return await house.chat.post(Wanted(key, Message(channel, text, paragraphs)))

    async def find(channel: str, keys: Collection[EffectKey]) -> Mapping[EffectKey, Ref]:
        return await house.chat.find(channel, keys)

    await together(batch, "tell_owner", groups=channels, act=post, find=find)


def _deal(item: Item[P]) -> Deal:
    folder, packet = item.refs.get("create_account_folder"), item.refs.get("copy_packet")
    return Deal(
        title=str(item.facts["title"]),
        owner=item.payload.owner or "",
        amount=item.payload.amount,
        url=(packet or folder or Ref("")).url,
    )
