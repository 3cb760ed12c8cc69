"""`/towline deal NAME` and `/towline waiting`: what somebody who speaks for an owner may read of deals, told to them alone."""

from __future__ import annotations

from contracts.interactions import Interaction, Speaker
from contracts.values import Money
from ledger.deciding import answers_of, rules_of
from lifecycle.asking import asked_of
from lifecycle.talk import MOST, USAGE, Line, listed, since
from runtime.wiring import Runtime


async def listing(house: Runtime, done: Interaction, speaker: Speaker) -> str:
    """Answer a command: deals with a name, what waits for a decision (first what this person may answer), or how it is used."""
    word, _, rest = done.subject.partition(" ")
    if word == "deal" and rest:
        return await _deals(house, rest)
    return await _waiting(house, speaker) if word == "waiting" and not rest else USAGE


async def _deals(house: Runtime, name: str) -> str:
    async with house.ledger.begin() as books:
        rows = await books.cases.find(name, limit=MOST + 1)
    lines = [
        Line(
            row.title,
            Money(minor=row.amount_minor, currency=row.currency) if row.currency else None,
            (row.stage, row.owner or ""),
            f"{house.settings.console_url}/deals/{row.id}",
        )
        for row in rows
    ]
    return listed(lines, none="no deal has that in its name")


async def _waiting(house: Runtime, speaker: Speaker) -> str:
    async with house.ledger.begin() as books:
        rows, stand_ins = await books.decisions.waiting(), await books.delegations.stand_ins()
        answers = await books.decisions.answers([row.id for row in rows])
    hats = [
        rules_of(house.catalog, row).hat_of(speaker.owners, speaker.names, speaker.email, stand_ins, answers_of(answers[row.id]))
        for row in rows
    ]
    lines = []
    for row, is_mine in sorted(zip(rows, map(bool, hats), strict=True), key=lambda pair: not pair[1]):
        asked = asked_of(row, house.catalog.owners)
        facts = (since(row.asked_at), "yours to answer" if is_mine else "")
        lines.append(Line(asked.title, asked.amount, facts, asked.url))
    return listed(lines, none="nothing waits for a decision")
