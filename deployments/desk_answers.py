"""Decisions that are answered in chat, questions about them, and alerts that somebody has seen.

Who may decide says `ledger/deciding.py`, for every door alike.
"""

from __future__ import annotations

import hmac
from typing import Any

from contracts.errors import RefusedError
from contracts.interactions import Interaction, Speaker
from contracts.records import Message, Wanted
from ledger.deciding import Taken, decide
from ledger.records import NewRecord
from lifecycle import keys
from lifecycle.alerting import number_of
from lifecycle.asking import meant, question_told
from lifecycle.decisions import Decision, Verdict
from lifecycle.recording import RecordKind, require_words
from runtime.wiring import Runtime

DOOR = "Slack"
SELLERS = "lead.qualified"
NOT_THEIRS = ("decision.not_an_approver", "decision.own_deal")


async def answer(house: Runtime, done: Interaction, speaker: Speaker) -> str:
    """Answer the decision that a button or a form carries, about exactly the content that it carries.

    Raises:
        RefusedError: the answer is not taken.
    """
    taken = await _taken(house, done, await _asked(house, done), speaker)
    return taken.text if taken.state is Decision.WAITING else ""


async def ask_question(house: Runtime, done: Interaction, speaker: Speaker) -> str:
    """Put a question on the deal's record, and tell the deal's owner; both once, however often this is tried."""
    asked = await _asked(house, done)
    question, by = require_words(done.said.get("question", "")), house.catalog.owners.owners[speaker.owners[0]].name
    async with house.ledger.begin() as books:
        at = await books.interactions.received_at(done.id)
        await books.records.put(
            NewRecord(done.id, asked.case_id, RecordKind.QUESTION, question, speaker.email, at, asked.url, speaker.owners[0])
        )
    channel = house.catalog.owners.channel_of(asked.owner or "", otherwise=house.catalog[SELLERS].notify)
    key = keys.effect_key(done.id, "question")
    if key not in await house.chat.find(channel, [key]):
        text, paragraphs = question_told(asked.title, question, by)
        await house.chat.post(Wanted(key, Message(channel, text, paragraphs, {"Proposal": asked.url})))
    return f"asked in {channel}"


async def acknowledge(house: Runtime, done: Interaction, speaker: Speaker) -> str:
    """Write down that somebody has seen an alert, in the name of its owner where they speak for it; the first one counts."""
    number = number_of(done.subject)
    async with house.ledger.begin() as books:
        alert = await books.alerts.get(number)
        if alert is None or alert.closed_at:
            return "this is over already"
        by = alert.owner if alert.owner in speaker.owners else speaker.owners[0]
        if await books.alerts.acknowledge(number, by=by):
            await books.users.note(speaker.email, done.action, f"alert {number}", reason="", after={"by": by})
            return ""
    return "somebody has acknowledged this already"


async def _asked(house: Runtime, done: Interaction) -> Any:
    """Return the decision that somebody means. Raises RefusedError when its content is not what they were shown."""
    decision, content = meant(done.subject)
    async with house.ledger.begin() as books:
        asked = (await books.decisions.get([decision])).get(decision)
    if asked is None:
        raise RefusedError("there is no such decision", cause="decision.unknown")
    if not hmac.compare_digest(content.encode(), asked.content_hash.encode()):
        raise RefusedError("the content is not what this message has shown; it is asked anew", cause="decision.content")
    return asked


async def _taken(house: Runtime, done: Interaction, asked: Any, speaker: Speaker) -> Taken:
    """Answer in the name of the first owner who may. Raises RefusedError when none of this person's may."""
    verdict, reason = Verdict(done.action.value), done.said.get("reason", "").strip()
    who: dict[str, Any] = {"content": asked.content_hash, "login": speaker.email, "owners": sorted(speaker.names)}
    refused: RefusedError | None = None
    for owner in speaker.owners:
        try:
            return await decide(house.ledger, house.catalog, asked.id, verdict, by=owner, door=DOOR, reason=reason, **who)
        except RefusedError as error:
            if error.cause not in NOT_THEIRS:
                raise
            refused = error
    raise refused or RefusedError("you speak for nobody", cause="chat.nobody")
