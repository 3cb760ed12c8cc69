"""The daily digest: what is read from the ledger, and one message a day and channel."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

from prefect import task

from contracts.records import Message, Ref, Wanted
from contracts.values import Money
from lifecycle.digest import Asked, News, Overdue, Reached, digest_key, message
from runtime.wiring import runtime
from tasks.options import retries_of

MILESTONE = "milestone.reached"
RETRIES = retries_of(MILESTONE)


@task(name="Read the day's news", **RETRIES)
async def read_news(day: date, since: datetime, until: datetime) -> Mapping[str, News]:
    """Return what each channel is to be told of a day: the channel of a deal's owner, or the digest's own."""
    async with runtime().ledger.begin() as books:
        reached = await books.telling.ended(MILESTONE, since, until)
        asked = [row for row in await books.decisions.waiting() if row.asked_at < until]
        overdue = [row for row in await books.continuity.open_invoices() if row.due_on and row.due_on < day]
        cases = await books.cases.get({row.case_id for row in (*reached, *asked, *overdue)})
    found: dict[str, News] = defaultdict(News)
    for row in reached:
        found[_channel(cases, row)].reached.append(Reached(_title(cases, row), row.payload["data"]["milestone"]))
    for row in asked:
        amount = Money(minor=row.minor, currency=row.currency)
        found[_channel(cases, row)].asked.append(Asked(_title(cases, row), amount, _days(row.asked_at, until), row.url))
    for row in sorted(overdue, key=lambda row: row.due_on):
        amount = Money(minor=row.minor, currency=row.currency)
        found[_channel(cases, row)].overdue.append(Overdue(_title(cases, row), amount, (day - row.due_on).days))
    return dict(found)


@task(name="Post the digest", **RETRIES)
async def post(day: date, channel: str, news: News) -> Ref:
    """Post a day's message in a channel, once; one that stands there already is brought up to date."""
    chat, key = runtime().chat, digest_key(day, channel)
    said = Message(channel, *message(day, news))
    ref = (await chat.find(channel, [key])).get(key)
    return await chat.update(ref, said) if ref else await chat.post(Wanted(key, said))


def _channel(cases: Mapping[Any, Any], row: Any) -> str:
    catalog = runtime().catalog
    own = next(one.notify for one in catalog.operations if one.flow == "digest")
    return catalog.owners.channel_of(getattr(cases.get(row.case_id), "owner", None) or "", otherwise=own)


def _title(cases: Mapping[Any, Any], row: Any) -> str:
    return getattr(cases.get(row.case_id), "title", None) or "a deal without a title"


def _days(then: datetime, until: datetime) -> int:
    return max(0, (until - then).days)
