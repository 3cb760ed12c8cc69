"""Capture from mail: of what came, only letters that somebody has tagged are read at all, and put on their deals' records."""

from __future__ import annotations

import re
from dataclasses import dataclass
from email.utils import parseaddr
from typing import Any
from uuid import UUID

from contracts.errors import RefusedError
from contracts.letters import Received
from contracts.systems import System
from ledger.records import NewRecord
from lifecycle import keys
from lifecycle.recording import Tag, require_words, tag_of
from runtime.logs import get_logger
from runtime.wiring import Runtime
from tasks.recording import keep

OURS = re.compile(r"<([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})@[^<>@]+>")
"""A Message-ID of a letter of ours: the key of the effect that sent it."""

log = get_logger("capture")


@dataclass(slots=True)
class Look:
    """What one look at the mailbox has found."""

    seen: int = 0
    kept: int = 0
    unplaced: int = 0


async def take_letters(house: Runtime) -> Look:
    """Look at what came since the last look, and keep what is tagged; safe to repeat. The first look only notes where to begin.

    Raises:
        RetryableError, UncertainError, HeldError: it is looked at again, from the same place.
    """
    async with house.ledger.begin() as books:
        before = await books.captures.cursor()
    post = await house.mail.received(before or None)
    look = Look(len(post.letters))
    for letter in post.letters:
        if (tag := tag_of(letter.labels, letter.subject)) and (by := _voucher(house, letter, tag)):
            await _take(house, letter, tag, by, look)
    async with house.ledger.begin() as books:
        await books.captures.looked(before, post.cursor, seen=look.seen, kept=look.kept, unplaced=look.unplaced)
    return look


async def _take(house: Runtime, letter: Received, tag: Tag, by: str, look: Look) -> None:
    case = await _case(house, letter, tag)
    if case is None:
        log.warning("a tagged letter belongs to no deal that is known")
        look.unplaced += 1
        return
    number = keys.effect_key(keys.HOUSE, f"letter {letter.message_id or letter.ref.id}")
    author = parseaddr(letter.sender)[1] or letter.sender
    try:
        words = require_words(await house.mail.read_words(letter.ref))
        await keep(house, NewRecord(number, case.id, tag.kind, words, author, letter.received_at, letter.ref.url, by), case)
    except RefusedError as error:
        log.warning("a tagged letter could not be put on record", error=error.text)
        look.unplaced += 1
    else:
        look.kept += 1


def _voucher(house: Runtime, letter: Received, tag: Tag) -> str:
    """Return who vouches for a letter: for a label the mailbox's owner, for a tag whoever wrote it, unless that is a stranger."""
    if tag.by_label:
        return house.catalog.systems.systems[System.MAIL].process_owner
    return next(iter(house.catalog.owners.spoken_for(parseaddr(letter.sender)[1])), "")


async def _case(house: Runtime, letter: Received, tag: Tag) -> Any | None:
    """Return the deal that the tag names, or else the one whose letter of ours this one answers."""
    answered = [UUID(found[1]) for one in letter.references if (found := OURS.fullmatch(one))]
    async with house.ledger.begin() as books:
        if tag.deal:
            try:
                return await books.records.case_called(tag.deal)
            except RefusedError:
                return None
        return await books.records.case_of_letters(answered)
