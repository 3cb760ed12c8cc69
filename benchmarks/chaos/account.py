"""The account: what the accepted events demand, beside what stands in the vendors' systems."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

import orjson
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from benchmarks.chaos.scripts import LAST_STAGE, LEAVES, demand, events_of
from benchmarks.chaos.stream import Deal
from benchmarks.house import House
from lifecycle.announcements import HEADLINES

INBOX = text(
    """
SELECT i.id, i.case_id, i.type, i.status, i.external_id, x.cause, x.owner FROM inbox i
LEFT JOIN LATERAL (SELECT cause, owner FROM exceptions x WHERE x.event_id = i.id AND x.closed_at IS NULL LIMIT 1) x ON true
"""
)
CASES = text("SELECT id, stage, crm_deal_id FROM cases")
RETIRED = text("SELECT id FROM retired")
SHOWN = {
    "crm": ("companies", "contacts", "deals", "tickets", "notes"),
    "docs": ("folders", "documents", "files"),
    "billing": ("customers", "quotes", "invoices"),
    "mail": ("messages",),
    "chat": ("messages",),
}
OPEN = ("received", "running", "waiting")
ASKING = ("discovery.completed", "change.requested")
ASKED, MORE_ASKED = (
    re.compile(r"^• .* · content \w+", re.MULTILINE),
    re.compile(r"^… and (\d+) more: `towline decide`", re.MULTILINE),
)
"""A message that asks for decisions says how each was answered later on, and keeps a line of each."""
OTHERS = {event: words for event, words in HEADLINES.items() if event not in ASKING}
CHAT = "chat messages"
"""A message about many deals names the first twenty of them: that none is left out is seen by the numbers that it says."""


@dataclass
class Account:
    """What is wrong, in words, by kind; and how the events ended."""

    missing: list[str] = field(default_factory=list)
    double: list[str] = field(default_factory=list)
    half_done: list[str] = field(default_factory=list)
    forgotten: list[str] = field(default_factory=list)
    ended: Counter[str] = field(default_factory=Counter)
    parked: Counter[str] = field(default_factory=Counter)

    @property
    def is_clean(self) -> bool:
        """Whether nothing is missing, double, half-done or forgotten."""
        return not (self.missing or self.double or self.half_done or self.forgotten)


async def account(house: House, engine: AsyncEngine, deals: Sequence[Deal], accepted: Mapping[str, UUID]) -> Account:
    """Compare what was accepted with the inbox, and what the inbox's events demand with what stands outside."""
    async with engine.connect() as connection:
        rows = (await connection.execute(INBOX)).all()
        cases = {UUID(str(row.id)): row for row in (await connection.execute(CASES)).all()}
        retired = {UUID(str(event)) for event in (await connection.execute(RETIRED)).scalars()}
    found = Account()
    _inbox(found, rows, retired, accepted)
    events: dict[UUID, list[Any]] = defaultdict(list)
    for row in rows:
        events[UUID(str(row.case_id))].append(row)
    objects = {f"{system} {kind}": shown for system in SHOWN for kind, shown in await _objects(house, system)}
    _keys(found, objects)
    gone = [events_of(deal.script) for deal in deals if deal.case in cases and not events[deal.case]]
    _told(found, rows, sum(gone, Counter()), objects[CHAT])
    standing = _by_deal(objects, {str(cases[deal.case].crm_deal_id): deal.name for deal in deals if deal.case in cases})
    for deal in deals:
        _deal(found, deal, events[deal.case], cases.get(deal.case), standing.get(deal.name, Counter()))
    return found


def _inbox(found: Account, rows: Sequence[Any], retired: set[UUID], accepted: Mapping[str, UUID]) -> None:
    here = retired | {UUID(str(row.id)) for row in rows}
    found.ended["retired"] += len(retired)
    found.missing += [
        f"event {name} was accepted and is not in the inbox" for name, event in accepted.items() if event not in here
    ]
    for row in rows:
        found.ended[row.status] += 1
        if row.status in ("parked", "quarantined"):
            found.parked[row.cause or "nobody knows"] += 1
        if row.status in OPEN or (row.status in ("parked", "quarantined") and not row.owner):
            found.forgotten.append(f"{row.type} {row.id} is {row.status}, and nobody knows")


def _keys(found: Account, objects: Mapping[str, Sequence[Mapping[str, Any]]]) -> None:
    """An effect's key stands on one object of a kind and no more."""
    for kind, shown in objects.items():
        keys = Counter(one["key"] for one in shown if one["key"])
        found.double += [f"{kind}: {number} carry the key {key}" for key, number in keys.items() if number > 1]


def _told(found: Account, rows: Sequence[Any], gone: Counter[str], messages: Sequence[Mapping[str, Any]]) -> None:
    """Each event is told as often as its path says, also those of retired deals; a message says of how many deals it speaks."""
    said: Counter[str] = Counter()
    for message in (one["object"] for one in messages):
        words, lines = str(message.get("text") or ""), "\n".join(_lines(message))
        said[ASKING[0]] += len(ASKED.findall(lines)) + sum(int(number) for number in MORE_ASKED.findall(lines))
        for event, (one, many) in OTHERS.items():
            if words.startswith(f"{one}: "):
                said[event] += 1
            elif number := re.fullmatch(rf"(\d+) {many}", words):
                said[event] += int(number[1])
    done = gone + Counter(row.type for row in rows if row.status == "done")
    parked = Counter(row.type for row in rows if row.status in ("parked", "undone"))
    for events in (ASKING, *((event,) for event in LEAVES if event not in ASKING)):
        name, told = " and ".join(events), sum(said[event] for event in events)
        least = sum(done[event] * LEAVES[event].get(CHAT, 0) for event in events)
        most = least + sum(parked[event] * LEAVES[event].get(CHAT, 0) for event in events)
        if told < least:
            found.missing.append(f"{name}: told of {told}, {least} are done")
        if told > most:
            found.double.append(f"{name}: told of {told}, {most} happened")


def _lines(message: Mapping[str, Any]) -> list[str]:
    return [str(block["text"]["text"]) for block in message.get("blocks", ()) if block["type"] == "section"]


def _deal(found: Account, deal: Deal, events: Sequence[Any], case: Any, standing: Counter[str]) -> None:
    done = Counter(row.type for row in events if row.status == "done")
    if case and not events:
        done = events_of(deal.script)  # retired: it has come to its end
    stopped = [row for row in events if row.status in ("parked", "undone")]
    least, most = demand(done), demand(done + Counter(row.type for row in stopped))
    del least[CHAT]
    for kind, number in (least - standing).items():
        found.missing.append(f"{deal.name} ({deal.script}): {number} {kind} less than its events demand")
    for kind, number in (standing - most).items():
        found.double.append(f"{deal.name} ({deal.script}): {number} {kind} more than its events demand")
    if stopped or case is None or not deal.begun:
        return
    lacking = events_of(deal.script) - done
    if lacking or case.stage != LAST_STAGE[deal.script]:
        found.half_done.append(f"{deal.name} ({deal.script}): at {case.stage}, without {dict(lacking)}, and nobody knows")


async def _objects(house: House, system: str) -> Iterable[tuple[str, list[dict[str, Any]]]]:
    shown = await house.sandbox(f"/objects?system={system}")
    return [(kind, shown[kind]) for kind in SHOWN[system]]


def _by_deal(objects: Mapping[str, Sequence[Mapping[str, Any]]], deal_ids: Mapping[str, str]) -> dict[str, Counter[str]]:
    """Count what stands outside by deal: everything names its company, or the deal's id in the CRM."""
    standing: dict[str, Counter[str]] = defaultdict(Counter)
    for kind, shown in objects.items():
        for one in shown:
            said = orjson.dumps(one["object"]).decode()
            names = set(re.findall(r"chaos\d+n\d{5}", said)) or {
                deal_ids[word] for word in re.findall(r"\d{9,}", said) if word in deal_ids
            }
            for name in names:
                standing[name][kind] += 1
    return standing
