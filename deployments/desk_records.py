"""Promotion: somebody puts a message, or words of their own, on a deal's record, and vouches for it."""

from __future__ import annotations

from contracts.interactions import Interaction, Said, Speaker
from ledger.records import NewRecord
from lifecycle.announcements import escaped
from lifecycle.recording import PROMOTED, kind_of, require_words
from runtime.wiring import Runtime
from tasks.recording import keep


async def promote(house: Runtime, done: Interaction, speaker: Speaker) -> str:
    """Keep what was said with its deal, each once, however often this is tried.

    Raises:
        RefusedError: it is not clear which deal is meant, the message is gone, or there are no words.
        HeldError: somebody has paused the CRM.
    """
    kind = kind_of(done.said.get("kind", ""))
    async with house.ledger.begin() as books:
        at = await books.interactions.received_at(done.id)
        case = await books.records.case_called(done.said.get("deal", ""))
    said = (
        await house.chat.read_message(done.message) if done.message else Said(done.said.get("words", ""), speaker.email, at, "")
    )
    words = require_words(said.text)
    await keep(house, NewRecord(done.id, case.id, kind, words, said.author, said.at, said.link, speaker.owners[0]), case)
    return f"recorded with {escaped(case.title)}: {PROMOTED[kind]}"
