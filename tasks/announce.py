"""Telling people: one message per channel about all deals of a batch, last in its path because it cannot be unsent."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from typing import Any, TypedDict, TypeVar

from prefect import task

from contracts.records import EffectKey, Message, Ref, Wanted
from contracts.values import Contract
from lifecycle.announcements import Deal, announcement
from lifecycle.paths import PATHS
from runtime.wiring import runtime
from tasks.batch import Batch, Item
from tasks.effects import together
from tasks.options import retries_of

C = TypeVar("C", bound=Contract)
SELLERS = "lead.qualified"
RETRIES = retries_of(SELLERS)


class Telling(TypedDict):
    """How a message about deals is posted, and looked for."""

    act: Callable[[str, Sequence[Item[Any]], EffectKey], Awaitable[Ref]]
    find: Callable[[str, Collection[EffectKey]], Awaitable[Mapping[EffectKey, Ref]]]


@task(name="Tell the owners", **RETRIES)
async def tell_owners(batch: Batch[C]) -> None:
    """Post one message per channel that names all deals of this batch that are its owner's."""
    await together(batch, "tell_owner", groups=by_owner(batch), **telling(batch))


@task(name="Tell finance", **RETRIES)
async def tell_finance(batch: Batch[C]) -> None:
    """Post one message in the event's own channel that names all deals of this batch."""
    await together(batch, "tell_finance", groups=in_its_channel(batch), **telling(batch))


def by_owner(batch: Batch[C]) -> dict[str, list[Item[C]]]:
    """Return the batch's items by the channel of their deal's owner.

    Where nobody in the file owns a deal, it is the event's own channel, or the sellers' where the event's own is told anyway.
    """
    catalog, event = runtime().catalog, batch.entry.event
    otherwise = catalog[SELLERS if "tell_finance" in PATHS[event].steps else event].notify
    channels: dict[str, list[Item[C]]] = {}
    for item in batch:
        channels.setdefault(catalog.owners.channel_of(item.owner or "", otherwise=otherwise), []).append(item)
    return channels


def in_its_channel(batch: Batch[C]) -> dict[str, list[Item[C]]]:
    """Return all items of a batch under the event's own channel."""
    return {batch.entry.notify: list(batch)} if len(batch) else {}


def telling(batch: Batch[C]) -> Telling:
    """Return how the batch's event is announced: what an item's `detail` and `url` facts say goes with its deal."""
    chat, event = runtime().chat, batch.entry.event

    async def post(channel: str, items: Sequence[Item[C]], key: EffectKey) -> Ref:
        text, paragraphs = announcement(event, [_deal(item) for item in items])
        return await chat.post(Wanted(key, Message(channel, text, paragraphs)))

    return {"act": post, "find": chat.find}


def _deal(item: Item[C]) -> Deal:
    made = item.refs.get("copy_packet") or item.refs.get("create_account_folder") or Ref("")
    return Deal(item.title, item.owner or "", item.amount, item.facts.get("url") or made.url, item.facts.get("detail") or "")
