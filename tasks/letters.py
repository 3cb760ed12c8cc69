"""Letters to clients: in the thread of the deal, each to the contact that the CRM names; cannot be unsent, so they are last."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from contracts.letters import Letter, Thread
from contracts.records import Ref
from lifecycle.letters import Words, reply_subject
from runtime.wiring import runtime
from tasks.batch import Batch, Item
from tasks.deal import company_of, owner_name


async def read_threads(batch: Batch[Any], items: Collection[Item[Any]]) -> None:
    """Note the first letter of each item's case, which the next one answers."""
    async with runtime().ledger.begin() as books:
        first = await books.effects.first_letters([item.case for item in items])
    for item in items:
        if head := first.get(item.case):
            item.facts["thread"] = Thread(head.act_key, Ref(head.vendor_id or "", head.vendor_url or ""))


def letter(item: Item[Any], words: Words) -> Letter:
    """Return the letter that says `words` to the client of a deal, in the deal's thread."""
    if item.deal is None or item.deal.person is None:
        raise ValueError("the gate let a letter pass without its reader")
    person, thread = item.deal.person, item.facts.get("thread")
    subject = reply_subject(item.title) if thread else words.subject
    return Letter(str(person.email), person.name, subject, words.text, words.html, thread)


def addressed(item: Item[Any]) -> dict[str, str]:
    """Return what every letter says of its reader and its deal."""
    person = item.deal.person.name if item.deal and item.deal.person else ""
    return {"company": company_of(item).name, "person": person, "deal": item.title, "owner": owner_name(item)}
